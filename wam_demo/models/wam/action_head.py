"""Action diffusion transformer: a noisy chunk that looks at the video features through cross-attention only."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.models.layers import (
    FeedForward,
    Modulation,
    attend,
    grid_positions,
    modulate,
    normalise_heads,
    split_heads,
    timestep_embedding,
)


@dataclass(frozen=True)
class ActionHeadConfig:
    """Sizes of the action transformer.

    Attributes:
        dim: Token width.
        depth: Layers (N); layer j reads video block ``round(j (M - 1) / (N - 1))``.
        heads: Attention heads.
        steps: Actions in a chunk.
        action_dim: Numbers in an action.
    """

    dim: int = 128
    depth: int = 4
    heads: int = 2
    steps: int = 16
    action_dim: int = 7


def bridge_blocks(video_depth: int, action_depth: int) -> list[int]:
    """Which video block each action layer reads (AGRA, arXiv 2606.12217): l_j = round(j (M - 1) / (N - 1))."""
    if action_depth == 1:
        return [video_depth - 1]
    return [round(j * (video_depth - 1) / (action_depth - 1)) for j in range(action_depth)]


class ActionLayer(nn.Module):
    """Self-attention over the chunk, cross-attention to the context, feed-forward; AdaLN-zero throughout."""

    def __init__(self, dim: int, heads: int, context_dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.modulation = Modulation(dim, 3)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.self_out = nn.Linear(dim, dim)
        self.project = nn.Linear(context_dim, dim)
        self.query = nn.Linear(dim, dim)
        self.key_value = nn.Linear(dim, 2 * dim)
        self.cross_out = nn.Linear(dim, dim)
        self.feed_forward = FeedForward(dim)

    def context(self, video: Tensor, positions: Tensor, extra: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the video tokens, then of the extra tokens.

        Args:
            video: (B, N, context_dim) features of the video block that this layer reads.
            positions: (N, dim) of the video tokens, added to keys and values alike so that a head
                can read off where it looks.
            extra: (B, E, dim) proprio and text tokens.
        """
        seen = self.project(F.layer_norm(video, video.shape[-1:])) + positions
        key, value = self.key_value(torch.cat([seen, extra], 1)).chunk(2, -1)
        return normalise_heads(split_heads(key, self.heads)), split_heads(value, self.heads)

    def forward(self, x: Tensor, condition: Tensor, context: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """One layer.

        Args:
            x: (B, draws, steps, dim).
            condition: (B, draws, dim).
            context: From `context`, shared by all draws of an observation.

        Returns:
            The new ``x`` and the cross-attention weights (B, heads, draws, steps, N + E).
        """
        draws = x.shape[1]
        shift1, scale1, gate1, shift2, scale2, gate2, shift3, scale3, gate3 = self.modulation(condition)
        parts = self.qkv(modulate(x, shift1, scale1)).flatten(0, 1).chunk(3, -1)
        query, key, value = (split_heads(part, self.heads) for part in parts)
        mixed, _ = attend(normalise_heads(query), normalise_heads(key), value)
        x = torch.addcmul(x, gate1, self.self_out(mixed).unflatten(0, (-1, draws)))
        query = self.query(modulate(x, shift2, scale2)).flatten(1, 2)
        looked, weights = attend(normalise_heads(split_heads(query, self.heads)), *context)
        x = torch.addcmul(x, gate2, self.cross_out(looked).unflatten(1, (draws, -1)))
        x = torch.addcmul(x, gate3, self.feed_forward(modulate(x, shift3, scale3)))
        return x, weights.unflatten(2, (draws, -1))


class ActionHead(nn.Module):
    """The action DiT: velocity of a noisy normalised chunk given the video features."""

    def __init__(
        self,
        config: ActionHeadConfig,
        *,
        video_dim: int,
        video_depth: int,
        grid: int,
        cameras: int,
        text_dim: int,
        state_dim: int,
    ) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.bridge = bridge_blocks(video_depth, config.depth)
        self.embed = nn.Linear(config.action_dim, dim)
        self.step = nn.Parameter(torch.randn(config.steps, dim) * 0.3)
        self.camera = nn.Parameter(torch.randn(cameras, 1, dim) * 0.3)
        self.register_buffer("positions", grid_positions(grid, dim), persistent=False)
        self.text = nn.Linear(text_dim, dim)
        self.state = nn.Sequential(nn.Linear(state_dim, dim), nn.SiLU(), nn.Linear(dim, dim))
        self.time = nn.Sequential(nn.Linear(dim, dim), nn.SiLU(), nn.Linear(dim, dim))
        self.layers = nn.ModuleList(ActionLayer(dim, config.heads, video_dim) for _ in range(config.depth))
        self.out_modulation = nn.Linear(dim, 2 * dim)
        self.out = nn.Linear(dim, config.action_dim)
        for layer in (self.out, self.out_modulation):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def context(
        self, features: list[Tensor], text: Tensor, state: Tensor
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Everything that does not depend on the noisy chunk, computed once per observation.

        Args:
            features: Every video block's output (B, N, video_dim).
            text: (B, 384).
            state: (B, 17) normalised.

        Returns:
            The static part of the condition (B, dim) and keys and values of every layer. The last
            two context tokens are proprio and text.
        """
        text_token = self.text(text * text.shape[-1] ** 0.5)
        state_token = self.state(state)
        extra = torch.stack([state_token, text_token], 1)
        positions = (self.positions + self.camera).flatten(0, 1)
        pairs = zip(self.layers, self.bridge, strict=True)
        return text_token + state_token, [layer.context(features[block], positions, extra) for layer, block in pairs]

    def forward(
        self, chunk: Tensor, tau: Tensor, static: Tensor, context: list[tuple[Tensor, Tensor]]
    ) -> tuple[Tensor, list[Tensor]]:
        """Velocity of noisy chunks; several draws share one observation and its context.

        Args:
            chunk: (B, draws, steps, action_dim) noisy, normalised.
            tau: (B, draws) flow time.
            static: (B, dim) from `context`.
            context: Keys and values from `context`.

        Returns:
            Velocity shaped as ``chunk`` and each layer's cross-attention weights
            (B, heads, draws, steps, N + 2).
        """
        times = timestep_embedding(tau.flatten(), self.config.dim).unflatten(0, tau.shape)
        condition = static[:, None] + self.time(times.to(static.dtype))
        x = self.embed(chunk) + self.step
        weights = []
        for layer, pair in zip(self.layers, context, strict=True):
            x, weight = layer(x, condition, pair)
            weights.append(weight)
        shift, scale = self.out_modulation(F.silu(condition)).unsqueeze(-2).chunk(2, -1)
        return self.out(modulate(x, shift, scale)), weights
