"""Pinhole geometry: where a cell of a future picture lies in what is seen now, and along which ray a token looks.

Image coordinates run from -1 to 1, right and down. Cameras look along -z with y up. They are those of the robot that
a model was trained on, calibrated once and kept with its weights: a camera that was moved is not noticed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import functional as F

from wam_demo.models.precision import exact

RAY_DIM = 9
"""Numbers that `token_rays` says about a token."""
CELL_GEOMETRY_DIM = 15
"""Numbers that `cell_geometry` says about a cell."""
FAR_M = 2.0
"""A ray that meets the table later, or never, ends here."""
NEAR_M = 0.02
"""What is closer to a camera counts as not seen."""
BOUND = 1.5
"""Image coordinates beyond are clipped: far outside is far outside."""


@dataclass(frozen=True)
class CalibratedCamera:
    """A pinhole camera in a frame: the robot's base, or its TCP if it is mounted there.

    Attributes:
        position: (3,) [m].
        rotation: (9,) camera to frame, row by row.
        half: Tangent of half the field of view.
    """

    position: tuple[float, ...]
    rotation: tuple[float, ...]
    half: float


@dataclass(frozen=True)
class Calibration:
    """The front camera in the base frame and the wrist camera in the TCP's."""

    front: CalibratedCamera
    wrist: CalibratedCamera

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """From JSON, which knows no tuples."""
        cameras = {
            name: CalibratedCamera(tuple(part["position"]), tuple(part["rotation"]), part["half"])
            for name, part in values.items()
        }
        return cls(**cameras)


@dataclass(frozen=True)
class CameraRays:
    """A camera at some moments: position (B, K, 3), rotation to base (B, K, 3, 3), and its field of view."""

    position: Tensor
    rotation: Tensor
    half: float

    def see(self, points: Tensor) -> Tensor:
        """(B, K, N, 3) points [m] to (B, K, N, 3): image coordinates, clipped, and 1 where one is in the picture."""
        local = (points - self.position[..., None, :]) @ self.rotation
        depth = -local[..., 2:]
        image = torch.stack([local[..., 0], -local[..., 1]], -1) / depth.clamp_min(NEAR_M) / self.half
        seen = (image.abs().amax(-1, keepdim=True) < 1) & (depth > NEAR_M)
        return torch.cat([image.clamp(-BOUND, BOUND), seen.to(points.dtype)], -1)

    def directions(self, cells: Tensor) -> Tensor:
        """(N, 2) image coordinates to (B, K, N, 3): where the rays there point, 1 long along the optical axis."""
        rays = torch.stack([cells[:, 0] * self.half, -cells[:, 1] * self.half, -torch.ones_like(cells[:, 0])], -1)
        return rays @ self.rotation.transpose(-1, -2)

    def table(self, cells: Tensor) -> Tensor:
        """(N, 2) image coordinates to (B, K, N, 3): what lies there if nothing stands on the table (z = 0) [m]."""
        directions = self.directions(cells)
        distance = self.position[..., None, 2:] / (-directions[..., 2:]).clamp_min(1e-3)
        return self.position[..., None, :] + distance.clamp(0, FAR_M) * directions


@exact
def cell_geometry(calibration: Calibration, state: Tensor, motion: Tensor, grid: int) -> Tensor:
    """What geometry says about every cell of the future pictures.

    Args:
        calibration: Of the cameras.
        state: (B, 17) as in `Observation.state`.
        motion: (B, K, 7) displacements of the TCP [m, rad] in the base frame and the gripper's opening then.
        grid: Cells a side.

    Returns:
        (B, 2, K, grid * grid, 15) for the front and the wrist picture. First where the table under the cell is seen
        now: (u, v, whether it is) in the front, then in the wrist picture. Then the TCP relative to the cell: (u, v)
        and its height [dm], when the picture is taken and now. Last the opening then, the opening now, and 1.
    """
    count = motion.shape[1]
    now = state[:, None, :3].expand(-1, count, -1)
    then = now + motion[..., :3]
    front = front_cameras(calibration, state, motion)
    wrist_now, wrist_then = wrist_cameras(calibration, state, motion)
    cells = cell_middles(grid).to(state)
    opening = torch.stack([motion[..., 6], state[:, 9:10].expand(-1, count), torch.ones_like(motion[..., 0])], -1)
    parts = []
    for taken, before in ((front, front), (wrist_then, wrist_now)):
        table = taken.table(cells)
        tools = [
            torch.cat([view.see(tool[..., None, :])[..., :2] - cells, 10 * _each(tool[..., 2:], cells)], -1)
            for view, tool in ((taken, then), (before, now))
        ]
        parts.append(torch.cat([front.see(table), wrist_now.see(table), *tools, _each(opening, cells)], -1))
    return torch.stack(parts, 1)


@exact
def token_rays(poses: Tensor, tcp: Tensor, grid: int) -> Tensor:
    """Along which ray of the base frame each token looks, in Pluecker coordinates (arXiv 2510.02268).

    Args:
        poses: (B, cameras, 13) position [m], rotation row by row, half the field of view; all 0: not calibrated.
        tcp: (B, 3) position of the TCP [m].
        grid: Tokens a side.

    Returns:
        (B, cameras * grid * grid, 9): the unit direction, its moment about the base and its moment about the TCP [m];
        zeros where a camera is not calibrated.
    """
    position, rotation, half = poses[..., None, :3], poses[..., 3:12].unflatten(-1, (3, 3)), poses[..., 12:]
    cells = cell_middles(grid).to(poses)
    local = torch.stack([half * cells[:, 0], -half * cells[:, 1], -torch.ones_like(half * cells[:, 0])], -1)
    direction = F.normalize(local @ rotation.mT, dim=-1)
    origins = (position, position - tcp[:, None, None])
    moments = [torch.linalg.cross(origin.expand_as(direction), direction) for origin in origins]
    return torch.cat([direction, *moments], -1).flatten(1, 2)


def cell_middles(grid: int) -> Tensor:
    """(grid * grid, 2) image coordinates (right, down) of the middles of cells, row by row."""
    line = (torch.arange(grid) + 0.5) / grid * 2 - 1
    rows, columns = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([columns, rows], -1).view(-1, 2)


def _each(values: Tensor, cells: Tensor) -> Tensor:
    """(B, K, D) the same for every cell: (B, K, N, D)."""
    return values[..., None, :].expand(*values.shape[:-1], len(cells), -1)


def front_cameras(calibration: Calibration, state: Tensor, motion: Tensor) -> CameraRays:
    """The front camera, which stays, as often as there are moments."""
    here = state.new_zeros(*motion.shape[:2], 3)
    return _mounted(calibration.front, here, torch.eye(3).to(state).expand(*motion.shape[:2], 3, 3))


def wrist_cameras(calibration: Calibration, state: Tensor, motion: Tensor) -> tuple[CameraRays, CameraRays]:
    """The wrist camera now, repeated, and at the moments that the motion leads to."""
    now, turn = (part[:, None].expand(-1, motion.shape[1], *part.shape[1:]) for part in tcp_pose(state))
    turned = rotation_of(motion[..., 3:6]) @ turn
    return _mounted(calibration.wrist, now, turn), _mounted(calibration.wrist, now + motion[..., :3], turned)


def tcp_pose(state: Tensor) -> tuple[Tensor, Tensor]:
    """Position (B, 3) and rotation (B, 3, 3) of the TCP; the state holds the rotation's first two columns."""
    first = torch.nn.functional.normalize(state[:, 3:6], dim=-1)
    second = state[:, 6:9] - (first * state[:, 6:9]).sum(-1, keepdim=True) * first
    second = torch.nn.functional.normalize(second, dim=-1)
    return state[:, :3], torch.stack([first, second, torch.linalg.cross(first, second)], -1)


def _mounted(camera: CalibratedCamera, position: Tensor, rotation: Tensor) -> CameraRays:
    """A camera on a frame whose poses are (B, K, 3) and (B, K, 3, 3)."""
    offset = torch.tensor(camera.position).to(position)
    turn = torch.tensor(camera.rotation).to(position).view(3, 3)
    return CameraRays(position + rotation @ offset, rotation @ turn, camera.half)


def rotation_of(vector: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of rotation vectors (..., 3) [rad]."""
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    return torch.linalg.matrix_exp(skew)
