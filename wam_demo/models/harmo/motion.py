"""How the arm will move, before anything is imagined: a world model that nobody tells imagines the motion first."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.models.chunk import MOTION_DIMS
from wam_demo.models.harmo.reactive import StepLayer
from wam_demo.models.layers import grid_positions


@dataclass(frozen=True)
class MotionPriorConfig:
    """Sizes of the motion prior.

    Attributes:
        dim: Token width.
        depth: Layers in which the horizons look at the present.
        heads: Attention heads.
    """

    dim: int = 128
    depth: int = 4
    heads: int = 4


class MotionPrior(nn.Module):
    """The displacement at each imagined frame, from the tokens of the world model's last block.

    It belongs to the world model, not to the experts: it learns from how the arm moved in any recording, which states
    tell, and from no action. It says where the hand will be four times; what that takes is read off the frames.

    Args:
        config: Sizes.
        cameras: Views.
        grid: Tokens along a side of a view.
        video_dim: Width of the world model's tokens.
        horizons: Imagined frames.
        text_dim: Width of the instruction.
        state_dim: Numbers of the proprioception.
    """

    def __init__(
        self,
        config: MotionPriorConfig,
        *,
        cameras: int,
        grid: int,
        video_dim: int,
        horizons: int,
        text_dim: int,
        state_dim: int,
    ) -> None:
        super().__init__()
        dim = config.dim
        self.project = nn.Linear(video_dim, dim)
        self.camera = nn.Parameter(torch.randn(cameras, 1, dim) * 0.3)
        self.register_buffer("positions", grid_positions(grid, dim), persistent=False)
        self.text, self.state = nn.Linear(text_dim, dim), nn.Linear(state_dim, dim)
        self.horizon = nn.Parameter(torch.randn(horizons, dim) * 0.3)
        self.layers = nn.ModuleList(StepLayer(dim, config.heads) for _ in range(config.depth))
        self.out = nn.Linear(dim, MOTION_DIMS + 1)

    def forward(self, tokens: Tensor, text: Tensor, state: Tensor) -> Tensor:
        """(B, cameras * grid * grid, video_dim), (B, 384), (B, 17) normalised to normalised (B, horizons, 7)."""
        seen = self.project(F.layer_norm(tokens, tokens.shape[-1:]))
        seen = seen + (self.camera + self.positions).flatten(0, 1)
        said = torch.stack([self.text(text), self.state(state)], 1)
        context = torch.cat([F.layer_norm(seen, seen.shape[-1:]), said], 1)
        x = self.horizon + said.sum(1, keepdim=True)
        for layer in self.layers:
            x = layer(x, context)
        return self.out(F.layer_norm(x, x.shape[-1:]))
