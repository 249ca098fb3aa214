"""What training knows of where the cameras are: followed, stale, or nothing."""

from collections.abc import Sequence

import torch
from torch import Tensor

from wam_demo.errors import DataError
from wam_demo.models.action_images.views import Views
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
    return Views.calibrated(calibration, states).numbers


def drawn_poses(true: Tensor, usual: Tensor, generator: torch.Generator) -> Tensor:
    """What a batch is told: the true poses (B, cameras, 13) of most samples, of some the usual ones, of some zeros."""
    kind = torch.rand(len(true), 1, 1, generator=generator)
    return torch.where(kind < UNKNOWN, torch.zeros_like(true), torch.where(kind < UNKNOWN + STALE, usual, true))


def rotations(states: Tensor) -> Tensor:
    """(N, 3, 3) TCP rotations of (N, 17) states."""
    x, y = states[:, 3:6], states[:, 6:9]
    return torch.stack([x, y, torch.linalg.cross(x, y)], -1)
