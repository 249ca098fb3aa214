"""What the wrist camera saw of the table before: a map of the table, with every place as it was seen last.

A world model's memory of what has left the view. Places follow from the arm's kinematics and the camera's calibration,
as everywhere in `wam_demo.models.geometry`; what stands on the table lies in the map as if painted on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from wam_demo.models.geometry import CalibratedCamera, Calibration, CameraRays, cell_middles, wrist_camera
from wam_demo.models.precision import exact
from wam_demo.types import POLICY_CAMERAS

WRIST = POLICY_CAMERAS.index("wrist")
"""Which of the cameras' pictures is remembered."""
MIDDLE_M = (0.5, 0.0)
"""Middle of the map in the base frame."""
HALF_M = 0.75
"""Half a side of the map."""
CELLS = 512
"""Cells a side: 3 mm each, about a pixel of the wrist camera at the height that objects are looked at from."""
TOOL_M, TOOL_RADIUS_M = 0.14, 0.06
"""Hand and fingers fill a cylinder of this length above the TCP; what is seen through it is not remembered."""


@dataclass(frozen=True)
class TableMemory:
    """Places of the table as the wrist camera saw them last. Never changed: `after` makes another.

    Attributes:
        picture: (B, 4, 512, 512) float32: colour 0..1, and 1 where the place was ever seen; both 0 elsewhere. Columns
            go along x, rows along y.
    """

    picture: Tensor

    @classmethod
    def blank(cls, count: int, device: torch.device | None = None) -> TableMemory:
        """Of ``count`` tables that nobody has seen."""
        return cls(torch.zeros(count, 4, CELLS, CELLS, device=device))

    @exact
    def after(self, calibration: Calibration, state: Tensor, images: Tensor) -> TableMemory:
        """What is remembered once these pictures were seen, too.

        Args:
            calibration: Of the cameras.
            state: (B, 17) as in `Observation.state`.
            images: (B, 3, H, H) float32 of the wrist camera.
        """
        camera, cells = wrist_camera(calibration, state), cell_middles(CELLS).to(state)
        x, y = (middle + HALF_M * cells[:, axis] for axis, middle in enumerate(MIDDLE_M))
        seen = camera.see(torch.stack([x, y, torch.zeros_like(x)], -1).expand(len(state), 1, -1, -1))[:, 0]
        outside = torch.full_like(seen[..., :2], 3.0)
        grid = torch.where(seen[..., 2:] > 0, seen[..., :2], outside).view(-1, CELLS, CELLS, 2)
        past_hand = beside_hand(calibration.wrist, images.shape[-1]).to(images).expand(len(images), 1, -1, -1)
        fresh = F.grid_sample(torch.cat([images.float(), past_hand], 1), grid, align_corners=False)
        usable = fresh[:, 3:] > 0.999
        return TableMemory(
            torch.where(usable, torch.cat([fresh[:, :3], torch.ones_like(fresh[:, 3:])], 1), self.picture)
        )

    @exact
    def seen_along(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Colours (B, N, 3) remembered of (B, N, 2 or 3) places of the table [m], and (B, N, 1) whether any is."""
        there = torch.stack([(places[..., axis] - middle) / HALF_M for axis, middle in enumerate(MIDDLE_M)], -1)
        found = F.grid_sample(self.picture, there[:, None], align_corners=False)[:, :, 0].transpose(1, 2)
        known = found[..., 3:] > 0.5
        return found[..., :3] / found[..., 3:].clamp_min(0.5) * known, known


@lru_cache(maxsize=8)
def beside_hand(camera: CalibratedCamera, side: int) -> Tensor:
    """(1, 1, side, side) float32: 0 at pixels of a camera on the hand whose rays meet hand or fingers."""
    still = torch.zeros(1, 1, 3), torch.eye(3).view(1, 1, 3, 3)
    rotation = torch.tensor(camera.rotation).view(3, 3)
    mounted = CameraRays(still[0] + torch.tensor(camera.position), still[1] @ rotation, camera.half)
    directions = F.normalize(mounted.directions(cell_middles(side)), dim=-1)[0, 0]
    towards_hand = -1.0 if camera.position[2] < 0 else 1.0
    axis = torch.linspace(0, TOOL_M, 15)[:, None] * torch.tensor([0.0, 0.0, towards_hand])
    to_axis = axis - torch.tensor(camera.position)
    along = (directions[:, None] * to_axis).sum(-1, keepdim=True)
    distance = (to_axis - along * directions[:, None]).norm(dim=-1)
    return (distance.amin(1) > TOOL_RADIUS_M).float().view(1, 1, side, side)
