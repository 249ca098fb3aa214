"""Recipe of a world model to dream with: an imagination model that learns to go on from what it imagined itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from wam_demo.errors import InvalidInputError
from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.flow import euler_times
from wam_demo.models.geometry import Calibration
from wam_demo.models.precision import autocast
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam.imagination import (
    FOLDER,
    ImaginationModel,
    decode_views,
    held_to_pictures,
    motion_conditioning,
)
from wam_demo.models.wam.model import BackboneFeatures, WorldActionModel
from wam_demo.models.warping import WRIST, TableMemory
from wam_demo.train.batches import TrainingFrames, draw
from wam_demo.train.cache import Cache, load_cache
from wam_demo.train.calibration import UNKNOWN
from wam_demo.train.imagination import ImaginationRecipe, imagination_loss, video_batch
from wam_demo.train.loop import LoopConfig, Trainer
from wam_demo.train.parallel import compute_device
from wam_demo.train.world_model import load_world_model
from wam_demo.types import FUTURE_STEPS

HELD_ROLLOUTS = 32
"""Held-out dreams that a report is made of."""

REMEMBER = 0.5
"""Share of the steps whose dreams remember something when they begin."""


@dataclass(frozen=True)
class DreamRecipe:
    """Everything that defines a run.

    Attributes:
        loop: Steps, rates, EMA.
        batch: Dreams per step.
        hops: Anchors (0.4 s each) of the longest dream; the first ones have one, and the longest grows evenly.
        past: Recorded frames, 0.4 s apart, that dreams of some steps (`REMEMBER`) have seen when they begin.
        recorded: Share of dreams that begin in recordings, where there are any.
        imagination: Of the ordinary imagination, which is trained on in every step so that it stays what it is.
        compile: Compile the blocks with torch.compile.
    """

    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=1500, lr=4e-4, warmup=100, decay=0.5, muon=True))
    batch: int = 8
    hops: int = 8
    past: int = 10
    recorded: float = 0.5
    imagination: ImaginationRecipe = field(default_factory=lambda: ImaginationRecipe(batch=8))
    compile: bool = True


@dataclass(frozen=True)
class DreamBatch:
    """Dreams beside what really came.

    Attributes:
        latents: (B, K + 1, cameras, C, H, W) of the recorded frames, 0.4 s apart.
        text: (B, 384).
        state: (B, K + 1, 17) normalised.
        motion: (B, K, 1, 8) normalised, from each frame to the next.
        rays: (B, K + 1, tokens, 9), or ``None`` where the model reads none.
        past: (B, P, C, H, W) latents of the wrist camera before that, oldest first; P may be 0.
        past_state: (B, P, 17) normalised.
    """

    latents: Tensor
    text: Tensor
    state: Tensor
    motion: Tensor
    rays: Tensor | None
    past: Tensor
    past_state: Tensor

    @property
    def hops(self) -> int:
        """K."""
        return self.motion.shape[1]

    def to(self, device: torch.device) -> DreamBatch:
        """The same on a device."""
        parts = (getattr(self, part.name) for part in fields(self))
        return DreamBatch(*(None if part is None else part.to(device) for part in parts))


class RecordedPaths:
    """Draws stretches of recorded episodes.

    Args:
        frames: Their rows may be drawn; none from another episode follows.
    """

    def __init__(self, frames: TrainingFrames) -> None:
        self.frames = frames
        self._left = _frames_left(frames.cache)[frames.rows]
        self._first = torch.searchsorted(frames.cache.episode, frames.cache.episode)

    def rows(self, count: int, hops: int, generator: torch.Generator) -> Tensor:
        """(count, hops + 1) rows, each 0.4 s after the one before.

        Raises:
            InvalidInputError: No episode is so long.
        """
        long_enough = self.frames.rows[self._left >= hops]
        if not len(long_enough):
            raise InvalidInputError(f"no episode has the {hops + 1} frames, 0.4 s apart, of the longest dream")
        rows = [draw(long_enough, count, generator)]
        for _ in range(hops):
            rows.append(self.frames.cache.future[rows[-1], 0])
        return torch.stack(rows, 1)

    def dreams(self, rows: Tensor, model: WorldActionModel, generator: torch.Generator, past: int = 0) -> DreamBatch:
        """Everything about (B, K + 1) rows, and about the frames of their episodes that went before, at most ``past``
        of them; some are told nothing of where the cameras are."""
        frames, flat = self.frames, rows.flatten()
        ago = torch.arange(past, 0, -1) * _apart(frames.cache)
        before = torch.maximum(rows[:, :1] - ago, self._first[rows[:, :1]])
        rays = frames.cache.told_rays(flat, model.config.backbone)
        if rays is not None:
            told = torch.rand(len(rows), 1, 1, 1, generator=generator) >= UNKNOWN
            rays = rays.unflatten(0, rows.shape) * told
        return DreamBatch(
            frames.latents(flat).unflatten(0, rows.shape),
            frames.cache.embeddings[frames.cache.text[rows[:, 0]]],
            frames.states[rows],
            frames.motion[rows[:, :-1]][:, :, :1],
            rays,
            frames.latents(before.flatten())[:, WRIST].unflatten(0, before.shape),
            frames.states[before],
        )


def _frames_left(cache: Cache) -> Tensor:
    """(N,) int64 how many frames, 0.4 s apart, follow each in its episode."""
    ends = torch.searchsorted(cache.episode, cache.episode, right=True) - 1
    return (ends - torch.arange(len(ends))) // _apart(cache)


def _apart(cache: Cache) -> int:
    """Rows from one frame to the one 0.4 s later."""
    return max(1, FUTURE_STEPS[0] // cache.every)


def dreamt_frames(
    imagination: ImaginationModel, model: WorldActionModel, tokenizer: Tokenizer, batch: DreamBatch
) -> Iterator[Tensor]:
    """Each frame of a dream, (B, cameras, C, H, W) float32, imagined from the pictures before and what is remembered.

    The policy's network is only read, and no gradient goes back through more than one frame.
    """
    latents, calibration = batch.latents[:, 0], imagination.config.calibration
    with torch.no_grad():
        images, memory = decode_views(tokenizer, latents), remembered(model, tokenizer, calibration, batch)
    for hop in range(batch.hops):
        rays = None if batch.rays is None else batch.rays[:, hop]
        with torch.no_grad():
            features = model.features(latents, batch.text, batch.state[:, hop], rays=rays)
            observed = BackboneFeatures(latents, features, batch.text, batch.state[:, hop], rays)
            motion = batch.motion[:, hop]
            conditioning = motion_conditioning(model, tokenizer, calibration, observed, motion, [0], images, memory)
            state = model.normaliser.decode_state(batch.state[:, hop])
            memory = memory.after(calibration, state, images[:, WRIST])
        frame = imagination.mean_frame(model, observed, conditioning)
        yield frame
        with torch.no_grad():
            images = decode_views(tokenizer, frame)
            shown = tokenizer.encode(images.flatten(0, 1)).unflatten(0, images.shape[:2])
            latents = held_to_pictures(frame, shown)


def remembered(
    model: WorldActionModel, tokenizer: Tokenizer, calibration: Calibration, batch: DreamBatch
) -> TableMemory:
    """What is known when these dreams begin."""
    memory = TableMemory.blank(len(batch.text), batch.text.device)
    if not batch.past.shape[1]:
        return memory
    pictures = decode_views(tokenizer, batch.past)
    for at in range(pictures.shape[1]):
        memory = memory.after(calibration, model.normaliser.decode_state(batch.past_state[:, at]), pictures[:, at])
    return memory


def dream_errors(
    imagination: ImaginationModel, model: WorldActionModel, tokenizer: Tokenizer, batch: DreamBatch
) -> Tensor:
    """(K,) mean squared error of the latents of each frame of a dream."""
    frames = dreamt_frames(imagination, model, tokenizer, batch)
    return torch.stack([(frame - batch.latents[:, at]).square().mean() for at, frame in enumerate(frames, 1)])


def longest(step: int, recipe: DreamRecipe) -> int:
    """Anchors that a dream of this step has at most."""
    return min(recipe.hops, 1 + step * recipe.hops // max(1, recipe.loop.steps // 2))


def train_dream(
    recipe: DreamRecipe,
    policy: Path,
    data: Path,
    out: Path,
    tokenizer: Tokenizer,
    *,
    videos: Path | None = None,
    seed: int = 0,
    resume: bool = False,
) -> dict[str, Any]:
    """Train the imagination model beside a policy on its own dreams, and write its checkpoint to ``out``.

    Dreams follow recorded motions and are compared with the recorded pictures at every anchor. The policy stays as it
    is. A gauge of doubt (``dream-error``) belongs to the weights that it was measured with, so it is to be made anew.

    Args:
        recipe: Sizes and schedule.
        policy: Checkpoint of the policy, with its imagination model beside it.
        data: A dataset written by ``demos``.
        out: Run directory; to be used, its checkpoint belongs into ``imagination`` beside the policy's weights.
        tokenizer: The policy's, frozen.
        videos: Other recordings of the robot, such as attempts that go wrong; their actions are not read.
        seed: Seeds batches and noise.
        resume: Continue a run in ``out``.

    Returns:
        As `Trainer.summary`, and ``held_before`` and ``held``: errors of held-out dreams by anchor.

    Raises:
        InvalidInputError: The policy has no imagination model, or belongs to another tokenizer, or episodes are short.
    """
    torch.manual_seed(seed)
    device = compute_device()
    model = load_world_model(policy, tokenizer)
    if not (policy / FOLDER).is_dir():
        raise InvalidInputError(f"{policy / FOLDER} is missing: 'train imagination' makes the model to begin with")
    caches = [load_cache(data, tokenizer).read_by(model)]
    if videos:
        caches.append(load_cache(videos, tokenizer, labelled=False).read_by(model))
    imagination = _begun(policy, recipe, caches, seed)
    sources = [_Source(cache, model, imagination, recipe.hops) for cache in caches]
    model, tokenizer = model.to(device), tokenizer.to(device)
    trainer = Trainer(nn.ModuleDict({"expert": imagination}).to(device), recipe.loop, out, resume=resume)
    times = euler_times(imagination.config.steps, shift=imagination.config.shift)
    if recipe.compile:
        for block in imagination.net.blocks:
            block.compile()

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        recordings = sources[1].frames if videos else None
        ordinary = video_batch(sources[0].frames, recipe.imagination, times, generator, recordings)
        chosen = sources[videos is not None and float(torch.rand((), generator=generator)) < recipe.recorded]
        hops = int(torch.randint(1, longest(step, recipe) + 1, (), generator=generator))
        past = recipe.past if float(torch.rand((), generator=generator)) < REMEMBER else 0
        dreams = chosen.paths.dreams(chosen.paths.rows(recipe.batch, hops, generator), model, generator, past)
        with autocast(device):
            video = imagination_loss(imagination, model, tokenizer, ordinary.to(device))
            dream = dream_errors(imagination, model, tokenizer, dreams.to(device)).mean()
        return video + dream, {"video": video.detach(), "dream": dream.detach()}

    def errors(judged: ImaginationModel) -> list[list[float]]:
        with torch.no_grad(), autocast(device):
            found = [dream_errors(judged, model, tokenizer, source.held.to(device)) for source in sources]
        return [[round(float(value), 4) for value in by_anchor] for by_anchor in found]

    def report(step: int) -> dict[str, float]:
        averaged: ImaginationModel = trainer.averaged["expert"]
        averaged.config.trained["steps"] = step
        averaged.save_pretrained(out)
        found = errors(averaged)
        return {f"held_{number}_{end}": by[at] for number, by in enumerate(found) for end, at in (("1", 0), ("k", -1))}

    before = errors(ImaginationModel.from_pretrained(policy / FOLDER).to(device))
    curves = trainer.run(loss, report=report, report_every=500)
    return {**trainer.summary(recipe.batch, curves), "held_before": before, "held": errors(trainer.averaged["expert"])}


class _Source:
    """One dataset: what is trained on, and dreams that are not."""

    def __init__(self, cache: Cache, model: WorldActionModel, imagination: ImaginationModel, hops: int) -> None:
        validates, cpu = cache.validating(), torch.device("cpu")
        kept, held = (
            TrainingFrames(cache, torch.nonzero(rows)[:, 0], model.normaliser, cpu) for rows in (~validates, validates)
        )
        self.frames, self.paths = kept, RecordedPaths(kept)
        if model.config.backbone.rays:
            kept.look_along(imagination.config.calibration, model.config.backbone.grid)
        judged, generator = RecordedPaths(held), torch.Generator().manual_seed(0)
        self.held = judged.dreams(judged.rows(HELD_ROLLOUTS, hops, generator), model, generator)


def _begun(policy: Path, recipe: DreamRecipe, caches: Sequence[Cache], seed: int) -> ImaginationModel:
    """The imagination model beside the policy, about to learn."""
    imagination = ImaginationModel.from_pretrained(policy / FOLDER).train().requires_grad_(True)
    trained = {
        "dreams": {
            "frames": [len(cache.states) for cache in caches],
            "hops": recipe.hops,
            "past": recipe.past,
            "batch": recipe.batch,
            "seed": seed,
        },
        "begun_with": imagination.config.trained,
    }
    imagination.config = replace(imagination.config, policy_sha256=sha256_of(policy), remembers=True, trained=trained)
    return imagination
