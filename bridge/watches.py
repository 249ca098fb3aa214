"""What the gate keeps an eye on: cameras that freeze, joints that stall, a load that persists."""

from __future__ import annotations

import numpy as np

from bridge.driver import ArmLimits, Array, CameraFrame, Reading

CAMERA_AGE_S = 0.5
"""Oldest picture on which a policy may move the arm [s]."""
OVERLOAD = 0.95
"""Share of the rated load that counts as too much when it persists."""


class CameraWatch:
    """Knows when each camera last showed something new.

    Args:
        cameras: Names that have to be alive.
        now: When the watch begins [s].
    """

    def __init__(self, cameras: tuple[str, ...], now: float) -> None:
        self._fresh = dict.fromkeys(cameras, now - CAMERA_AGE_S)
        self._last: dict[str, CameraFrame] = {}

    def look(self, reading: Reading) -> None:
        """Take in the newest frames."""
        for name, frame in reading.frames.items():
            before = self._last.get(name)
            if before is frame or name not in self._fresh:
                continue
            same = before is not None and frame.noisy and np.array_equal(before.image, frame.image)
            if not same:
                self._fresh[name] = max(self._fresh[name], frame.captured)
            self._last[name] = frame

    def stale(self, now: float) -> str | None:
        """The first camera whose newest picture is too old, with its age, as one line."""
        for name, fresh in self._fresh.items():
            if now - fresh > CAMERA_AGE_S:
                return f"camera {name!r} has shown nothing new for {now - fresh:.1f} s"
        return None


class StallWatch:
    """Notices a joint that stays behind its command under load, and a load that stays too high."""

    def __init__(self, limits: ArmLimits) -> None:
        self._limits = limits
        self._stalled_since: Array = np.full(len(limits.home), np.inf)
        self._overload_since: Array = np.full(len(limits.home), np.inf)

    def look(self, commanded: Array, reading: Reading, now: float) -> str | None:
        """What is wrong, as one line; ``None`` if nothing has persisted."""
        limits = self._limits
        behind = np.abs(commanded - reading.positions) > limits.stall_error
        stalled = behind & (reading.load > limits.stall_load)
        overloaded = reading.load > OVERLOAD
        stalled[-1] = overloaded[-1] = False  # a gripper presses on what it holds
        self._stalled_since = np.where(stalled, np.minimum(self._stalled_since, now), np.inf)
        self._overload_since = np.where(overloaded, np.minimum(self._overload_since, now), np.inf)
        for since, what in ((self._stalled_since, "has stalled"), (self._overload_since, "is overloaded")):
            if (joint := int(np.argmin(since))) is not None and now - since[joint] >= limits.stall_s:
                return f"joint {joint + 1} {what}: load {reading.load[joint]:.0%} of the rated one"
        return None
