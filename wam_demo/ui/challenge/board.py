"""Today's best attempts of everybody on this server, without names, beside the shared attempts that they are."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from wam_demo.errors import DataError
from wam_demo.ui.share.store import LOCK_S

PLACES = 10
"""Attempts a day and policy that are shown."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS challenge (
  share TEXT PRIMARY KEY, day TEXT NOT NULL, policy TEXT NOT NULL, size REAL NOT NULL, made REAL NOT NULL
) STRICT;
"""
_BEST = """
SELECT share, size, line FROM challenge JOIN shares ON shares.id = challenge.share
WHERE day = ? AND policy = ? ORDER BY size, challenge.made LIMIT ?
"""


@dataclass(frozen=True)
class Entry:
    """One attempt.

    Attributes:
        share: Name of the shared attempt, which replays.
        size: What the policy failed at.
        line: What happened.
    """

    share: str
    size: float
    line: str


class Board:
    """The best of each day; any thread and any process may call at any time.

    Args:
        path: The database of the shared attempts.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def deserves(self, day: date, policy: str, size: float) -> bool:
        """Whether an attempt would be shown; equal ones come after those that were there before."""
        best = self.best(day, policy)
        return len(best) < PLACES or size < best[-1].size

    def enter(self, day: date, policy: str, size: float, share: str) -> int | None:
        """Add an attempt; returns its place, from 1, if it is shown. Days before are forgotten.

        Raises:
            DataError: The database cannot be written to.
        """
        with self._connect() as connection:
            connection.execute("DELETE FROM challenge WHERE day < ?", [day.isoformat()])
            row = (share, day.isoformat(), policy, size, time.time())
            connection.execute("INSERT INTO challenge VALUES (?, ?, ?, ?, ?)", row)
        shown = [entry.share for entry in self.best(day, policy)]
        return 1 + shown.index(share) if share in shown else None

    def best(self, day: date, policy: str) -> list[Entry]:
        """The smallest first.

        Raises:
            DataError: The database cannot be read.
        """
        if not self._path.exists():
            return []
        with self._connect() as connection:
            return [Entry(*row) for row in connection.execute(_BEST, [day.isoformat(), policy, PLACES])]

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=LOCK_S, isolation_level=None)) as connection:
                connection.executescript(_SCHEMA)
                yield connection
        except sqlite3.Error as error:
            raise DataError(f"cannot keep the challenge in {self._path}: {error}") from None
