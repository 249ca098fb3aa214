"""Scores and counts of the votes as the page shows them, computed once a vote."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from wam_demo.evaluate.blind.scores import score
from wam_demo.evaluate.blind.votes import VoteStore

WEIGHTS_S = 60.0
"""How long weights are taken for the present ones; those behind a server may change while the app runs [s]."""
FRESH_S = 5.0
"""Votes that came through another process show up after this long [s]."""


class Standings:
    """The newest scores, JSON-ready; thread-safe.

    Args:
        store: Where the votes are.
        digests: Gives the SHA-256 of the present weights by policy.
        now: A clock [s].
    """

    def __init__(
        self, store: VoteStore, digests: Callable[[], Mapping[str, str]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._digests, self._now = store, digests, now
        self._present: Mapping[str, str] = {}
        self._present_until = -math.inf
        self._newest: dict[str, Any] = {}
        self._until = -math.inf
        self._lock = threading.Lock()

    def newest(self) -> dict[str, Any]:
        """``scores`` (policy, share, low, high), best first, ``pairs`` (the tallies), and ``voters``, votes of each.

        Raises:
            DataError: The votes cannot be read.
        """
        with self._lock:
            if self._now() >= self._until:
                self._newest = self._computed()
                self._until = self._now() + FRESH_S
            return self._newest

    def refresh(self) -> None:
        """A vote came: compute anew at the next call."""
        self._until = -math.inf

    def _computed(self) -> dict[str, Any]:
        if self._now() >= self._present_until:
            self._present, self._present_until = self._digests(), self._now() + WEIGHTS_S
        tallies = self._store.tallies(self._present)
        pairs = [{**asdict(tally), "n": tally.n} for tally in tallies]
        return {
            "scores": [asdict(s) for s in score(tallies)],
            "pairs": pairs,
            "voters": self._store.voters(self._present),
        }
