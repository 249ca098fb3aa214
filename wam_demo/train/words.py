"""Recipe of an instruction reader, from words alone: what sentences name, and how the policy knows an object.

A policy learns soon which object is meant where an instruction names one, and hardly at all where it names two whose
order decides. So the reader first learns to say what sentences name. Then it learns to add to a sentence that names two
objects what makes the policy go for the first: half the difference between sentences that name either alone, as the
layers of the policy that read instructions see it. No picture and no action is needed, and the policy stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.errors import InvalidInputError
from wam_demo.models.text import TEXT_DIM
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.models.wam.reader import InstructionReader, ReaderConfig
from wam_demo.train.batches import draw
from wam_demo.train.loop import LoopConfig, Trainer
from wam_demo.train.named import ASKED, CONCEPTS, NamedInstructions, named_instructions
from wam_demo.train.parallel import compute_device, is_main

HELD_SENTENCES = 600
"""Drawn instructions that are never learned from, at most a tenth of all."""
KNOWN_BY = "pick_place"
"""The task whose sentences say how the policy knows an object: what is stacked is grasped in the same way."""
_SLOTS = {slot: ASKED.index(slot) for slot in ("colour", "a_noun", "goal_colour", "goal_noun")}


@dataclass(frozen=True)
class WordsRecipe:
    """Everything that defines a run.

    Attributes:
        reader: Sizes.
        sentences: Drawn instructions.
        naming: Steps and rates of learning what they name.
        named_batch: Sentences per step of it.
        loop: Steps, rates, EMA of learning what to add.
        batch: Sentences per step of that.
        restraint: Weight of the squared norm of what is added, a sentence embedding having norm 1.
    """

    reader: ReaderConfig = field(default_factory=ReaderConfig)
    sentences: int = 6300
    naming: LoopConfig = field(
        default_factory=lambda: LoopConfig(steps=2500, lr=2e-3, warmup=50, decay=1.0, weight_decay=0.05, ema=0.99)
    )
    named_batch: int = 64
    loop: LoopConfig = field(
        default_factory=lambda: LoopConfig(steps=1500, lr=1e-3, warmup=50, decay=1.0, weight_decay=0.0, ema=0.99)
    )
    batch: int = 256
    restraint: float = 0.02


def train_words(recipe: WordsRecipe, policy: Path, out: Path, *, seed: int = 0, resume: bool = False) -> dict[str, Any]:
    """Train a reader for a policy, and write the policy with it to ``out``.

    Args:
        recipe: Sizes and schedule.
        policy: Checkpoint of a world action model without a reader; its networks stay as they are.
        out: Run directory.
        seed: Seeds sentences and batches.
        resume: Continue a run in ``out``.

    Returns:
        ``named``, by slot, and ``all``: the share of held-out sentences with two objects that are named rightly;
        ``unexplained``, the share of what is to be added to them that is not; then what every recipe answers.

    Raises:
        CheckpointError: A file is missing or corrupt.
        InvalidInputError: The policy has a reader.
    """
    torch.manual_seed(seed)
    device, start = compute_device(), WorldActionModel.from_pretrained(policy)
    if start.reader is not None:
        raise InvalidInputError(f"{policy} has an instruction reader already")
    model = WorldActionModel(replace(start.config, reader=recipe.reader)).eval().requires_grad_(False)
    model.load_state_dict({**model.state_dict(), **start.state_dict()})
    reader = model.to(device).reader
    assert reader is not None, "it was asked for"
    reader.requires_grad_(True)
    lessons = Lessons.drawn(recipe, seed, out, resume=resume)
    shares = _learn_names(reader, lessons)
    curves, trainer, unexplained = _learn_to_tell(model, lessons)
    found = {"named": shares, "unexplained": unexplained}
    model.config.trained["words"] = {**found, "sentences": len(lessons.named.labels), "seed": seed}
    if is_main():
        model.save_pretrained(out)
    return {**found, **trainer.summary(recipe.batch, curves)}


@dataclass(frozen=True)
class Lessons:
    """What both parts of a run learn from, and how.

    Attributes:
        recipe: Sizes and schedules.
        named: Drawn instructions.
        learned: (N,) rows to learn from.
        asked: (M,) rows that are held out and name two objects.
        seed: Of batches.
        out: Run directory.
        resume: Whether a run in it goes on.
    """

    recipe: WordsRecipe
    named: NamedInstructions
    learned: Tensor
    asked: Tensor
    seed: int
    out: Path
    resume: bool

    @classmethod
    def drawn(cls, recipe: WordsRecipe, seed: int, out: Path, *, resume: bool) -> Self:
        """As the recipe and the seed say."""
        named = named_instructions(recipe.sentences, seed)
        order = torch.randperm(len(named.labels), generator=torch.Generator().manual_seed(seed))
        count = min(HELD_SENTENCES, len(order) // 10)
        held = order[:count]
        return cls(recipe, named, order[count:], held[named.goals[held]], seed, out, resume)

    def batch(self, step: int, count: int) -> Tensor:
        """(B,) rows of a step."""
        return draw(self.learned, count, torch.Generator().manual_seed(self.seed * 1_000_003 + step))


def _learn_names(reader: InstructionReader, lessons: Lessons) -> dict[str, float]:
    """Train a reader to say what sentences name; how often it is right where two objects are named."""
    recipe, named = lessons.recipe, lessons.named
    device, sizes = reader.places.device, [len(CONCEPTS[slot]) + 1 for slot in ASKED]
    modules = nn.ModuleDict({"reader": reader, "names": nn.Linear(recipe.reader.hidden, sum(sizes)).to(device)})
    trainer = Trainer(modules, recipe.naming, lessons.out / "naming", resume=lessons.resume)

    def said(module: nn.ModuleDict, rows: Tensor) -> tuple[Tensor, ...]:
        understood = module["reader"].understand(*named.on(rows, device))
        return module["names"](understood).split(sizes, -1)

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        rows = lessons.batch(step, recipe.named_batch)
        labels = named.labels[rows].to(device).unbind(1)
        value = torch.stack([F.cross_entropy(*pair) for pair in zip(said(modules, rows), labels, strict=True)])
        return value.sum(), {"names": value.detach().sum()}

    trainer.run(loss)
    reader.load_state_dict(trainer.averaged["reader"].state_dict())
    with torch.no_grad():
        answers = torch.stack([answer.argmax(-1).cpu() for answer in said(trainer.averaged, lessons.asked)], 1)
    right = answers == named.labels[lessons.asked]
    shares = {slot: float(right[:, place].float().mean()) for place, slot in enumerate(ASKED)}
    return {**shares, "all": float(right.all(1).float().mean())}


def _learn_to_tell(model: WorldActionModel, lessons: Lessons) -> tuple[dict[str, list[float]], Trainer, float]:
    """Train what the reader adds, until the policy's layers see the named object; what it understands stays.

    Returns:
        Loss curves, the trainer, and what is left over of what was to be added to held-out sentences, as a share.
    """
    recipe, named, reader = lessons.recipe, lessons.named, model.reader
    assert reader is not None, "it is what is trained"
    device, layers = reader.places.device, (model.backbone.text, model.head.text)
    with torch.no_grad():
        parts = torch.arange(len(named.labels)).split(512)
        understood = torch.cat([reader.understand(*named.on(part, device)) for part in parts])
        wanted = [object_difference(layer(named.sentences.to(device) * TEXT_DIM**0.5), named) for layer in layers]
    sizes = [float(part[named.goals].pow(2).mean()) for part in wanted]
    trainer = Trainer(nn.ModuleDict({"out": reader.out}), recipe.loop, lessons.out, resume=lessons.resume)

    def missed(added: Tensor, rows: Tensor) -> Tensor:
        """Squared error of both layers, each as a share of what is wanted of it, where two objects are named."""
        moved = [F.linear(added * TEXT_DIM**0.5, layer.weight) for layer in layers]
        pairs = zip(moved, wanted, sizes, strict=True)
        return torch.stack([F.mse_loss(one, other[rows.to(device)]) / size for one, other, size in pairs]).mean()

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        rows = lessons.batch(step, recipe.batch)
        added = reader.addition(understood[rows.to(device)])
        value = missed(added, rows)
        return 2 * value + recipe.restraint * added.pow(2).sum(-1).mean(), {"missed": value.detach()}

    curves = trainer.run(loss)
    reader.out.load_state_dict(trainer.averaged["out"].state_dict())
    with torch.no_grad():
        left = missed(reader.addition(understood[lessons.asked.to(device)]), lessons.asked)
    return curves, trainer, float(left)


def object_difference(conditions: Tensor, named: NamedInstructions) -> Tensor:
    """(N, D) what is to be added to the conditions (N, D) of sentences; zeros for those that name one object.

    An object of a colour and shape is what the conditions of `KNOWN_BY` have on average where it is named; one that no
    sentence names is what they have in all.
    """
    asked = named.of_task(KNOWN_BY)
    usual = conditions[asked.to(conditions.device)].mean(0)
    known = usual.repeat(*(len(CONCEPTS[slot]) + 1 for slot in ("colour", "a_noun")), 1)
    colour, shape = named.labels[:, _SLOTS["colour"]], named.labels[:, _SLOTS["a_noun"]]
    for place in torch.unique(torch.stack([colour, shape], 1)[asked], dim=0):
        chosen = asked & (colour == place[0]) & (shape == place[1])
        known[tuple(place)] = conditions[chosen.to(conditions.device)].mean(0)
    goal = (named.labels[:, _SLOTS["goal_colour"]], named.labels[:, _SLOTS["goal_noun"]])
    difference = 0.5 * (known[colour, shape] - known[goal])
    return torch.where(named.goals[:, None].to(conditions.device), difference, torch.zeros_like(difference))
