"""3 x 3 convolutions with fewer multiplications: Winograd's minimal filtering (Lavin and Gray, arXiv 1509.09308).

F(4 x 4, 3 x 3) makes 4 x 4 pixels from 6 x 6 with 36 multiplications a channel pair instead of 144, and what is left is
matrix products, at which every CPU is best. Pays where matrix units for bfloat16 are missing; in float32 it is as
exact as any order of summation needs to be (about 1e-5 of the values).
"""

import torch
from torch import Tensor, nn

TILE = 4
"""Pixels a side that one tile makes."""
_REACH = TILE + 2
_INPUT = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_KERNEL = ((6, 0, 0), (-4, -4, -4), (-4, 4, -4), (1, 2, 4), (1, -2, 4), (0, 0, 24))
"""Times 24."""
_OUTPUT = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))


class WinogradConvolution(nn.Module):
    """What a 3 x 3 convolution with padding 1 and stride 1 computes, on flat channels-last pictures of one size.

    Args:
        convolution: Its weights are taken over.
        side: Height and width of the pictures [px], a multiple of 4.
    """

    def __init__(self, convolution: nn.Conv2d, side: int) -> None:
        super().__init__()
        kernel = torch.tensor(_KERNEL, dtype=torch.float64) / 24
        weight = torch.einsum("ax,oixy,by->abio", kernel, convolution.weight.detach().double(), kernel)
        self.register_buffer("weight", weight.flatten(0, 1).float().contiguous())
        bias = convolution.bias
        self.register_buffer("bias", None if bias is None else bias.detach().float())
        self.register_buffer("into", _both_axes(_INPUT))
        self.register_buffer("out_of", _both_axes(_OUTPUT))
        self.register_buffer("gather", window_indices(side, TILE, _REACH))
        self.register_buffer("scatter", _untile_indices(side))

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, side * side, in) to (B, side * side, out)."""
        tiles = padded(pixels).index_select(1, self.gather).unflatten(1, (_REACH**2, -1))
        batch, _, count, channels = tiles.shape
        spectrum = (self.into @ tiles.flatten(2)).view(batch, _REACH**2, count, channels) @ self.weight
        made = self.out_of @ spectrum.flatten(2)
        result = made.view(batch, TILE**2 * count, -1).index_select(1, self.scatter)
        return result if self.bias is None else result + self.bias


class StridedConvolution(nn.Module):
    """A 3 x 3 convolution with padding 1 and stride 2 as one matrix product, on flat channels-last pictures."""

    def __init__(self, convolution: nn.Conv2d, side: int) -> None:
        super().__init__()
        weight = convolution.weight.detach().float().permute(2, 3, 1, 0)
        self.register_buffer("weight", weight.flatten(0, 2).contiguous())
        indices = window_indices(side, 2, 3).view(9, -1).transpose(0, 1)
        self.register_buffer("gather", indices.flatten())

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, side * side, in) to (B, (side / 2)^2, out)."""
        windows = padded(pixels).index_select(1, self.gather)
        return windows.unflatten(1, (-1, 9)).flatten(2) @ self.weight


def padded(pixels: Tensor) -> Tensor:
    """(B, N, C) with one more pixel of zeros at the end, which stands for everything outside."""
    return torch.cat([pixels, torch.zeros_like(pixels[:, :1])], 1)


def window_indices(side: int, stride: int, reach: int) -> Tensor:
    """Where the pixels of overlapping windows lie in a flat picture; outside it the index is ``side * side``.

    Windows begin one pixel before every ``stride``-th one.

    Returns:
        (reach * reach * (side / stride)^2,), position in the window first.
    """
    count = side // stride
    at = [torch.arange(size) for size in (reach, reach, count, count)]
    down, right, row, column = torch.meshgrid(*at, indexing="ij")
    y, x = stride * row + down - 1, stride * column + right - 1
    outside = (y < 0) | (y >= side) | (x < 0) | (x >= side)
    return torch.where(outside, side * side, y * side + x).flatten()


def _untile_indices(side: int) -> Tensor:
    """(side * side,): where each pixel lies among the tiles' results, position in the tile first."""
    count = side // TILE
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return (((y % TILE) * TILE + x % TILE) * count**2 + (y // TILE) * count + x // TILE).flatten()


def _both_axes(transform: tuple[tuple[int, ...], ...]) -> Tensor:
    matrix = torch.tensor(transform, dtype=torch.float64)
    return torch.kron(matrix, matrix).float()
