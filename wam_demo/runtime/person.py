"""What a person asks of the arm: the newest command counts, and it dies of age."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from wam_demo.limits import DRIVE_COMMAND_AGE_S
from wam_demo.types import Vector

Frame = Literal["base", "camera"]
"""Axes of a command: the robot's base, or the front camera's turned level: away from it, to its left, up."""
RATE_WINDOW_S = 1.0
OVERTAKEN = 100
"""A number smaller by less than this belongs to a command that was late; by more, to a page that counts anew."""


@dataclass(frozen=True)
class Drag:
    """The gripper is dragged in the front picture.

    Attributes:
        number: Counts drags of one page; the first command of a drag says where the gripper was taken.
        at: Image coordinates 0..1 of the pointer.
        lift: Height above that of the start [m].
        speed: Largest speed of the way there [m/s].
    """

    number: int
    at: tuple[float, float]
    lift: float
    speed: float


@dataclass(frozen=True)
class PersonCommand:
    """How the arm should move from now on.

    Attributes:
        number: Counts the commands of one page.
        held: A control is held; without, the arm stands.
        twist: (6,) float32 velocity [m/s] and angular velocity [rad/s].
        frame: Whose axes the velocity has; angular velocity is always about the base's axes.
        gripper: Opening 0 (closed) .. 1 (open); ``None`` leaves it as it is.
        drag: Where to, in place of a velocity.
    """

    number: int
    held: bool
    twist: Vector
    frame: Frame = "base"
    gripper: float | None = None
    drag: Drag | None = None


STILL = PersonCommand(0, False, np.zeros(6, np.float32))
"""Nothing is held."""


class Person:
    """Takes the commands of one person, from any thread.

    Args:
        now: Seconds that only grow.
        lasts_s: A command older than this moves nothing [s]: whoever holds a control says so again and again.
    """

    def __init__(self, now: Callable[[], float], lasts_s: float = DRIVE_COMMAND_AGE_S) -> None:
        self._now = now
        self._lasts_s = lasts_s
        self._lock = threading.Lock()
        self._newest: tuple[PersonCommand, float] | None = None
        self._arrivals: deque[float] = deque()
        self._pressed: PersonCommand | None = None

    def put(self, command: PersonCommand) -> None:
        """A newer command replaces the one before; one that was overtaken on its way is dropped."""
        now = self._now()
        with self._lock:
            if self._newest is not None and 0 < self._newest[0].number - command.number < OVERTAKEN:
                return
            self._newest = (command, now)
            self._pressed = command if command.held else self._pressed
            self._arrivals.append(now)

    def take(self) -> PersonCommand:
        """The command that counts at a control step; a control that was tapped since the last one counts once."""
        with self._lock:
            pressed, self._pressed = self._pressed, None
            if self._newest is None or self._now() - self._newest[1] > self._lasts_s:
                return STILL
            command = self._newest[0]
            return pressed if pressed is not None and not command.held else command

    @property
    def holds(self) -> bool:
        """Whether a control is held now."""
        with self._lock:
            fresh = self._newest is not None and self._now() - self._newest[1] <= self._lasts_s
            return fresh and self._newest is not None and self._newest[0].held

    def release(self) -> None:
        """Whatever is held counts as let go, until the next command."""
        with self._lock:
            self._pressed = None
            if self._newest is not None:
                self._newest = (replace(self._newest[0], held=False), self._newest[1])

    @property
    def age_s(self) -> float | None:
        """Since the newest command came [s]; ``None`` before the first."""
        with self._lock:
            return None if self._newest is None else self._now() - self._newest[1]

    @property
    def received(self) -> int:
        """Number of the newest command; 0 before the first."""
        with self._lock:
            return 0 if self._newest is None else self._newest[0].number

    @property
    def rate_hz(self) -> float:
        """Commands in the last second."""
        with self._lock:
            oldest = self._now() - RATE_WINDOW_S
            while self._arrivals and self._arrivals[0] < oldest:
                self._arrivals.popleft()
            return len(self._arrivals) / RATE_WINDOW_S
