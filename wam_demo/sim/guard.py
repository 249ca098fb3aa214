"""Watches the physics: a diverged simulation is reported, never silently reset."""

import mujoco
import numpy as np
from numpy.typing import NDArray

BOUNDS_M = 5.0
"""A body farther from the base than this, in any coordinate, has left the scene."""


class Guard:
    """Checks one simulation after every control step.

    Args:
        model: The scene.
        data: Its state.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self._model, self._data = model, data
        self.rearm()

    def rearm(self) -> None:
        """Accept the present state as healthy, e.g. after a reset or a restore."""
        self._warnings = self._counts()
        self._time = self._data.time

    def check(self) -> str | None:
        """One line that says what went wrong since the last check, or ``None``."""
        data, counts = self._data, self._counts()
        raised = np.flatnonzero(counts > self._warnings)
        backwards = data.time < self._time
        self._warnings, self._time = counts, data.time
        if raised.size:
            return f"physics warning {mujoco.mjtWarning(int(raised[0])).name.removeprefix('mjWARN_')}"
        if not (np.isfinite(data.qpos).all() and np.isfinite(data.qvel).all()):
            return "state is not finite"
        if backwards:
            return "simulation time went back: the physics was reset"
        return self._escaped()

    def _escaped(self) -> str | None:
        distance = np.abs(self._data.xpos).max(axis=1)
        body = int(distance.argmax())
        if distance[body] <= BOUNDS_M:
            return None
        return f"{self._model.body(body).name} left the scene ({distance[body]:.1f} m away)"

    def _counts(self) -> NDArray[np.int64]:
        return np.array([warning.number for warning in self._data.warning], dtype=np.int64)
