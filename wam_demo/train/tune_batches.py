"""Batches of a fine-tuning: what a person recorded, and the tasks that must not be forgotten beside it."""

import torch
from torch import Tensor

from wam_demo.train.batches import TrainingFrames, draw
from wam_demo.train.losses import ActionBatch, action_noise


class TuneBatches:
    """Draws the batch of a step, which depends only on the seed and the step.

    Args:
        recorded: What is to be learnt; `Cache.weights` says how often a frame is drawn.
        rehearsed: Demonstrations of what the policy can do already.
        sizes: Frames of a step from either.
        draws: Noise draws per frame.
        seed: Of all draws.
        device: Where batches go.
    """

    def __init__(
        self,
        recorded: TrainingFrames,
        rehearsed: TrainingFrames,
        sizes: tuple[int, int],
        draws: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self._sources, self._sizes = (recorded, rehearsed), sizes
        self._draws, self._seed, self._device = draws, seed, device
        weights = recorded.cache.weights
        self._weights = torch.ones(len(recorded.rows)) if weights is None else weights[recorded.rows]

    def action(self, step: int) -> ActionBatch:
        """The batch of this step, recorded frames first."""
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + step)
        recorded, rehearsed = self._sources
        chosen = torch.multinomial(self._weights, self._sizes[0], replacement=True, generator=generator)
        rows = (recorded.rows[chosen], draw(rehearsed.rows, self._sizes[1], generator))
        parts = [_frames(frames, own) for frames, own in zip(self._sources, rows, strict=True)]
        latents, text, state, chunk = (torch.cat(part) for part in zip(*parts, strict=True))
        noise, tau = action_noise((len(chunk), self._draws, *chunk.shape[1:]), generator)
        return ActionBatch(latents, text, state, chunk, noise, tau).to(self._device)


def _frames(frames: TrainingFrames, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return *frames.observed(rows), frames.chunks[rows]
