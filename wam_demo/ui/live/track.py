"""The past of an episode for the charts: where the TCP went and what was planned."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.types import Observation, Prediction, StepRecord

PAST_STEPS = 48
"""Control steps that the action chart looks back."""
EARLIER_PLANS = 5
"""Plans before the present one that stay visible."""
_DECIMALS = 4

Path = NDArray[np.float32]
"""(N, 4): TCP displacement from the episode's start [m] 3, gripper opening 0..1."""


class Track:
    """Collects the charts' data from control steps, in the session's thread."""

    def __init__(self) -> None:
        self._past: deque[Path] = deque(maxlen=PAST_STEPS + 1)
        self._plans: deque[tuple[int, Path]] = deque(maxlen=EARLIER_PLANS + 1)
        self._origin: Path = np.zeros(3, np.float32)
        self._planned: int | None = None
        self._step = 0

    def begin(self, observation: Observation) -> None:
        """A new episode starts here."""
        self._origin = np.array(observation.state[:3], np.float32)
        self._past.clear()
        self._plans.clear()
        self._planned, self._step = None, 0

    def add(self, record: StepRecord) -> None:
        """Take in one control step."""
        here = self._here(record.observation)
        self._step = record.step
        self._past.append(np.append(here, record.action[-1]).astype(np.float32))
        made = record.prediction_step
        if record.prediction is not None and made is not None and made != self._planned:
            self._planned = made
            self._plans.append((made, self._path(record.prediction, made)))

    def charts(self) -> dict[str, Any]:
        """JSON-ready: present step, past path, and plans, each from the step it was made at."""
        newest = len(self._plans) - 1
        return {
            "step": self._step,
            "past": _rows(self._past),
            "plans": [
                {"step": made, "current": index == newest, "path": _rows(path)}
                for index, (made, path) in enumerate(self._plans)
            ],
        }

    def _here(self, observation: Observation) -> Path:
        return np.asarray(observation.state[:3], np.float32) - self._origin

    def _path(self, prediction: Prediction, made: int) -> Path:
        """The plan as positions: it starts where the TCP was when it was made."""
        actions = np.asarray(prediction.chunk.actions, np.float32)
        back = self._step - made
        start = self._past[max(0, len(self._past) - 1 - back)][:3]
        positions = start + np.vstack([np.zeros(3, np.float32), actions[:, :3].cumsum(0)])
        gripper = np.append(actions[:1, 6], actions[:, 6])
        return np.column_stack([positions, gripper]).astype(np.float32)


def _rows(path: Sequence[Path] | Path) -> list[list[float]]:
    return [[round(float(value), _DECIMALS) for value in row] for row in path]
