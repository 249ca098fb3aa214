"""Typed words against a scene: by rules, and by the nearest sentence where the rules do not decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wam_demo.models.text import text_encoder
from wam_demo.sim.reading import JUDGES, Phrase, Reading, phrases, read
from wam_demo.sim.tasks.base import Assignment

Embed = Callable[[list[str]], NDArray[np.float32]]
"""(N, D) sentence embeddings of unit norm."""

OTHER_REQUESTS = (
    "pick up the {}", "lift the {} and hold it", "throw away the {}", "give me the {}", "push the {} away",
    "knock over the {}", "turn the {} around", "leave the {} alone", "describe the {}", "hide the {}",
)  # fmt: skip
"""What people ask for as well and no scene can judge, to be told apart from what can be judged."""
LEAST_LIKENESS = 0.6
"""Cosine below which no sentence is near."""


def understand(text: str, task: str, assignment: Assignment, embed: Embed | None = None) -> Reading:
    """What a person's words ask for.

    Args:
        text: As typed.
        task: Of the scene.
        assignment: Its bodies.
        embed: Sentence embeddings; the policies' own encoder by default.
    """
    reading = read(text, task, assignment)
    if reading.sure or not reading.named:
        return reading
    nearest = _nearest(text, reading.named, task, assignment, embed or text_encoder().embed)
    return reading if nearest is None else replace(nearest, named=reading.named)


@dataclass(frozen=True)
class _Prototype:
    text: str
    reading: Reading | None


def _nearest(text: str, named: Sequence[str], task: str, assignment: Assignment, embed: Embed) -> Reading | None:
    """The reading of the most similar sentence about the same objects; ``None`` if nobody can judge that one."""
    candidates = [phrase for phrase in phrases(task, assignment, JUDGES[task]) if _about(phrase, named)]
    if not candidates:
        return None
    things = " and the ".join(f"{assignment.colours[body]} {assignment.nouns[body]}" for body in named)
    prototypes = [_Prototype(phrase.text, phrase.reading) for phrase in candidates]
    prototypes += [_Prototype(request.format(things), None) for request in OTHER_REQUESTS]
    asked, *known = embed([text, *(prototype.text for prototype in prototypes)])
    likeness = np.stack(known) @ asked
    best = int(likeness.argmax())
    return prototypes[best].reading if likeness[best] >= LEAST_LIKENESS else None


def _about(phrase: Phrase, named: Sequence[str]) -> bool:
    """Whether a phrase speaks of exactly the objects that are named."""
    bodies = {phrase.reading.target, phrase.reading.goal} if phrase.reading.task == "stack" else {phrase.reading.target}
    return bodies == set(named)
