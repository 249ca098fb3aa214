"""Reactive expert: inverse dynamics from the frames that the world model imagined (arXiv 2605.10942)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.models.layers import FeedForward, attend, grid_positions, normalise_heads, split_heads

CELLS = 4
"""Cells along a side of a frame once it is pooled."""


@dataclass(frozen=True)
class ReactiveConfig:
    """Sizes of the reactive expert.

    Attributes:
        dim: Token width.
        depth: Layers in which the chunk's steps look at the frames.
        heads: Attention heads.
        width: Channels of the convolutions over a frame.
        steps: Actions in a chunk.
        action_dim: Numbers in an action.
        present: Append pooled latents of the present along the token axis.
    """

    dim: int = 128
    depth: int = 3
    heads: int = 4
    width: int = 64
    steps: int = 16
    action_dim: int = 7
    present: bool = True


class FrameEncoder(nn.Module):
    """Pools a frame's latents to `CELLS` x `CELLS` tokens by strided convolutions."""

    def __init__(self, channels: int, width: int, dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(2 * width, dim, 1),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """(..., C, 16, 16) to (..., 16, dim)."""
        tokens = self.layers(frames.flatten(0, -4)).flatten(2).transpose(1, 2)
        return tokens.unflatten(0, frames.shape[:-3])


class StepLayer(nn.Module):
    """The steps of a chunk look at the frames, then at their neighbours in time (the convolutional decoder)."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key_value, self.out = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
        self.neighbours = nn.Conv1d(dim, dim, 3, padding=1)
        self.feed_forward = FeedForward(dim)

    def forward(self, x: Tensor, tokens: Tensor) -> Tensor:
        """(B, steps, dim) and (B, N, dim) to (B, steps, dim)."""
        query = split_heads(self.query(F.layer_norm(x, x.shape[-1:])), self.heads)
        key, value = (split_heads(part, self.heads) for part in self.key_value(tokens).chunk(2, -1))
        x = x + self.out(attend(normalise_heads(query), normalise_heads(key), value)[0])
        x = x + self.neighbours(F.layer_norm(x, x.shape[-1:]).transpose(1, 2)).transpose(1, 2)
        return x + self.feed_forward(F.layer_norm(x, x.shape[-1:]))


class ReactiveExpert(nn.Module):
    """Imagined latents in, a chunk out; it knows neither the instruction nor the proprioception.

    Args:
        config: Sizes.
        cameras: Views.
        horizons: Imagined frames of each.
        channels: Of a latent cell.
    """

    def __init__(self, config: ReactiveConfig, *, cameras: int, horizons: int, channels: int) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        # an imagined frame is read beside the present one: what matters is how it differs
        self.imagined = FrameEncoder(2 * channels, config.width, dim)
        self.camera = nn.Parameter(torch.randn(cameras, 1, 1, dim) * 0.3)
        self.horizon = nn.Parameter(torch.randn(horizons, 1, dim) * 0.3)
        self.register_buffer("positions", grid_positions(CELLS, dim), persistent=False)
        if config.present:
            self.present = FrameEncoder(channels, config.width // 2, dim)
            self.now = nn.Parameter(torch.randn(1, dim) * 0.3)
        self.step = nn.Parameter(torch.randn(config.steps, dim) * 0.3)
        self.layers = nn.ModuleList(StepLayer(dim, config.heads) for _ in range(config.depth))
        self.out = nn.Linear(dim, config.action_dim)

    def forward(self, imagined: Tensor, latents: Tensor) -> Tensor:
        """The chunk that leads to the imagined frames.

        Args:
            imagined: (B, cameras, horizons, C, H, W) latents.
            latents: (B, cameras, C, H, W) of the present.

        Returns:
            (B, 16, 7) normalised displacements, see `wam_demo.models.chunk`.
        """
        beside = latents[:, :, None].expand_as(imagined)
        tokens = self.imagined(torch.cat([imagined, imagined - beside], 3))
        tokens = (tokens + self.camera + self.horizon + self.positions).flatten(1, 3)
        if self.config.present:
            present = self.present(latents) + self.camera[:, 0] + self.now + self.positions
            tokens = torch.cat([tokens, present.flatten(1, 2)], 1)
        tokens = F.layer_norm(tokens, tokens.shape[-1:])
        x = self.step.expand(len(tokens), -1, -1)
        for layer in self.layers:
            x = layer(x, tokens)
        return self.out(F.layer_norm(x, x.shape[-1:]))
