"""AGRA: align the features that the action head reads with a frozen visual encoder (arXiv 2606.12217)."""

from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.errors import UnknownNameError

PROJECTORS = ("linear", "mlp", "conv")


class Projector(nn.Module):
    """Maps backbone tokens to the teacher's feature space; thrown away after training.

    Args:
        kind: ``linear``; ``mlp``, three layers with SiLU (REPA); ``conv``, one 3 x 3 convolution (iREPA).
        dim: Width of the backbone tokens.
        teacher_dim: Width of the teacher's features.
        grid: Tokens per side of a frame.
    """

    def __init__(self, kind: str, dim: int, teacher_dim: int, grid: int) -> None:
        super().__init__()
        self.kind, self.grid = kind, grid
        if kind == "linear":
            self.net: nn.Module = nn.Linear(dim, teacher_dim)
        elif kind == "mlp":
            wide = 2 * dim
            self.net = nn.Sequential(
                nn.Linear(dim, wide), nn.SiLU(), nn.Linear(wide, wide), nn.SiLU(), nn.Linear(wide, teacher_dim)
            )
        elif kind == "conv":
            self.net = nn.Conv2d(dim, teacher_dim, 3, padding=1)
        else:
            raise UnknownNameError("projector", kind, PROJECTORS)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, frames * grid * grid, dim) to (B, frames * grid * grid, teacher_dim)."""
        if self.kind != "conv":
            return self.net(tokens)
        frames = tokens.unflatten(1, (-1, self.grid, self.grid)).flatten(0, 1).permute(0, 3, 1, 2)
        return self.net(frames).permute(0, 2, 3, 1).reshape(len(tokens), tokens.shape[1], -1)


def alignment_loss(projected: Tensor, teacher: Tensor, total: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
    """L_agra = -mean cosine(Z, Y) over samples, frames and grid cells, weighted by the length of Y.

    With each cell's mean removed from Y, a cell in which nothing ever changes has a short Y and
    nothing to teach; the weight leaves it out.

    Args:
        projected: (B, N, D) projected backbone tokens Z.
        teacher: (B, N, D) teacher features Y, standardised.
        total: What the weights sum to, where these samples are a part of the batch; see `teacher_weight`.

    Returns:
        The loss and ``{"cosine": mean cosine}``.
    """
    weight = teacher_weight(teacher)
    total = weight.sum() if total is None else total
    cosine = F.cosine_similarity(projected.float(), teacher.float(), dim=-1)
    mean = (cosine * weight).sum() / total.clamp_min(1e-6)
    return -mean, {"cosine": mean.detach()}


def teacher_weight(teacher: Tensor) -> Tensor:
    """(B, N) length of (B, N, D) teacher features: how much each cell counts in the alignment."""
    return teacher.float().norm(dim=-1)
