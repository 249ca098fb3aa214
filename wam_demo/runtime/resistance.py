"""What holds a driven arm back: the limits of its commands, or something it pushes against."""

from __future__ import annotations

from collections import deque

import numpy as np

from wam_demo.runtime.subscriber import Subscriber
from wam_demo.types import Observation, StepRecord, Vector

WINDOW_STEPS = 3
"""Control steps over which the way that was commanded is compared with the way that was gone."""
CLAMPED_M = 0.002
"""Difference of commanded and applied translation that a person should hear of [m]."""
PUSHED_M, GONE_SHARE = 0.012, 0.35
"""So far was commanded in the window at least, and at most this share of it gone, where something is in the way."""


class Resistance(Subscriber):
    """Compares commands, applied actions and measured motion of any source.

    Attributes:
        clamped: The last command was cut to what the arm may do.
        blocked: The arm does not get where it is sent.
    """

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.clamped = self.blocked = False
        self._steps: deque[tuple[Vector, Vector]] = deque(maxlen=WINDOW_STEPS + 1)

    @property
    def words(self) -> str:
        """What a person should know; empty when nothing holds the arm back."""
        if self.blocked:
            return "blocked: something is in the way"
        return "at its limit: the arm does less than that" if self.clamped else ""

    def on_reset(self, observation: Observation) -> None:
        """The arm is somewhere else."""
        self._forget()

    def on_step(self, record: StepRecord) -> None:
        """One control step is done."""
        asked = record.action if record.commanded is None else record.commanded
        self.clamped = bool(np.abs(asked[:3] - record.action[:3]).max() > CLAMPED_M)
        self._steps.append((record.observation.state[:3], record.action[:3]))
        if len(self._steps) <= WINDOW_STEPS:
            self.blocked = False
            return
        sent = np.sum([action for _, action in list(self._steps)[:-1]], axis=0)
        gone = self._steps[-1][0] - self._steps[0][0]
        length = float(np.linalg.norm(sent))
        self.blocked = length > PUSHED_M and float(sent @ gone) < GONE_SHARE * length**2
