"""AGRA: align the features that the action head reads with a frozen visual encoder (arXiv 2606.12217)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.errors import UnknownNameError

PROJECTORS = ("linear", "mlp", "conv")


class Projector(nn.Module):
    """Maps backbone tokens to the teachers' feature spaces; thrown away after training.

    Args:
        kind: ``linear``; ``mlp``, three layers with SiLU (REPA); ``conv``, one 3 x 3 convolution (iREPA).
        dim: Width of the backbone tokens.
        widths: Of the features of each teacher, which stand side by side in what comes out.
        grid: Tokens per side of a frame.
    """

    def __init__(self, kind: str, dim: int, widths: Sequence[int], grid: int) -> None:
        super().__init__()
        self.kind, self.widths, self.grid = kind, tuple(widths), grid
        out = sum(widths)
        if kind == "linear":
            self.net: nn.Module = nn.Linear(dim, out)
        elif kind == "mlp":
            wide = 2 * dim
            self.net = nn.Sequential(
                nn.Linear(dim, wide), nn.SiLU(), nn.Linear(wide, wide), nn.SiLU(), nn.Linear(wide, out)
            )
        elif kind == "conv":
            self.net = nn.Conv2d(dim, out, 3, padding=1)
        else:
            raise UnknownNameError("projector", kind, PROJECTORS)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, frames * grid * grid, dim) to (B, frames * grid * grid, sum(widths))."""
        if self.kind != "conv":
            return self.net(tokens)
        frames = tokens.unflatten(1, (-1, self.grid, self.grid)).flatten(0, 1).permute(0, 3, 1, 2)
        return self.net(frames).permute(0, 2, 3, 1).reshape(len(tokens), tokens.shape[1], -1)


def alignment_loss(
    projected: Tensor, teacher: Tensor, total: Tensor | None = None, widths: Sequence[int] | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """L_agra = -mean cosine(Z, Y) over samples, frames and grid cells, weighted by the length of Y.

    With each cell's mean removed from Y, a cell in which nothing ever changes has a short Y and
    nothing to teach; the weight leaves it out. Of several teachers each counts alike: the mean of their losses.

    Args:
        projected: (B, N, D) projected backbone tokens Z.
        teacher: (B, N, D) teacher features Y, standardised; of several teachers side by side.
        total: (teachers,) what the weights sum to, where these samples are a part of the batch; see `teacher_weight`.
        widths: How many of the D belong to each teacher; all to one when ``None``.

    Returns:
        The loss and ``{"cosine": mean cosine}``.
    """
    weight = teacher_weight(teacher, widths)
    total = weight.sum((1, 2)) if total is None else total
    pairs = zip(_apart(projected, widths), _apart(teacher, widths), strict=True)
    cosine = torch.stack([F.cosine_similarity(z, y, dim=-1) for z, y in pairs])
    mean = ((cosine * weight).sum((1, 2)) / total.clamp_min(1e-6)).mean()
    return -mean, {"cosine": mean.detach()}


def teacher_weight(teacher: Tensor, widths: Sequence[int] | None = None) -> Tensor:
    """(teachers, B, N) length of the features in (B, N, D): how much each cell counts in the alignment."""
    return torch.stack([features.norm(dim=-1) for features in _apart(teacher, widths)])


def _apart(features: Tensor, widths: Sequence[int] | None) -> Sequence[Tensor]:
    """The (B, N, width) float32 features of each teacher."""
    return features.float().split(list(widths or features.shape[-1:]), dim=-1)
