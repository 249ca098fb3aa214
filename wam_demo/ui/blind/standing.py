"""Scores and counts of the votes as the page shows them, computed once a vote."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from wam_demo.evaluate.blind.scores import score
from wam_demo.evaluate.blind.votes import VoteStore

FRESH_S = 5.0
"""Votes that came through another process show up after this long [s]."""


class Standings:
    """The newest scores, JSON-ready; thread-safe.

    Args:
        store: Where the votes are.
        digests: Gives the SHA-256 of the present weights by policy; called once.
    """

    def __init__(self, store: VoteStore, digests: Callable[[], Mapping[str, str]]) -> None:
        self._store, self._digests = store, digests
        self._present: Mapping[str, str] | None = None
        self._newest: dict[str, Any] = {}
        self._until = 0.0
        self._lock = threading.Lock()

    def newest(self) -> dict[str, Any]:
        """``scores`` (policy, share, low, high), best first, and ``pairs`` (the tallies).

        Raises:
            DataError: The votes cannot be read.
        """
        with self._lock:
            if time.monotonic() >= self._until:
                self._newest = self._computed()
                self._until = time.monotonic() + FRESH_S
            return self._newest

    def refresh(self) -> None:
        """A vote came: compute anew at the next call."""
        self._until = 0.0

    def _computed(self) -> dict[str, Any]:
        self._present = self._present or self._digests()
        tallies = self._store.tallies(self._present)
        pairs = [{**asdict(tally), "n": tally.n} for tally in tallies]
        return {"scores": [asdict(s) for s in score(tallies)], "pairs": pairs}
