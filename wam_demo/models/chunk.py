"""Chunk representation inside a model: displacement from the current TCP, standardised per step."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from wam_demo.limits import ACTION_ROTATION_RAD, ACTION_TRANSLATION_M
from wam_demo.types import FUTURE_STEPS

MOTION_DIMS = 6
"""Translation 3 and rotation vector 3 are displacements; the gripper opening is absolute."""
_FUTURE_ROWS = [steps - 1 for steps in FUTURE_STEPS]
"""Rows of a displacement that lead to the imagined frames."""
_FLOOR = (0.01, 0.01, 0.01, 0.05, 0.05, 0.05, 0.2)
"""Smallest standard deviation used per dimension [m, rad, 1], so that unused axes do not amplify noise."""


def to_displacement(actions: Tensor) -> Tensor:
    """(..., 16, 7) per-step actions to displacements from the current TCP (cumulative sum)."""
    return torch.cat([actions[..., :MOTION_DIMS].cumsum(-2), actions[..., MOTION_DIMS:]], -1)


def to_actions(displacement: Tensor) -> Tensor:
    """Inverse of `to_displacement`, clipped to what one control step may do."""
    motion = displacement[..., :MOTION_DIMS]
    steps = torch.diff(motion, dim=-2, prepend=torch.zeros_like(motion[..., :1, :]))
    translation = steps[..., :3].clamp(-ACTION_TRANSLATION_M, ACTION_TRANSLATION_M)
    rotation = steps[..., 3:].clamp(-ACTION_ROTATION_RAD, ACTION_ROTATION_RAD)
    return torch.cat([translation, rotation, displacement[..., MOTION_DIMS:].clamp(0, 1)], -1)


def motion_of(actions: Tensor) -> Tensor:
    """(..., 16, 7) per-step actions to the displacement (..., 4, 7) at each imagined frame."""
    return to_displacement(actions)[..., _FUTURE_ROWS, :]


class ChunkNormaliser(nn.Module):
    """Standardises chunks and states with statistics of the training data."""

    def __init__(self, steps: int, action_dim: int, state_dim: int) -> None:
        super().__init__()
        self.register_buffer("chunk_mean", torch.zeros(steps, action_dim))
        self.register_buffer("chunk_std", torch.ones(steps, action_dim))
        self.register_buffer("state_mean", torch.zeros(state_dim))
        self.register_buffer("state_std", torch.ones(state_dim))

    def fit(self, actions: Tensor, states: Tensor) -> None:
        """Set the statistics from (N, 16, 7) actions and (N, 17) states."""
        displacement = to_displacement(actions)
        self.chunk_mean.copy_(displacement.mean(0))
        self.chunk_std.copy_(displacement.std(0).maximum(torch.tensor(_FLOOR)))
        self.state_mean.copy_(states.mean(0))
        self.state_std.copy_(states.std(0).clamp_min(0.02))

    def encode_chunk(self, actions: Tensor) -> Tensor:
        """(..., 16, 7) actions to normalised displacements."""
        return (to_displacement(actions) - self.chunk_mean) / self.chunk_std

    def decode_chunk(self, chunk: Tensor) -> Tensor:
        """Normalised displacements to (..., 16, 7) executable actions."""
        return to_actions(chunk.float() * self.chunk_std + self.chunk_mean)

    def encode_motion(self, motion: Tensor, horizons: Sequence[int] = range(len(_FUTURE_ROWS))) -> Tensor:
        """(..., K, 7) displacements at these of the imagined frames to what the video backbone reads.

        Returns:
            (..., K, 8): standardised, then 1 for "known"; zeros in its place mean "unknown".
        """
        rows = [_FUTURE_ROWS[horizon] for horizon in horizons]
        scaled = (motion - self.chunk_mean[rows]) / self.chunk_std[rows]
        return torch.cat([scaled, torch.ones_like(scaled[..., :1])], -1)

    def decode_motion(self, motion: Tensor, horizons: Sequence[int]) -> Tensor:
        """(..., K, 8) as `encode_motion` has it, at these of the imagined frames, to displacements (..., K, 7)."""
        rows = [_FUTURE_ROWS[horizon] for horizon in horizons]
        return motion[..., :-1].float() * self.chunk_std[rows] + self.chunk_mean[rows]

    def decode_state(self, state: Tensor) -> Tensor:
        """Inverse of `encode_state`, float32."""
        return state.float() * self.state_std + self.state_mean

    def encode_state(self, state: Tensor) -> Tensor:
        """(..., 17) state to normalised state, bounded so that an unseen pose cannot dominate."""
        return ((state - self.state_mean) / self.state_std).clamp(-5, 5)
