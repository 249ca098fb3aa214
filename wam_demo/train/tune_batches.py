"""Batches of a fine-tuning: what a person recorded, and the tasks that must not be forgotten beside it."""

import torch
from torch import Tensor

from wam_demo.models.precision import autocast
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.train.batches import TrainingFrames
from wam_demo.train.losses import HeadBatch, action_noise

_BATCH = 16


class FrozenFrames:
    """Frames as the video backbone sees them, computed once because it does not learn.

    Args:
        model: Its backbone is frozen.
        frames: Of a dataset; only those of ``frames.rows`` can be drawn.
        weights: (R,) how often each is drawn; all alike by default.
    """

    def __init__(self, model: WorldActionModel, frames: TrainingFrames, weights: Tensor | None = None) -> None:
        self._frames = frames
        self._weights = torch.ones(len(frames.rows)) if weights is None else weights
        self._blocks = sorted(set(model.head.bridge))
        self._depth = model.config.backbone.depth
        self._features = torch.cat([self._seen(model, rows) for rows in frames.rows.split(_BATCH)])

    @torch.no_grad()
    def _seen(self, model: WorldActionModel, rows: Tensor) -> Tensor:
        """(b, blocks, N, D) float16 features of the blocks that the head reads."""
        device = next(model.parameters()).device
        rays = self._frames.cache.told_rays(rows, model.config.backbone)
        with autocast(device):
            latents, text, state = (value.to(device) for value in self._frames.observed(rows))
            features = model.features(latents, text, state, rays=None if rays is None else rays.to(device))
        return torch.stack([features[block] for block in self._blocks], 1).half().cpu()

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Features (B, blocks, N, D), text, state and chunk of frames drawn by their weights."""
        chosen = torch.multinomial(self._weights, count, replacement=True, generator=generator)
        frames, rows = self._frames, self._frames.rows[chosen]
        text = frames.cache.embeddings[frames.cache.text[rows]]
        return self._features[chosen], text, frames.states[rows], frames.chunks[rows]

    def by_block(self, features: Tensor) -> list[Tensor]:
        """As the head expects them: one of every block, of which it reads only those that are here."""
        place = {block: index for index, block in enumerate(self._blocks)}
        return [features[:, place.get(block, 0)].float() for block in range(self._depth)]


class TuneBatches:
    """Draws the batch of a step, which depends only on the seed and the step.

    Args:
        recorded: What is to be learnt.
        rehearsed: Demonstrations of what the policy can do already.
        sizes: Frames of a step from either.
        draws: Noise draws per frame.
        seed: Of all draws.
        device: Where batches go.
    """

    def __init__(
        self,
        recorded: FrozenFrames,
        rehearsed: FrozenFrames,
        sizes: tuple[int, int],
        draws: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self._sources, self._sizes = (recorded, rehearsed), sizes
        self._draws, self._seed, self._device = draws, seed, device

    def draw(self, step: int) -> tuple[list[Tensor], HeadBatch]:
        """Features of every video block and the rest of the batch of this step, recorded frames first."""
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + step)
        drawn = [source.draw(size, generator) for source, size in zip(self._sources, self._sizes, strict=True)]
        features, text, state, chunk = (torch.cat(part) for part in zip(*drawn, strict=True))
        noise, tau = action_noise((len(chunk), self._draws, *chunk.shape[1:]), generator)
        batch = HeadBatch(text, state, chunk, noise, tau).to(self._device)
        return self._sources[0].by_block(features.to(self._device)), batch
