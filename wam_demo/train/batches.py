"""Batches of a WAM's training: from demonstrations with actions, and from recordings without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from wam_demo.models.chunk import ChunkNormaliser
from wam_demo.models.flow import sample_tau
from wam_demo.models.geometry import Calibration, token_rays
from wam_demo.train.cache import Cache
from wam_demo.train.calibration import drawn_poses, usual_poses
from wam_demo.train.losses import ActionBatch, RecordedBatch, VideoBatch, action_noise
from wam_demo.train.parallel import Share
from wam_demo.train.wam_recipe import WamRecipe

B = TypeVar("B", ActionBatch, RecordedBatch, VideoBatch)


class TrainingFrames:
    """Frames of a dataset that may be drawn, normalised.

    Args:
        cache: Of the dataset.
        rows: (R,) int64, which frames.
        normaliser: Of the model.
        device: Where latents and features are kept, and batches go.

    Attributes:
        states: (N, 17) normalised.
        chunks: (N, 16, 7) normalised cumulative displacements and gripper opening.
        motion: (N, 4, 8) normalised displacement until each future frame.
        latents: Reads (B,) rows as (B, cameras, C, H, W) float32.
        teacher: Reads (B,) rows as (B, cameras * grid * grid, D) standardised features, once `align_to` was called;
            called again, the next teacher's stand beside them.
    """

    def __init__(self, cache: Cache, rows: Tensor, normaliser: ChunkNormaliser, device: torch.device) -> None:
        self.cache, self.rows = cache, rows
        self.states = normaliser.encode_state(cache.states)
        self.chunks = normaliser.encode_chunk(cache.chunks)
        self.motion = normaliser.encode_motion(cache.motion)
        self.latents = rows_on(cache.latents, device)
        self.teacher: Callable[[Tensor], Tensor] | None = None
        self._usual: Tensor | None = None
        self._grid = 0

    def look_along(self, calibration: Calibration, grid: int) -> None:
        """From now on there are rays of ``grid`` tokens a side; the usual mounts stand in ``calibration``."""
        self._usual, self._grid = usual_poses(calibration, self.cache.states), grid

    def rays(self, rows: Tensor, generator: torch.Generator) -> Tensor | None:
        """(B, cameras * grid * grid, 9) of (B,) rows, see `drawn_poses`; ``None`` without `look_along`."""
        if self._usual is None:
            return None
        usual = self._usual[rows]
        true = torch.zeros_like(usual) if self.cache.poses is None else self.cache.poses[rows]
        poses = drawn_poses(true, usual if self.cache.poses is not None else true, generator)
        return token_rays(poses, self.cache.states[rows, :3], self._grid)

    def align_to(self, features: np.ndarray, mean: Tensor, std: Tensor, device: torch.device) -> None:
        """Add a teacher: features (N, cells, D) of every frame, standardised by a mean (cells, D) and std (D,)."""
        raw, mean, std = rows_on(features, device), mean.to(device), std.to(device)
        before = self.teacher

        def read(rows: Tensor) -> Tensor:
            features = (raw(rows) - mean) / std
            return features if before is None else torch.cat([before(rows), features], dim=-1)

        self.teacher = read

    def observed(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Latents (B, cameras, C, H, W), text (B, 384) and state (B, 17) of (B,) rows."""
        return self.latents(rows), self.cache.embeddings[self.cache.text[rows]], self.states[rows]


@dataclass(frozen=True)
class StepBatches:
    """What one step learns from; ``recorded`` and ``video`` only where the step has them."""

    action: ActionBatch
    recorded: RecordedBatch | None
    video: VideoBatch | None


class Batches:
    """Draws training batches; the batch of a step depends only on the seed and the step.

    Args:
        demonstrations: With actions.
        recordings: Without; for the video pass and the alignment.
        recipe: Sizes of batches.
        seed: Of all draws.
        device: Where batches go.
        share: Which part of every batch this process gets.

    Raises:
        InvalidInputError: A batch cannot be shared evenly.
    """

    def __init__(
        self,
        demonstrations: TrainingFrames,
        recordings: TrainingFrames | None,
        recipe: WamRecipe,
        seed: int,
        device: torch.device,
        share: Share | None = None,
    ) -> None:
        self.demonstrations, self.recordings, self.share = demonstrations, recordings, share or Share()
        self.share.require(
            batch=recipe.batch,
            video_batch=recipe.video_batch,
            recorded_batch=recipe.recorded_batch if recordings and recordings.teacher else 0,
        )
        self.recipe, self.seed, self.device = recipe, seed, device
        early = demonstrations.cache.approach()[demonstrations.rows]
        again = demonstrations.rows[early].repeat(recipe.approach_weight - 1)
        self._action_rows = torch.cat([demonstrations.rows, again])

    def of(self, step: int) -> StepBatches:
        """Everything of this step: a video batch every ``video_every`` steps."""
        video = self.video(step) if step % self.recipe.video_every == 0 else None
        return StepBatches(self.action(step), self.recorded(step), video)

    def action(self, step: int) -> ActionBatch:
        """The action batch of this step."""
        generator, frames = self._generator(step, 0), self.demonstrations
        rows = draw(self._action_rows, self.recipe.batch, generator)
        chunk = frames.chunks[rows]
        noise, tau = action_noise((len(rows), self.recipe.draws, *chunk.shape[1:]), generator)
        teacher = frames.teacher(rows) if frames.teacher else None
        rays = frames.rays(rows, generator)
        return self._own(ActionBatch(*frames.observed(rows), chunk, noise, tau, teacher, rays))

    def recorded(self, step: int) -> RecordedBatch | None:
        """The recordings of this step to align on, if there are any and a teacher."""
        frames = self.recordings
        if frames is None or frames.teacher is None:
            return None
        generator = self._generator(step, 2)
        rows = draw(frames.rows, self.recipe.recorded_batch, generator)
        rays = frames.rays(rows, generator)
        return self._own(RecordedBatch(*frames.observed(rows), frames.teacher(rows), rays))

    def video(self, step: int) -> VideoBatch:
        """The video batch of this step, with a share of recordings where there are any."""
        generator, count = self._generator(step, 1), self.recipe.backbone.horizons
        horizons = torch.randperm(count, generator=generator)[: self.recipe.video_horizons].sort().values
        recorded = round(self.recipe.recorded_video * self.recipe.video_batch) if self.recordings else 0
        labelled, known = self.recipe.video_batch - recorded, self.recipe.motion_known
        parts = [futures(self.demonstrations, labelled, horizons, generator, known)]
        if self.recordings and recorded:
            *observed, motion, rays = futures(self.recordings, recorded, horizons, generator)
            parts.append((*observed, torch.zeros_like(motion), rays))  # nobody knows what was done
        latents, text, state, future, motion, rays = joined(parts)
        batch = VideoBatch(
            latents,
            text,
            state,
            future,
            torch.randn(future.shape, generator=generator),
            sample_tau(len(text), generator, shift=2.0),
            motion,
            tuple(horizons.tolist()),
            rays,
        )
        return self._own(batch)

    def _own(self, batch: B) -> B:
        return batch.rows(self.share.of(len(batch.text))).to(self.device)

    def _generator(self, step: int, stream: int) -> torch.Generator:
        return torch.Generator().manual_seed((self.seed * 1_000_003 + step) * 3 + stream)


def futures(
    frames: TrainingFrames, count: int, horizons: Tensor, generator: torch.Generator, known: float = 1.0
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor | None]:
    """Observed latents, text, state, future latents, motion and rays of frames drawn at random.

    Args:
        frames: Where from.
        count: How many.
        horizons: (K,) which of their futures.
        generator: Draws.
        known: Share of them whose motion is known; zeros elsewhere.

    Returns:
        (B, cameras, C, H, W); (B, 384); (B, 17) normalised; (B, cameras, K, C, H, W); (B, K, 8), see
        `ChunkNormaliser.encode_motion`; (B, N, 9), or ``None`` where the model reads no rays.
    """
    rows = draw(frames.rows, count, generator)
    future = frames.latents(frames.cache.future[rows][:, horizons].flatten())
    future = future.unflatten(0, (count, -1)).transpose(1, 2).contiguous()
    conditioned = torch.rand(count, 1, 1, generator=generator) < known
    motion = frames.motion[rows][:, horizons] * conditioned
    return *frames.observed(rows), future, motion, frames.rays(rows, generator)


def joined(parts: Sequence[tuple[Tensor | None, ...]]) -> list[Any]:
    """Samples of several sources one after the other, column by column; ``None`` where a column is missing."""
    return [None if column[0] is None else torch.cat(column) for column in zip(*parts, strict=True)]  # type: ignore[arg-type]


def draw(rows: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """``count`` of the rows, with replacement."""
    return rows[torch.randint(len(rows), (count,), generator=generator)]


def rows_on(array: np.ndarray, device: torch.device) -> Callable[[Tensor], Tensor]:
    """Reads rows of a memory-mapped array as float32; on an accelerator the array is moved there once."""
    stored = torch.from_numpy(array)
    resident = stored if device.type == "cpu" else stored.to(device)
    return lambda rows: resident[rows.to(device)].float()
