"""Live cameras as a source: the newest frame wins, and a camera that stands still is noticed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from wam_demo.errors import SourceFault
from wam_demo.limits import CAMERA_FRAME_AGE_S
from wam_demo.robots.source import Clock
from wam_demo.types import ACTION_DIM, IMAGE_SIZE, CameraPose, Image, Observation, Vector

TICK_S = 0.05
"""How often a camera that delivers nothing is looked at [s]."""
NOTICE_S = 0.8 * CAMERA_FRAME_AGE_S
"""So long without anything new a camera counts as stopped [s]; said before the limit is reached."""


@dataclass(frozen=True)
class Frame:
    """One picture of a camera.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        number: Counts the frames of this camera, from 1.
        received: When it arrived, `time.monotonic` [s].
    """

    image: Image
    number: int
    received: float


class FrameBox:
    """Holds the newest frame of one camera; thread-safe.

    A camera has stopped when no frame has come for `NOTICE_S`, and is frozen when frames come
    but have been the same to the last bit for that long: a real sensor is never that quiet.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._newest: Frame | None = None
        self._moved = self._opened = clock()

    def put(self, image: Image) -> None:
        """Replace the newest frame."""
        now = self._clock()
        with self._changed:
            before = self._newest
            if before is None or not np.array_equal(before.image, image):
                self._moved = now
            self._newest = Frame(image, 1 if before is None else before.number + 1, now)
            self._changed.notify_all()

    def wait_for(self, number: int, timeout: float) -> Frame | None:
        """The newest frame after ``number``, as soon as there is one; ``None`` after ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None and self._newest.number > number, timeout)
            newest = self._newest
        return newest if newest is not None and newest.number > number else None

    def fault(self) -> str | None:
        """What is wrong with the camera now, as one line; ``None`` if nothing is."""
        now = self._clock()
        with self._changed:
            newest, moved, opened = self._newest, self._moved, self._opened
        if newest is None:
            late = now - opened
            return f"the camera has sent no frame yet ({late:.1f} s)" if late > NOTICE_S else None
        if now - newest.received > NOTICE_S:
            return f"the camera has stopped: its last frame is {now - newest.received:.1f} s old"
        if now - moved > NOTICE_S:
            return f"the camera is frozen: it has sent the same picture for {now - moved:.1f} s"
        return None


class CameraSource:
    """Cameras without a robot: it observes in real time, and nothing moves.

    Args:
        cameras: Frames by camera name; a camera of the policy that is missing stays grey.
        state: (17,) float32 that stands in for the robot's own, which a camera does not know.
        instruction: What the policy is asked to do.
        now: Seconds that only grow, as the frames' own.
    """

    clock: Clock = "real"

    def __init__(
        self,
        cameras: Mapping[str, FrameBox],
        state: Vector,
        instruction: str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cameras = cameras
        self._state = state
        self._now = now
        self._began = now()
        self._newest: Mapping[str, Frame] = {}
        self.instruction = instruction

    @property
    def frames(self) -> Mapping[str, Frame]:
        """Those of the newest observation."""
        return self._newest

    def reset(self, seed: int) -> Observation:
        """Time begins anew."""
        self._began = self._now()
        return self.observe()

    def observe(self) -> Observation:
        """The newest frames, once one of them is new; raises `SourceFault` when a camera is stale or frozen."""
        while True:
            shown = {name: box.wait_for(self._number(name), TICK_S) for name, box in self._cameras.items()}
            arrived = {name: frame for name, frame in shown.items() if frame is not None}
            self._newest = {**self._newest, **arrived}
            self.check()
            if arrived and len(self._newest) == len(self._cameras):
                return self.observation(self._newest)

    def check(self) -> None:
        """Raise `SourceFault` when a camera is stale or frozen."""
        for box in self._cameras.values():
            if (fault := box.fault()) is not None:
                raise SourceFault(fault)

    def observation(self, frames: Mapping[str, Frame]) -> Observation:
        """Given frames as an observation."""
        images = {camera: square(frame.image) for camera, frame in frames.items()}
        grey = np.full((IMAGE_SIZE, IMAGE_SIZE, 3), 127, np.uint8)
        newest = max(frame.received for frame in frames.values())
        everything = {"front": grey, "wrist": grey, **images}
        return Observation(everything, self._state, self.instruction, newest - self._began)

    def apply(self, action: Vector) -> Vector:
        """Nothing is connected: returns the action of standing still, with the gripper as it was."""
        still = np.zeros(ACTION_DIM, np.float32)
        still[-1] = self._state[9]
        return still

    def close(self) -> None:
        """Nothing: the frames belong to whoever reads the camera."""

    def _number(self, camera: str) -> int:
        return self._newest[camera].number if camera in self._newest else 0


def square(image: Image, size: int = IMAGE_SIZE) -> Image:
    """The largest centred square of a picture, (size, size, 3)."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    cut = image[top : top + side, left : left + side]
    if side == size:
        return np.ascontiguousarray(cut)
    return cv2.resize(cut, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_LINEAR)


def home_state() -> Vector:
    """(17,) float32: the arm at rest with its gripper open, for a policy that watches without a robot."""
    from wam_demo.sim.controller import HOME
    from wam_demo.sim.kinematics import ArmKinematics

    return ArmKinematics().state(HOME, 1.0)


@lru_cache(maxsize=1)
def usual_front() -> CameraPose:
    """Where the camera ``front`` stands that the shipped weights know."""
    from wam_demo.sim.cameras import pose
    from wam_demo.sim.scene import Scene

    scene = Scene("pick_place")
    scene.refresh()
    return pose(scene.model, scene.data, "front")
