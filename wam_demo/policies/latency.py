"""How late commanded actions reach the arm, measured from how the arm moves."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

LARGEST_STEPS = 12
"""Latencies up to 1.2 s are told apart."""
WINDOW_STEPS = 16
"""Control steps that an estimate looks back."""
LEAST_MOTION_M = 0.02
"""A path shorter than this says nothing."""
UNEXPLAINED = 0.25
"""No latency is believed that leaves more of the squared motion unexplained: the arm is stuck, or moved by others."""
CLEARLY = 0.5
"""A new latency must explain the motion with at most this share of the error that the present one leaves."""


class LatencyEstimator:
    """Finds the latency whose shifted commands explain the measured motion best; sees states and commands only.

    A delay inside the robot's own tracking shows up as well; up to half a control step it counts as none.
    """

    def __init__(self) -> None:
        self._commands: deque[NDArray[np.float64]] = deque(maxlen=WINDOW_STEPS + LARGEST_STEPS)
        self._given = 0
        self._positions: deque[tuple[int, NDArray[np.float64]]] = deque(maxlen=WINDOW_STEPS)
        self._steps = 0

    @property
    def steps(self) -> int:
        """Control steps from a command to its motion, as far as is known; 0 at first."""
        return self._steps

    def observe(self, position: NDArray) -> None:
        """Take in the (3,) TCP position [m] before the next command; at most once a control step."""
        self._positions.append((self._given, np.asarray(position, float)))
        self._estimate()

    def command(self, translation: NDArray) -> None:
        """Take in the (3,) commanded translation [m] of one control step, zero while holding."""
        self._commands.append(np.asarray(translation, float))
        self._given += 1

    def _estimate(self) -> None:
        measured, spans = self._intervals()
        if not spans:
            return
        if float(np.linalg.norm(measured, axis=1).sum()) < LEAST_MOTION_M:
            return
        errors = [self._error(measured, spans, steps) for steps in range(LARGEST_STEPS + 1)]
        best = int(np.argmin(errors))
        explained = errors[best] < UNEXPLAINED * float(np.square(measured).sum())
        if explained and errors[best] < CLEARLY * errors[self._steps]:
            self._steps = best

    def _intervals(self) -> tuple[NDArray[np.float64], list[tuple[int, int]]]:
        """Displacement between neighbouring observations (K, 3) [m], and the commands given between them."""
        recent = [(at, position) for at, position in self._positions if at >= self._given - WINDOW_STEPS]
        pairs = [(a, b) for a, b in pairwise(recent) if b[0] > a[0]]
        return np.array([b[1] - a[1] for a, b in pairs]), [(a[0], b[0]) for a, b in pairs]

    def _error(self, measured: NDArray[np.float64], spans: list[tuple[int, int]], steps: int) -> float:
        oldest = self._given - len(self._commands)
        total = np.concatenate([np.zeros((1, 3)), np.cumsum(self._commands, axis=0)])

        def moved(until: int) -> NDArray[np.float64]:
            return total[np.clip(until - steps - oldest, 0, len(self._commands))]

        expected = np.array([moved(end) - moved(start) for start, end in spans])
        return float(np.square(measured - expected).sum())
