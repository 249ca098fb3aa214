"""The calibrated views that actions are drawn into: pinhole cameras as tensors.

Image coordinates run from -1 to 1, right and down. Cameras look along -z with y up, rotations lead to the base frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from wam_demo.models.geometry import NEAR_M, CalibratedCamera, Calibration, tcp_pose
from wam_demo.models.precision import exact

BESIDE_M, BESIDE_HALF = 1.0, 0.3
"""Distance of the view beside the hand, and the tangent of half its field: 0.3 m around the hand."""


@dataclass(frozen=True)
class Views:
    """V cameras at B moments.

    Attributes:
        position: (B, V, 3) in the base frame [m].
        rotation: (B, V, 3, 3) camera to base.
        half: (B, V) tangent of half the field of view.
    """

    position: Tensor
    rotation: Tensor
    half: Tensor

    @classmethod
    def flat(cls, numbers: Tensor) -> Views:
        """From (B, V, 13) numbers as a dataset keeps them: position, rotation row by row, half the field."""
        return cls(numbers[..., :3], numbers[..., 3:12].unflatten(-1, (3, 3)), numbers[..., 12])

    @classmethod
    @exact
    def calibrated(cls, calibration: Calibration, state: Tensor) -> Views:
        """Front and wrist camera at states (B, 17), where they were mounted when they were calibrated."""
        position, turn = tcp_pose(state)
        frames = {
            "front": (torch.zeros_like(position), torch.eye(3).to(turn).expand_as(turn)),
            "wrist": (position, turn),
        }
        parts = []
        for name, (origin, frame) in frames.items():
            camera: CalibratedCamera = getattr(calibration, name)
            rotation = frame @ torch.tensor(camera.rotation).to(state).view(3, 3)
            offset = frame @ torch.tensor(camera.position).to(state)
            parts.append((origin + offset, rotation, state.new_full((len(state),), camera.half)))
        return cls(*(torch.stack(part, 1) for part in zip(*parts, strict=True)))

    def or_else(self, others: Views) -> Views:
        """These, and the others where one is all zeros: nobody calibrated it."""
        known = self.numbers.any(-1, keepdim=True)
        return Views.flat(torch.where(known, self.numbers, others.numbers))

    @exact
    def project(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """(B, ..., 3) points [m] to image coordinates (B, V, ..., 2) and whether each is in the picture (B, V, ...)."""
        lead = points.shape[1:-1]
        local = (points.flatten(1, -2)[:, None] - self.position[:, :, None]) @ self.rotation
        depth = -local[..., 2]
        image = torch.stack([local[..., 0], -local[..., 1]], -1) / depth.clamp_min(NEAR_M)[..., None]
        image = image / self.half[:, :, None, None]
        seen = (depth > NEAR_M) & (image.abs().amax(-1) < 1)
        return image.unflatten(2, lead), seen.unflatten(2, lead)

    @exact
    def directions(self, image: Tensor) -> Tensor:
        """(B, V, ..., 2) image coordinates to unit directions (B, V, ..., 3) of their rays in the base frame."""
        flat = image.flatten(2, -2) * self.half[:, :, None, None]
        local = torch.stack([flat[..., 0], -flat[..., 1], -torch.ones_like(flat[..., 0])], -1)
        return F.normalize(local @ self.rotation.mT, dim=-1).unflatten(2, image.shape[2:-1])

    def widened(self, factor: float) -> Views:
        """The same cameras with a margin around their pictures."""
        return Views(self.position, self.rotation, self.half * factor)

    def beside(self, other: Views) -> Views:
        """The views of both."""
        return Views(*(torch.cat(pair, 1) for pair in zip(self.parts, other.parts, strict=True)))

    def __getitem__(self, rows: Tensor | slice) -> Views:
        """The views at some of the moments."""
        return Views(*(part[rows] for part in self.parts))

    def repeated(self, times: int) -> Views:
        """Every moment as many times."""
        return Views(*(part.repeat_interleave(times, 0) for part in self.parts))

    @property
    def numbers(self) -> Tensor:
        """(B, V, 13), the inverse of `flat`."""
        return torch.cat([self.position, self.rotation.flatten(2), self.half[..., None]], -1)

    @property
    def parts(self) -> tuple[Tensor, Tensor, Tensor]:
        """Position, rotation, half."""
        return self.position, self.rotation, self.half


def beside_hand(tcp: Tensor) -> Views:
    """A view that no camera takes: from the robot's right at the hand as it is now, level.

    The TCP (B, 3) [m] is its middle, so that what is drawn there is how the hand moves from where it is.
    """
    ones = tcp.new_ones(len(tcp), 1)
    rotation = tcp.new_tensor([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # columns: right = x, up = z, backward = -y
    away = tcp.new_tensor([0.0, -BESIDE_M, 0])
    return Views((tcp + away)[:, None], rotation.expand(len(tcp), 1, 3, 3), BESIDE_HALF * ones)
