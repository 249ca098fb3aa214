"""A plan in the picture: where the policy would lead the gripper from where it is."""

from __future__ import annotations

import numpy as np

from wam_demo.runtime import SessionView
from wam_demo.types import Vector
from wam_demo.ui.shared.pictures import project


def planned_way(view: SessionView) -> Vector:
    """(N, 2) the rest of the plan from where the tool is, in the picture of ``front``; empty without calibration."""
    played = view.played
    if view.camera is None or played is None or played.prediction is None or played.index is None:
        return np.zeros((0, 2), np.float32)
    return way_in_picture(view, played.prediction.chunk.actions[played.index :, :3])


def way_in_picture(view: SessionView, steps: Vector) -> Vector:
    """(N + 1, 2) where (N, 3) steps [m] lead the tool, in the picture of ``front``; empty without calibration."""
    if view.camera is None:
        return np.zeros((0, 2), np.float32)
    path = np.concatenate([np.zeros((1, 3), np.float32), np.cumsum(steps, axis=0)])
    return project(view.observation.state[:3] + path, view.camera)


def ghost(view: SessionView) -> list[list[float]]:
    """The same, JSON-ready, while a person drives; empty while the policy itself does."""
    if view.drive is None or not view.drive.state.person or view.twin is not None:
        return []
    return [[round(float(u), 4), round(float(v), 4)] for u, v in planned_way(view)]
