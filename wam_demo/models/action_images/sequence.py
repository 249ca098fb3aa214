"""What the sequence of an action-images model holds: the present, read once, and the future that attends to it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from wam_demo.models.action_images.views import Views
from wam_demo.models.layers import attend, modulate, normalise_heads, split_heads
from wam_demo.models.wam.backbone import Block

Pair = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Present:
    """What was observed, as every draw of its future reads it.

    Attributes:
        pairs: Keys and values of the observed tokens, block by block.
        latents: (B, cameras, C, H, W) in the network's dtype.
        text: (B, 384).
        state: (B, 17) normalised.
        tcp: (B, 3) position of the TCP [m].
        views: Of the cameras.
        canvas: Of the action.
        hand: (B, 3, 3, size, size) the TCP as it is now, drawn into the action's views, times `SCALE`.
    """

    pairs: list[Pair]
    latents: Tensor
    text: Tensor
    state: Tensor
    tcp: Tensor
    views: Views
    canvas: Views
    hand: Tensor

    def repeated(self, times: int) -> Present:
        """Every observation as many times, so that each can have as many draws."""
        parts = (self.latents, self.text, self.state, self.tcp, self.hand)
        latents, text, state, tcp, hand = (part.repeat_interleave(times, 0) for part in parts)
        pairs = [(key.repeat_interleave(times, 0), value.repeat_interleave(times, 0)) for key, value in self.pairs]
        return Present(pairs, latents, text, state, tcp, self.views.repeated(times), self.canvas.repeated(times), hand)


@dataclass(frozen=True)
class Future:
    """Latents of what comes, noisy or clean.

    Attributes:
        action: (B, views, frames, channels, size, size), see `ActionImagesModel.draw`.
        video: (B, cameras, K, C, H, W); ``None`` where it is left out: at pure noise it carries nothing.
        attention: (B, cameras * tokens + 1) where the action's tokens looked when it was sampled, mean over blocks,
            heads and tokens: at each observed token, last at those of the future; ``None`` where nobody asked.
    """

    action: Tensor
    video: Tensor | None = None
    attention: Tensor | None = None


class FutureBlock(Block):
    """Tokens of the future attend to each other and to what was observed, which is read once for all draws."""

    def read(self, seen: Tensor, condition: Tensor) -> Pair:
        """Keys and values (B, heads, N, dim / heads) of observed tokens (B, N, dim)."""
        shift, scale, *_ = self.modulation(condition)
        dim = seen.shape[-1]
        both = F.linear(modulate(seen, shift, scale), self.qkv.weight[dim:], self.qkv.bias[dim:])
        key, value = (split_heads(part, self.heads) for part in both.chunk(2, -1))
        return normalise_heads(key), value

    def forward(self, x: Tensor, condition: Tensor, observed: Pair) -> tuple[Tensor, Tensor]:
        """(B, N, dim) to the same, and their attention (B, heads, N, observed and N)."""
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(condition)
        parts = self.qkv(modulate(x, shift1, scale1)).chunk(3, -1)
        query, key, value = (split_heads(part, self.heads) for part in parts)
        key = torch.cat([observed[0], normalise_heads(key)], 2)
        mixed, weights = attend(normalise_heads(query), key, torch.cat([observed[1], value], 2))
        x = torch.addcmul(x, gate1, self.out(mixed))
        return torch.addcmul(x, gate2, self.feed_forward(modulate(x, shift2, scale2))), weights
