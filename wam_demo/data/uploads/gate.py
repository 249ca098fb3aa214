"""The one gate through which this process reads recordings: how many at a time, and who waits for whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from wam_demo.errors import InvalidInputError
from wam_demo.limits import DECODE_MEMORY_BYTES, READER_TURNS, READER_WAIT_S, READERS_BYTES, READERS_WAITING


@dataclass(eq=False)
class _Turn:
    visitor: object


class ReaderGate:
    """Gives turns in the order of asking, one at a time to each visitor.

    Args:
        places: Turns at a time; each may take `DECODE_MEMORY_BYTES`.
        waiting: Turns that may be waited for; further ones are refused.
        wait_s: Longest wait [s].
    """

    def __init__(
        self,
        places: int = READERS_BYTES // DECODE_MEMORY_BYTES,
        waiting: int = READERS_WAITING,
        wait_s: float = READER_WAIT_S,
    ) -> None:
        self._places, self._longest, self._wait_s = places, waiting, wait_s
        self._running: list[_Turn] = []
        self._waiting: list[_Turn] = []
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, visitor: str = "") -> Iterator[None]:
        """Wait for a turn and hold it.

        Args:
            visitor: Key of a page; the command line has none and may hold several turns.

        Raises:
            InvalidInputError: Too many wait, this visitor waits already, or no turn came in time.
        """
        turn = _Turn(visitor or object())
        with self._changed:
            self._enter(turn)
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(turn)
                self._changed.notify_all()

    def position(self, visitor: str) -> int:
        """Place in the queue from 1 on; 0 for who does not wait."""
        with self._changed:
            return next((i for i, turn in enumerate(self._waiting, 1) if turn.visitor == visitor), 0)

    def _enter(self, turn: _Turn) -> None:
        if sum(other.visitor == turn.visitor for other in self._waiting) >= READER_TURNS:
            raise InvalidInputError("this page already waits for a recording to be read; try again after that")
        if len(self._waiting) >= self._longest:
            raise InvalidInputError(f"{self._longest} recordings wait to be read; try again in a minute")
        self._waiting.append(turn)
        deadline = time.monotonic() + self._wait_s
        try:
            while self._next() is not turn:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise InvalidInputError(f"no turn to read the recording came in {self._wait_s:.0f} s; try again")
                self._changed.wait(left)
            self._running.append(turn)
        finally:
            self._waiting.remove(turn)
            self._changed.notify_all()

    def _next(self) -> _Turn | None:
        """Who may go in now: the first whose visitor holds no turn."""
        if len(self._running) >= self._places:
            return None
        busy = [turn.visitor for turn in self._running]
        return next((turn for turn in self._waiting if turn.visitor not in busy), None)


READERS = ReaderGate()
"""Whatever reads or converts a visitor's recording in this process takes its turn here."""
FETCHES = ReaderGate()
"""Downloads have turns of their own, so that a slow network holds up no reader."""


def place_in_queue(visitor: str) -> int:
    """Place from 1 on of who waits for either; 0 for who does not wait."""
    return max(READERS.position(visitor), FETCHES.position(visitor))
