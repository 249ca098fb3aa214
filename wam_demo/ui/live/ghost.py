"""A plan in the picture: where the policy would lead the gripper from where it is."""

from __future__ import annotations

import numpy as np

from wam_demo.runtime import SessionView
from wam_demo.types import CameraPose, Vector


def planned_way(view: SessionView) -> Vector:
    """(N, 2) the rest of the plan from where the tool is, in the picture of ``front``; empty without calibration."""
    played = view.played
    if view.camera is None or played is None or played.prediction is None or played.index is None:
        return np.zeros((0, 2), np.float32)
    steps = played.prediction.chunk.actions[played.index :, :3]
    path = np.concatenate([np.zeros((1, 3), np.float32), np.cumsum(steps, axis=0)])
    return project(view.observation.state[:3] + path, view.camera)


def ghost(view: SessionView) -> list[list[float]]:
    """The same, JSON-ready, while a person drives; empty while the policy itself does."""
    if view.drive is None or not view.drive.state.person or view.twin is not None:
        return []
    return [[round(float(u), 4), round(float(v), 4)] for u, v in planned_way(view)]


def project(points: Vector, camera: CameraPose) -> Vector:
    """Points in a camera's picture.

    Args:
        points: (N, 3) in the base frame [m].
        camera: Pinhole camera.

    Returns:
        (N, 2) right and down, 0..1 from the top left corner; points behind the camera are left out.
    """
    local = (points - camera.position) @ camera.rotation
    local = local[local[:, 2] < -1e-6]
    share = 0.5 * local[:, :2] / -local[:, 2:] / camera.half
    return (0.5 + share * [1, -1]).astype(np.float32)
