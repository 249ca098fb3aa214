"""Drawn instructions and what each of them names, to learn from before anything is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from wam_demo.models.text import text_encoder
from wam_demo.sim.tasks import TASKS
from wam_demo.sim.wide_words import say

_COLOURS, _SHAPES = ("red", "green", "blue", "yellow"), ("cube", "cylinder")
CONCEPTS: Mapping[str, Sequence[str]] = {
    "colour": _COLOURS,
    "a_noun": _SHAPES,
    "goal_colour": _COLOURS,
    "goal_noun": _SHAPES,
    "container": ("bowl",),
    "area": ("zone",),
    "b_noun": ("button",),
    "part": ("drawer",),
}
"""Slot of an instruction's template -> what may stand there."""

ASKED = tuple(slot for slot, concepts in CONCEPTS.items() if len(concepts) > 1)
"""Slots whose content is asked for."""

_ENCODED = 256


@dataclass(frozen=True)
class NamedInstructions:
    """Instructions as tokens, and what they name.

    Attributes:
        sentences: (N, 384) float32 embeddings.
        tokens: (N, T, 384) float16.
        there: (N, T) bool, which of them are there.
        labels: (N, slots) int64, the place of each of `ASKED` in `CONCEPTS`; one beyond it where nothing is named.
        goals: (N,) bool, whether two objects are named.
        tasks: (N,) whose they are.
    """

    sentences: Tensor
    tokens: Tensor
    there: Tensor
    labels: Tensor
    goals: Tensor
    tasks: tuple[str, ...]

    def on(self, rows: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
        """Tokens (B, T, 384) float32 and which are there (B, T) of (B,) rows."""
        return self.tokens[rows].to(device).float(), self.there[rows].to(device)

    def of_task(self, name: str) -> Tensor:
        """(N,) bool."""
        return torch.tensor([task == name for task in self.tasks])


def named_instructions(count: int, seed: int) -> NamedInstructions:
    """Instructions of all tasks, half of them of tasks that name two objects."""
    rng = np.random.default_rng(seed)
    slots = {name: _slots(spec.templates) for name, spec in TASKS.items()}
    two = [name for name, names in slots.items() if "goal_colour" in names]
    one = [name for name in slots if name not in two]
    texts, labels, tasks = [], [], []
    for number in range(count):
        task = str(rng.choice(two if number % 2 else one))
        concepts = _drawn(slots[task], rng)
        texts.append(say(task, concepts, rng))
        places = [CONCEPTS[slot].index(concepts[slot]) if slot in concepts else len(CONCEPTS[slot]) for slot in ASKED]
        labels.append(places)
        tasks.append(task)
    goals = torch.tensor([task in two for task in tasks])
    return NamedInstructions(*_encoded(texts), torch.tensor(labels), goals, tuple(tasks))


def _encoded(texts: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
    """Embeddings, tokens and which are there, encoded in parts."""
    parts = [texts[start : start + _ENCODED] for start in range(0, len(texts), _ENCODED)]
    sentences = torch.cat([torch.from_numpy(text_encoder().embed(part)) for part in parts])
    read = [tuple(map(torch.from_numpy, text_encoder().tokens(part))) for part in parts]
    longest = max(there.shape[1] for _, there in read)
    tokens = torch.cat([F.pad(values.half(), (0, 0, 0, longest - values.shape[1])) for values, _ in read])
    return sentences, tokens, torch.cat([F.pad(there, (0, longest - there.shape[1])) for _, there in read])


def _slots(templates: Sequence[str]) -> set[str]:
    return {slot for template in templates for _, slot, *_ in Formatter().parse(template) if slot}


def _drawn(slots: set[str], rng: np.random.Generator) -> dict[str, str]:
    """A concept for each slot; object and goal have different colours."""
    concepts = {slot: str(rng.choice(CONCEPTS[slot])) for slot in sorted(slots)}
    if "goal_colour" in concepts:
        others = [colour for colour in _COLOURS if colour != concepts["colour"]]
        concepts["goal_colour"] = str(rng.choice(others))
    return concepts
