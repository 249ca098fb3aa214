"""Plans that a person makes up, to see what they would lead to."""

from collections.abc import Sequence
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


def drawn_way(calibration: Calibration, observation: Observation, way: Sequence[tuple[float, float]]) -> Vector | None:
    """The hand's way as somebody draws it into the front picture.

    Its height is what a picture does not say: it goes evenly from that of the TCP to `HEIGHT_M` along the line.

    Args:
        calibration: Of the cameras.
        observation: Where the hand is.
        way: N image coordinates 0..1.

    Returns:
        (N, 3) points [m], base frame; ``None`` where the line leaves what is near.
    """
    camera, places = calibration.front, np.asarray(way, np.float64)
    along_line = np.append(0.0, np.linalg.norm(np.diff(places, axis=0), axis=1).cumsum())
    height = observation.state[2] + along_line / max(along_line[-1], 1e-9) * (HEIGHT_M - observation.state[2])
    across = (2 * places - 1) * [camera.half, -camera.half]
    rays = np.column_stack([across, -np.ones(len(places))]) @ np.array(camera.rotation).reshape(3, 3).T
    if rays[:, 2].max() > -1e-3:
        return None
    distance = (height - camera.position[2]) / rays[:, 2]
    if distance.min() <= 0 or (distance * np.linalg.norm(rays, axis=1)).max() > FAR_M:
        return None
    return (camera.position + distance[:, None] * rays).astype(np.float32)


def along(observation: Observation, points: Vector) -> ActionChunk:
    """Through points at an even pace, without turning, the gripper as it is.

    Args:
        observation: Where from.
        points: (N, 3) [m], base frame; what is further than the arm moves in the time is not reached.
    """
    corners = np.vstack([observation.state[:3], points]).astype(np.float64)
    passed = np.append(0.0, np.linalg.norm(np.diff(corners, axis=0), axis=1).cumsum())
    step = min(passed[-1] / TRAVEL_STEPS, ACTION_TRANSLATION_M)
    at = np.minimum(step * np.arange(CHUNK_STEPS + 1), passed[-1])
    places = np.column_stack([np.interp(at, passed, corners[:, axis]) for axis in range(3)])
    actions = np.zeros((CHUNK_STEPS, ACTION_DIM), np.float32)
    actions[:, :3] = np.diff(places, axis=0)
    actions[:, 6] = float(observation.state[9] > 0.5)
    return ActionChunk(actions)


def plan_along(
    calibration: Calibration, observation: Observation, way: Sequence[tuple[float, float]]
) -> ActionChunk | None:
    """The plan that a person points out in the front picture, image coordinates 0..1.

    A single place means above the table there, several are the hand's way; ``None`` where nothing is near.
    """
    if len(way) > 1:
        points = drawn_way(calibration, observation, way)
        return None if points is None else along(observation, points)
    point = table_point(calibration, way[0])
    return None if point is None else towards(observation, point)


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
