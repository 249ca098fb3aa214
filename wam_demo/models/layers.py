"""Transformer parts shared by the video backbone and the action head."""

import math
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def timestep_embedding(timestep: Tensor, dim: int) -> Tensor:
    """Sine-cosine embedding of a flow time.

    Args:
        timestep: (B,) in 0..1.
        dim: Even size of the embedding.

    Returns:
        (B, dim).
    """
    half = dim // 2
    frequencies = torch.exp(-math.log(1e4) * torch.arange(half, device=timestep.device) / half)
    angles = 1000 * timestep.float()[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], -1)


def grid_positions(size: int, dim: int) -> Tensor:
    """Unit-scale 2-D sine-cosine positions of a square grid.

    Frequencies run from half a period to ``size / 2`` periods across the image, so that neighbouring
    cells differ clearly and a linear map can read off coordinates.

    Returns:
        (size * size, dim), row by row.
    """
    line = torch.linspace(-1, 1, size)
    rows, columns = torch.meshgrid(line, line, indexing="ij")
    return embed_position(torch.stack([columns, rows], -1).view(-1, 2), size, dim)


def embed_position(positions: Tensor, size: int, dim: int) -> Tensor:
    """Positions between the cells of such a grid: (..., 2) right and down to (..., dim).

    -1 and 1 are the middles of the outermost cells.
    """
    quarter = dim // 4
    angles = positions.flip(-1)[..., None] * _frequencies(size, quarter).to(positions.device)
    waves = torch.cat([angles.sin(), angles.cos()], -1).flatten(-2)
    return F.pad(waves, (0, dim - 4 * quarter))


@lru_cache(maxsize=16)
def _frequencies(size: int, count: int) -> Tensor:
    """(count,) from half a period to ``size / 2`` periods; kept, and so a constant of exported graphs."""
    with torch.inference_mode(False):  # kept beyond the call, and training may be next
        return math.pi * torch.logspace(0, math.log2(size), count, base=2) / 2


class Modulation(nn.Module):
    """AdaLN-zero: shift, scale and gate for each of ``parts`` sub-layers from a condition vector."""

    def __init__(self, dim: int, parts: int) -> None:
        super().__init__()
        self.parts = parts
        self.linear = nn.Linear(dim, 3 * parts * dim)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, condition: Tensor) -> tuple[Tensor, ...]:
        """(..., dim) to ``3 * parts`` tensors (..., 1, dim)."""
        return self.linear(F.silu(condition)).unsqueeze(-2).chunk(3 * self.parts, -1)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Layer norm without affine, then ``x * (1 + scale) + shift``."""
    return torch.addcmul(shift, F.layer_norm(x, x.shape[-1:]), 1 + scale)


class FeedForward(nn.Module):
    """Two linear layers with a squared ReLU (Primer, arXiv 2109.08668), cheaper than GELU on a CPU."""

    def __init__(self, dim: int, expansion: int = 4) -> None:
        super().__init__()
        self.inner = nn.Linear(dim, expansion * dim)
        self.outer = nn.Linear(expansion * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(..., dim) to (..., dim)."""
        return self.outer(F.relu(self.inner(x)).square())


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(B, N, D) to (B, heads, N, D / heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def normalise_heads(x: Tensor) -> Tensor:
    """Root-mean-square norm over the head dimension (query-key normalisation)."""
    return F.rms_norm(x, x.shape[-1:])


def attend(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Softmax attention with explicit weights.

    Written out because for the short sequences here it trains faster on a CPU than the fused kernel,
    and because the weights are what the attention panel shows.

    Args:
        query: (B, heads, Nq, d).
        key: (B, heads, Nk, d).
        value: (B, heads, Nk, d).

    Returns:
        Output (B, Nq, heads * d) and weights (B, heads, Nq, Nk).
    """
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
    weights = scores.softmax(-1)
    output = weights.to(value.dtype) @ value
    return output.transpose(1, 2).flatten(2), weights
