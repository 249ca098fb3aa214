"""Plans that a person makes up, to see what they would lead to."""

from typing import Protocol

import numpy as np
import torch

from wam_demo.limits import ACTION_TRANSLATION_M
from wam_demo.models.geometry import FAR_M, Calibration, CameraRays
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, ActionChunk, Imaginer, Observation, Vector

TRAVEL_STEPS = 12
"""Control steps of the way; the rest of the plan waits there."""
HEIGHT_M = 0.10
"""How high above the table the TCP ends."""


class PlanFollower(Imaginer, Protocol):
    """An `Imaginer` whose imagination follows the chunk that it is given."""

    @property
    def calibration(self) -> Calibration | None:
        """Of the cameras that it imagines; ``None`` when these weights were told of none and follow a plan badly."""


def table_point(calibration: Calibration, at: tuple[float, float]) -> Vector | None:
    """(3,) point [m] of the table at image coordinates 0..1 of the front camera; ``None`` if none is near there."""
    camera = calibration.front
    position = torch.tensor(camera.position)[None, None]
    view = CameraRays(position, torch.tensor(camera.rotation).view(1, 1, 3, 3), camera.half)
    point = view.table(2 * torch.tensor([at]) - 1)[0, 0, 0].numpy()
    return point if np.linalg.norm(point - camera.position) < FAR_M - 1e-3 else None


def towards(observation: Observation, point: Vector) -> ActionChunk:
    """Straight to above a point of the table, without turning, the gripper as it is.

    Args:
        observation: Where from.
        point: (3,) [m], base frame; what is further than the arm moves in the time is not reached.
    """
    goal = np.array([point[0], point[1], HEIGHT_M])
    step = (goal - observation.state[:3]) / TRAVEL_STEPS
    step *= min(1.0, ACTION_TRANSLATION_M / max(float(np.abs(step).max()), 1e-9))
    actions = np.zeros((CHUNK_STEPS, ACTION_DIM), np.float32)
    actions[:TRAVEL_STEPS, :3] = step
    actions[:, 6] = float(observation.state[9] > 0.5)
    return ActionChunk(actions)
