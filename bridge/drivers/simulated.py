"""What simulated arms have in common: physics that keeps up with real time, pictures beside it, and faults to set."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic

import mujoco
import numpy as np

from bridge.driver import Array, Reading
from bridge.drivers.faults import Faults
from bridge.drivers.photographer import Photographer, Render, State


class SimulatedArm(ABC, Generic[State]):
    """The motors' half of a `bridge.driver.Driver`; the scene's half is its subclass's.

    Args:
        physics_s: Length of a physics step [s].
        most_steps: Physics steps after which a late thread lets time be lost.
        camera_hz: Pictures a second of each camera; 0: none.
        camera_thread: Pictures are taken beside the control thread; not where time is simulated too.
    """

    def __init__(self, physics_s: float, most_steps: int, camera_hz: float, camera_thread: bool = True) -> None:
        self._physics_s, self._most_steps = physics_s, most_steps
        self.cameras: tuple[str, ...] = ("front", "wrist") if camera_hz else ()
        period = 1 / camera_hz if camera_hz else np.inf
        self._photographer = Photographer(self._open_renderer, period, camera_thread)
        self._faults = Faults()
        self._begin(np.empty(0))

    def connect(self, now: float) -> None:
        """A simulated arm is there, unless a fault says otherwise."""
        self._faults.require_bus()
        if self.cameras:
            self._photographer.start()

    def read(self, now: float) -> Reading:
        """Advance the physics to now, and measure."""
        self._advance(now)
        if self.cameras:
            self._photographer.show(self._state, now)
        return self._faults.measured(Reading(self._positions(), self._load(), self._photographer.frames))

    def send(self, positions: Array, now: float) -> None:
        """Targets of the motors until the next ones."""
        if (arrived := self._faults.sent(positions)) is not None:
            self._goal = arrived

    def release_torque(self) -> None:
        """Simulated motors stay where they are."""
        self._goal = self._positions()

    def inject(self, fault: str, on: bool) -> None:
        """Switch a fault on or off."""
        self._faults.inject(fault, on)

    def close(self) -> None:
        """End the cameras."""
        self._photographer.close()

    def _begin(self, positions: Array) -> None:
        """Stand here, at no time yet."""
        self._start = self._goal = positions
        self._time: float | None = None
        self._photographer.forget()

    def _advance(self, now: float) -> None:
        if self._time is None:
            self._time = now
        count = min(int((now - self._time) / self._physics_s + 0.5), self._most_steps)
        if count <= 0:
            return
        self._time = max(self._time + count * self._physics_s, now - self._physics_s)
        self._play(count)
        self._start = self._goal

    def _hold_stuck(self, data: mujoco.MjData, joint: int) -> None:
        """Where a fault holds a joint, it stays as it was."""
        faults = self._faults
        if "stuck_joint" in faults.active:
            faults.stuck_at = data.qpos[joint] if faults.stuck_at is None else faults.stuck_at
            data.qpos[joint], data.qvel[joint] = faults.stuck_at, 0.0

    @abstractmethod
    def _play(self, count: int) -> None:
        """So many physics steps, on the way from ``_start`` to ``_goal``."""

    @abstractmethod
    def _positions(self) -> Array:
        """(n + 1,) joints [rad] and opening 0..1, measured."""

    @abstractmethod
    def _load(self) -> Array:
        """(n + 1,) of the rated load."""

    @abstractmethod
    def _state(self) -> State:
        """What is rendered from."""

    @abstractmethod
    def _open_renderer(self) -> tuple[Render[State], Callable[[], None]]:
        """See `Photographer`."""
