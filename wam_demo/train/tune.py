"""Fine-tuning: a policy learns what a person recorded, in minutes, and keeps what it could do.

Only the action head learns. The video backbone stays as it is, bit for bit: its features keep the invariances they
were aligned for, and the imagination model, which reads them, stays as good as it was.
"""

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from wam_demo.errors import DataError
from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.precision import autocast
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam.imagination import FOLDER, ImaginationModel
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.runfolder import forget_stop, is_asked_to_stop, report
from wam_demo.train.batches import TrainingFrames
from wam_demo.train.cache import Cache, load_cache
from wam_demo.train.loop import LoopConfig, Trainer
from wam_demo.train.losses import chunk_loss
from wam_demo.train.parallel import Losses, compute_device
from wam_demo.train.tune_batches import FrozenFrames, TuneBatches
from wam_demo.train.wam import chunk_error

_PACE_STEPS = 10
"""Steps between two looks at how many more fit into the time."""


@dataclass(frozen=True)
class TuneRecipe:
    """How a policy is fine-tuned.

    Attributes:
        minutes: Of training; encoding the pictures comes before.
        steps: Instead of the time, for a run that can be repeated exactly.
        recorded: Frames of a step from the recording.
        rehearsed: Frames of a step from demonstrations of what the policy can do.
        kept: Most frames of these that are held ready; each takes 200 KB of memory.
        draws: Noise draws per frame.
        lr: Peak learning rate.
        seed: Of all draws.
    """

    minutes: float = 15.0
    steps: int | None = None
    recorded: int = 16
    rehearsed: int = 16
    kept: int = 2000
    draws: int = 4
    lr: float = 5e-4
    seed: int = 0


@dataclass(frozen=True)
class Parent:
    """The policy that learns on.

    Attributes:
        name: As in the list of policies.
        checkpoint: Its weights.
    """

    name: str
    checkpoint: Path


def tune(
    parent: Parent,
    data: Path,
    rehearsal: Path,
    out: Path,
    tokenizer: Tokenizer,
    *,
    recipe: TuneRecipe | None = None,
    episodes: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Fine-tune a policy and write its checkpoint, with the parent's imagination, to ``out``.

    Args:
        parent: Where it begins.
        data: A dataset of what it is to learn: recordings, demonstrations, or corrections of its own episodes.
        rehearsal: Demonstrations of the tasks that it must not forget.
        out: Run directory.
        tokenizer: Frozen.
        recipe: See `TuneRecipe`.
        episodes: Of ``data``; all by default.

    Returns:
        ``steps``, ``seconds``, ``samples_per_s``, ``losses``, and the plans' errors before and after.

    Raises:
        DataError: The data is not usable, or has no such episode.
    """
    recipe = recipe or TuneRecipe()
    torch.manual_seed(recipe.seed)
    device = compute_device()
    report(out, "encoding")
    model = _trainable(WorldActionModel.from_pretrained(parent.checkpoint))
    recorded, rehearsed = (load_cache(part, tokenizer).read_by(model) for part in (data, rehearsal))
    rows = _rows(recorded, episodes)
    model.config.trained.update(_provenance(model, parent, tokenizer, recorded, rows, rehearsed, recipe))
    normaliser = copy.deepcopy(model.normaliser)
    steps = recipe.steps or 1_000_000  # the time decides
    loop = LoopConfig(steps=steps, lr=recipe.lr, warmup=20, decay=0.5, ema=0.99, muon=True)
    trainer = Trainer(torch.nn.ModuleDict({"model": model}).to(device), loop, out)
    weights = None if recorded.weights is None else recorded.weights[rows]
    kept = _sample(len(rehearsed.states), recipe)
    report(out, "watching")
    batches = TuneBatches(
        FrozenFrames(model, TrainingFrames(recorded, rows, normaliser, device), weights),
        FrozenFrames(model, TrainingFrames(rehearsed, kept, normaliser, device)),
        (recipe.recorded, recipe.rehearsed),
        recipe.draws,
        recipe.seed,
        device,
    )
    averaged: WorldActionModel = trainer.averaged["model"]
    pace = _Pace(trainer, None if recipe.steps else 60 * recipe.minutes, out)

    def loss(step: int) -> Losses:
        pace.adjust(step)
        features, batch = batches.draw(step)
        with autocast(device):
            act = chunk_loss(model.head, features, batch)
        if step % _PACE_STEPS == 0:
            report(out, "learning", share=pace.share(step), step=step, loss=round(float(act.detach()), 4))
        return act, {"act": act.detach()}

    before = _errors(averaged, recorded, rows, rehearsed)
    pace.begin()
    curves = trainer.run(loss, every=20)
    after = _errors(averaged, recorded, rows, rehearsed)
    averaged.config.trained["steps"] = trainer.step
    averaged.save_pretrained(out)
    _keep_imagination(parent.checkpoint, out)
    return {
        "parent": parent.name,
        "frames": len(rows),
        **trainer.summary(recipe.recorded + recipe.rehearsed, curves),
        "plan_error_cm": {"before": before, "after": after},
    }


class _Pace:
    """Fits the schedule into a time: the rate falls to zero when the time is over, however fast the machine is."""

    def __init__(self, trainer: Trainer, seconds: float | None, out: Path) -> None:
        self._trainer, self._seconds, self._out = trainer, seconds, out
        self._began = 0.0
        forget_stop(out)

    def begin(self) -> None:
        """The time runs from now on."""
        self._began = time.monotonic()

    def adjust(self, step: int) -> None:
        """Say how many steps there will be; called before each."""
        if is_asked_to_stop(self._out):
            self._trainer.retime(step + 1)
        elif self._seconds is not None and step % _PACE_STEPS == 0 and step:
            elapsed = time.monotonic() - self._began
            self._trainer.retime(max(step + 1, round(step * self._seconds / elapsed)))

    def share(self, step: int) -> float:
        """How much of the run is done, 0..1."""
        done = step / self._trainer.config.steps
        return round(done if self._seconds is None else min(1.0, (time.monotonic() - self._began) / self._seconds), 3)


def _trainable(model: WorldActionModel) -> WorldActionModel:
    model.requires_grad_(False)
    model.head.requires_grad_(True)
    return model.train()


def _rows(cache: Cache, episodes: Sequence[int] | None) -> torch.Tensor:
    """Rows of these episodes."""
    if episodes is None:
        return torch.arange(len(cache.states))
    known = set(cache.episode.tolist())
    if missing := [number for number in episodes if number not in known]:
        raise DataError(f"the dataset has no episode {missing[0]}; valid: 0 .. {max(known)}")
    return torch.nonzero(torch.isin(cache.episode, torch.tensor(list(episodes))))[:, 0]


def _sample(count: int, recipe: TuneRecipe) -> torch.Tensor:
    """Rows of the demonstrations that are rehearsed, in order: all, or as many as are held ready."""
    chosen = torch.randperm(count, generator=torch.Generator().manual_seed(recipe.seed))[: recipe.kept]
    return chosen.sort().values


def _errors(model: WorldActionModel, recorded: Cache, rows: torch.Tensor, rehearsed: Cache) -> dict[str, float]:
    """Median error of the planned TCP at +0.8 s [cm], on what is learnt and on what is kept."""
    kept = torch.arange(len(rehearsed.states))
    parts = {"recorded": (recorded, rows), "rehearsed": (rehearsed, kept)}
    return {
        name: round(chunk_error(model, cache, own[:: max(1, len(own) // 64)])["cm8"], 3)
        for name, (cache, own) in parts.items()
    }


def _provenance(
    model: WorldActionModel,
    parent: Parent,
    tokenizer: Tokenizer,
    recorded: Cache,
    rows: torch.Tensor,
    rehearsed: Cache,
    recipe: TuneRecipe,
) -> dict[str, object]:
    """What the checkpoint says about where it comes from."""
    before = dict(model.config.trained)
    tasks: Any = before.get("tasks", [])
    return {
        "method": "tune",
        "parent": parent.name,
        "parent_sha256": sha256_of(parent.checkpoint),
        "begun_with": before,
        "encoder_sha256": tokenizer.encoder_digest(),
        "tasks": sorted({*tasks, *recorded.tasks}),
        "frames": len(rows),
        "episodes": len(recorded.episode[rows].unique()),
        "rehearsed_frames": len(rehearsed.states),
        "recorded_per_step": recipe.recorded,
        "rehearsed_per_step": recipe.rehearsed,
        "seed": recipe.seed,
    }


def _keep_imagination(parent: Path, out: Path) -> None:
    """The parent's imagination goes on with the tuned weights: it reads the backbone, which is the same."""
    if not (parent / FOLDER).is_dir():
        return
    imagination = ImaginationModel.from_pretrained(parent / FOLDER)
    imagination.config = replace(imagination.config, policy_sha256=sha256_of(out))
    imagination.save_pretrained(out / FOLDER)
