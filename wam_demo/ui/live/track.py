"""The past of an episode for the charts: where the TCP went, what was planned, and the bands of the policy."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from wam_demo.types import Observation, StepRecord
from wam_demo.ui.shared.timeline import Bands, Path, chunk_lines, planned_path, rows

PAST_STEPS = 48
"""Control steps that the action chart looks back."""
EARLIER_PLANS = 5
"""Plans before the present one that stay visible."""


class Track:
    """Collects the charts' data from control steps, in the session's thread."""

    def __init__(self) -> None:
        self._past: deque[Path] = deque(maxlen=PAST_STEPS + 1)
        self._plans: deque[tuple[int, Path]] = deque(maxlen=EARLIER_PLANS + 1)
        self._chunks: list[dict[str, Any]] = []
        self._bands = Bands()
        self._origin: Path = np.zeros(3, np.float32)
        self._planned: int | None = None
        self._step = 0

    def begin(self, observation: Observation) -> None:
        """A new episode starts here."""
        self._origin = np.array(observation.state[:3], np.float32)
        self._past.clear()
        self._plans.clear()
        self._bands.clear()
        self._chunks, self._planned, self._step = [], None, 0

    def add(self, record: StepRecord) -> None:
        """Take in one control step."""
        here = np.asarray(record.observation.state[:3], np.float32) - self._origin
        self._step = record.step
        self._past.append(np.append(here, record.action[-1]).astype(np.float32))
        made, prediction = record.prediction_step, record.prediction
        if prediction is not None and made is not None and made != self._planned:
            self._planned = made
            # A plan starts where the TCP was when it was made.
            start = self._past[max(0, len(self._past) - 1 - (self._step - made))][:3]
            self._plans.append((made, planned_path(prediction.chunk.actions, start)))
            self._chunks = chunk_lines(prediction, made, start)
            self._bands.add(made, prediction)

    def charts(self) -> dict[str, Any]:
        """JSON-ready: present step, past path, plans and named chunks, each from the step it was made at, and bands."""
        newest = len(self._plans) - 1
        return {
            "step": self._step,
            "past": rows(self._past),
            "plans": [
                {"step": made, "current": index == newest, "path": rows(path)}
                for index, (made, path) in enumerate(self._plans)
            ],
            "chunks": self._chunks,
            "bands": self._bands.document(self._step + 1),
        }
