"""How often imaginations and probes may be made while plans come late."""

from __future__ import annotations

import time
from collections.abc import Callable

QUICK_PLAN_S = 0.2
"""While plans come within this, imaginations and probes follow each other without a rest."""
LONGEST_REST = 4.0
"""An imagination or probe rests at most this many times as long as the one before took."""


class Pacing:
    """The later plans come, the longer the pause between two imaginations or probes; used from one thread.

    Args:
        clock: Seconds, as `time.monotonic`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._plan_s = 0.0
        self._rest_until = 0.0

    def planned(self, seconds: float) -> None:
        """A plan took so long, waiting included; the latest ones count."""
        self._plan_s += 0.3 * (seconds - self._plan_s)

    def worked(self, seconds: float) -> None:
        """An imagination or probe kept the policy busy for so long."""
        lateness = self._plan_s / QUICK_PLAN_S
        self._rest_until = self._clock() + (seconds * min(lateness, LONGEST_REST) if lateness > 1 else 0.0)

    @property
    def rest_s(self) -> float:
        """How long imaginations and probes still have to wait for the sake of plans; not positive: not at all."""
        return self._rest_until - self._clock()
