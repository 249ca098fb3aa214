"""Pictures brought over into the wrist's future view, as if all lay in the table's plane: of now and of before.

`TableMemory` is a world model's memory of what has left the view: a map of the table, with every place as the wrist
camera saw it last. Where places are follows from the arm's kinematics and the calibration of the cameras.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from wam_demo.models.geometry import (
    BOUND,
    CalibratedCamera,
    Calibration,
    CameraRays,
    cell_middles,
    front_cameras,
    wrist_cameras,
)
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
        camera, _ = wrist_cameras(calibration, state, state.new_zeros(len(state), 1, 7))
        cells = cell_middles(CELLS).to(state)
        x, y = (middle + HALF_M * cells[:, axis] for axis, middle in enumerate(MIDDLE_M))
        seen = camera.see(torch.stack([x, y, torch.zeros_like(x)], -1).expand(len(state), 1, -1, -1))[:, 0]
        outside = torch.full_like(seen[..., :2], 3.0)
        grid = torch.where(seen[..., 2:] > 0, seen[..., :2], outside).view(-1, CELLS, CELLS, 2)
        past_hand = beside_hand(calibration.wrist, images.shape[-1]).to(images).expand(len(images), 1, -1, -1)
        fresh = F.grid_sample(torch.cat([images.float(), past_hand], 1), grid, align_corners=False)
        known = torch.cat([fresh[:, :3], torch.ones_like(fresh[:, 3:])], 1)
        return TableMemory(torch.where(fresh[:, 3:] > 0.999, known, self.picture))

    @exact
    def seen_along(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Colours (B, N, 3) remembered of (B, N, 2 or 3) places of the table [m], and (B, N, 1) whether any is."""
        there = torch.stack([(places[..., axis] - middle) / HALF_M for axis, middle in enumerate(MIDDLE_M)], -1)
        found = F.grid_sample(self.picture, there[:, None], align_corners=False)[:, :, 0].transpose(1, 2)
        known = found[..., 3:] > 0.5
        return found[..., :3] / found[..., 3:].clamp_min(0.5) * known, known


@exact
def warped_wrist(
    calibration: Calibration, state: Tensor, motion: Tensor, images: Tensor, memory: TableMemory | None = None
) -> Tensor:
    """The pictures of now warped into the wrist's future views, as if all lay in the table's plane.

    What stands on the table or moves with the gripper is warped wrongly, as if painted on the table.

    Args:
        calibration: Of the cameras.
        state: (B, 17) as in `Observation.state`.
        motion: (B, K, 7) as in `cell_geometry`.
        images: (B, 2, 3, H, H) front and wrist picture now.
        memory: What the wrist camera saw before; it fills in where its picture of now does not show the place.

    Returns:
        (B, K, 2, 3, H, H), from the front and from the wrist picture; 0 where a picture does not show the place.
    """
    side = images.shape[-1]
    front, (now, then) = front_cameras(calibration, state, motion), wrist_cameras(calibration, state, motion)
    table = then.table(cell_middles(side).to(state))
    seen = torch.stack([view.see(table) for view in (front, now)], 2)
    outside = torch.full_like(seen[..., :2], 2 * BOUND)
    grids = torch.where(seen[..., 2:] > 0, seen[..., :2], outside).view(*seen.shape[:3], side, side, 2)
    sources = images[:, None].expand(-1, motion.shape[1], -1, -1, -1, -1)
    warped = F.grid_sample(sources.flatten(0, 2), grids.flatten(0, 2), align_corners=False).view(sources.shape)
    if memory is None:
        return warped
    colours, known = memory.seen_along(table.flatten(1, 2))
    before = colours.transpose(1, 2).unflatten(2, (-1, side, side)).transpose(1, 2)
    blank = (seen[:, :, 1, :, 2] == 0) & known.view(seen.shape[0], seen.shape[1], -1)
    wrist = torch.where(blank.view(*blank.shape[:2], 1, side, side), before, warped[:, :, 1])
    return torch.stack([warped[:, :, 0], wrist], 2)


@lru_cache(maxsize=8)
def beside_hand(camera: CalibratedCamera, side: int) -> Tensor:
    """(1, 1, side, side) float32: 0 at pixels of a camera on the hand whose rays meet hand or fingers."""
    rotation, position = torch.tensor(camera.rotation).view(1, 1, 3, 3), torch.tensor(camera.position)
    directions = CameraRays(position.view(1, 1, 3), rotation, camera.half).directions(cell_middles(side))
    rays = F.normalize(directions[0, 0], dim=-1)
    hand = torch.tensor([0.0, 0.0, TOOL_M if camera.position[2] > 0 else -TOOL_M])  # the camera is on the hand's side
    offsets = torch.linspace(0, 1, 15)[:, None] * hand - position
    along = (rays[:, None] * offsets).sum(-1, keepdim=True)
    distance = (offsets - along * rays[:, None]).norm(dim=-1)
    return (distance.amin(1) > TOOL_RADIUS_M).float().view(1, 1, side, side)
