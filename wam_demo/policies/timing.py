"""What an inference engine did lately: percentiles of its calls and totals since its start."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EngineStats:
    """Times in milliseconds; percentiles are NaN-free: 0 before the first call.

    Attributes:
        call_ms: ``p50`` and ``p95`` of one policy call, whatever its batch.
        answer_ms: ``p50`` and ``p95`` from submission to plan, waiting included.
        imagine_ms: ``p50`` and ``p95`` of the work on one imagination.
        batch: Mean number of observations in a policy call.
        answered: Requests answered since the start.
        faults: Requests that ended in a fault since the start.
        waiting: Requests in the queue now.
    """

    call_ms: Mapping[str, float]
    answer_ms: Mapping[str, float]
    imagine_ms: Mapping[str, float]
    batch: float
    answered: int
    faults: int
    waiting: int


LATEST = 5
"""Calls that say how long one takes at present."""


class CallLog:
    """Collects durations over a sliding window; not locked, its owner is.

    Args:
        window: Calls that the percentiles look back on.
    """

    def __init__(self, window: int) -> None:
        self.call_ms: deque[float] = deque(maxlen=window)
        self.answer_ms: deque[float] = deque(maxlen=window)
        self.imagine_ms: deque[float] = deque(maxlen=window)
        self.batch: deque[int] = deque(maxlen=window)
        self.answered = 0
        self.faults = 0

    @property
    def latest_call_s(self) -> float:
        """Median of the latest calls [s]; 0 before the first."""
        return 1e-3 * float(np.median(list(self.call_ms)[-LATEST:])) if self.call_ms else 0.0

    def stats(self, waiting: int) -> EngineStats:
        """Summarise; ``waiting`` is the length of the queue now."""
        return EngineStats(
            call_ms=percentiles(self.call_ms),
            answer_ms=percentiles(self.answer_ms),
            imagine_ms=percentiles(self.imagine_ms),
            batch=float(np.mean(self.batch)) if self.batch else 0.0,
            answered=self.answered,
            faults=self.faults,
            waiting=waiting,
        )


def percentiles(durations: Sequence[float] | deque[float]) -> dict[str, float]:
    """``p50`` and ``p95`` of some durations, in their unit; 0 when there are none."""
    if not durations:
        return {"p50": 0.0, "p95": 0.0}
    p50, p95 = np.percentile(list(durations), [50, 95])
    return {"p50": float(p50), "p95": float(p95)}
