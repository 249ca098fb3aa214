"""Dragging the gripper in a picture: the pointer's ray meets the plane at the height of the gripper."""

from __future__ import annotations

import numpy as np

from wam_demo.runtime.person import Drag
from wam_demo.types import CONTROL_HZ, CameraPose, Vector

GAIN = 0.5
"""Share of the way to the pointer that one control step goes, as far as the speed allows."""


class Dragging:
    """Follows the pointer of one drag after the other."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._plane = 0.0
        self._offset = np.zeros(3, np.float32)

    def motion(self, drag: Drag, camera: CameraPose | None, tcp: Vector) -> Vector:
        """The motion of one control step.

        Args:
            drag: Where the pointer is.
            camera: Of the picture; without its pose nothing can be dragged.
            tcp: (3,) measured [m].

        Returns:
            (6,) float32 translation [m] and no rotation, base frame.
        """
        motion = np.zeros(6, np.float32)
        if camera is None:
            return motion
        if drag.number != self._number:
            self._number, self._plane = drag.number, float(tcp[2])
            point = meet(camera, drag.at, self._plane)
            self._offset = np.zeros(3, np.float32) if point is None else tcp - point
        point = meet(camera, drag.at, self._plane)
        if point is None:
            return motion
        way = GAIN * (point + self._offset + np.array([0, 0, drag.lift], np.float32) - tcp)
        farthest = drag.speed / CONTROL_HZ
        length = float(np.linalg.norm(way))
        motion[:3] = way * min(1.0, farthest / length) if length > 0 else 0.0
        return motion


def meet(camera: CameraPose, at: tuple[float, float], height: float) -> Vector | None:
    """(3,) point [m] at which the ray of an image point meets a level plane; ``None`` if it never does."""
    ray = camera.rotation @ np.array([(2 * at[0] - 1) * camera.half, (1 - 2 * at[1]) * camera.half, -1.0])
    if abs(ray[2]) < 1e-3:
        return None
    distance = (height - camera.position[2]) / ray[2]
    return None if distance <= 0 else (camera.position + distance * ray).astype(np.float32)
