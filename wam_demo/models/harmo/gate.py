"""Process-adaptive gate: from the image tokens, whether this is transit or interaction (arXiv 2605.10942)."""

from torch import Tensor, nn
from torch.nn import functional as F

THRESHOLD = 0.5
"""Probability of interaction from which the predictive expert drives."""
POOLED = 2
"""Cells along a side of a view after pooling."""


class Gate(nn.Module):
    """An MLP on the pooled tokens of the world model's last block.

    Args:
        cameras: Views.
        grid: Tokens along a side of a view.
        dim: Token width.
        hidden: Width of the MLP.
    """

    def __init__(self, *, cameras: int, grid: int, dim: int, hidden: int) -> None:
        super().__init__()
        self.cameras, self.grid = cameras, grid
        self.layers = nn.Sequential(
            nn.Linear(cameras * POOLED**2 * dim, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU()
        )
        self.out = nn.Linear(hidden, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, cameras * grid * grid, dim) tokens to (B,) logits of interaction."""
        maps = F.layer_norm(tokens, tokens.shape[-1:]).unflatten(1, (self.cameras, self.grid, self.grid))
        pooled = F.adaptive_avg_pool2d(maps.flatten(0, 1).movedim(-1, 1), POOLED)
        return self.out(self.layers(pooled.unflatten(0, (-1, self.cameras)).flatten(1)))[:, 0]
