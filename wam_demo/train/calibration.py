"""What training knows of where the cameras are: followed, stale, or nothing."""

from collections.abc import Sequence

import torch
from torch import Tensor

from wam_demo.errors import DataError
from wam_demo.models.geometry import CalibratedCamera, Calibration

UNKNOWN, STALE = 0.2, 0.2
"""Shares of the samples whose cameras are not calibrated, and whose calibration is that of the usual mounts."""


def calibrate(tasks: Sequence[str]) -> Calibration:
    """Where the cameras of these tasks' scenes are mounted.

    Raises:
        DataError: They differ from task to task.
    """
    from wam_demo.sim.cameras import mounts
    from wam_demo.sim.world import World

    calibrations = set()
    for task in tasks:
        world = World(task)
        world.draw(0)
        front, wrist = mounts(world.scene.model, world.scene.data)
        world.close()
        calibrations.add(Calibration(CalibratedCamera(*front), CalibratedCamera(*wrist)))
    if len(calibrations) != 1:
        raise DataError(f"cameras are not mounted alike in {', '.join(tasks)}")
    return calibrations.pop()


def usual_poses(calibration: Calibration, states: Tensor) -> Tensor:
    """(N, 2, 13) poses of front and wrist camera at the usual mounts, from (N, 17) raw states."""
    frames = [
        (torch.zeros(len(states), 3), torch.eye(3).expand(len(states), 3, 3), calibration.front),
        (states[:, :3], rotations(states), calibration.wrist),
    ]
    poses = []
    for origin, turn, camera in frames:
        position = origin + turn @ torch.tensor(camera.position)
        rotation = turn @ torch.tensor(camera.rotation).view(3, 3)
        poses.append(torch.cat([position, rotation.flatten(1), torch.full((len(states), 1), camera.half)], 1))
    return torch.stack(poses, 1)


def drawn_poses(true: Tensor, usual: Tensor, generator: torch.Generator) -> Tensor:
    """What a batch is told: the true poses (B, cameras, 13) of most samples, of some the usual ones, of some zeros."""
    kind = torch.rand(len(true), 1, 1, generator=generator)
    return torch.where(kind < UNKNOWN, torch.zeros_like(true), torch.where(kind < UNKNOWN + STALE, usual, true))


def rotations(states: Tensor) -> Tensor:
    """(N, 3, 3) TCP rotations of (N, 17) states."""
    x, y = states[:, 3:6], states[:, 6:9]
    return torch.stack([x, y, torch.linalg.cross(x, y)], -1)
