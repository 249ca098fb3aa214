"""Attempts that visitors share: the log, a line about it and a picture, in SQLite, under names nobody guesses."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from wam_demo.errors import DataError, InvalidInputError
from wam_demo.limits import SHARES_KEPT

LOCK_S = 10.0
"""How long a writer waits for another one [s]."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS shares (
  id TEXT PRIMARY KEY, made REAL NOT NULL, packed TEXT NOT NULL, line TEXT NOT NULL, picture BLOB NOT NULL
) STRICT;
"""


@dataclass(frozen=True)
class Share:
    """One shared attempt.

    Attributes:
        packed: Its log, as `runtime.logfile.pack` gives it.
        line: What happened, for the preview of a link.
        picture: JPEG; empty if the attempt was not kept.
    """

    packed: str
    line: str
    picture: bytes


class ShareStore:
    """Shared attempts in one file; any thread and any process may call at any time.

    Args:
        path: The database; made with the first share.
        kept: The oldest ones beyond this number are forgotten.
    """

    def __init__(self, path: Path, kept: int = SHARES_KEPT) -> None:
        self._path, self._kept = path, kept

    def keep(self, share: Share) -> str:
        """Store an attempt; returns its name.

        Raises:
            DataError: The database cannot be written to.
        """
        name = secrets.token_urlsafe(6)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"cannot keep shared attempts in {self._path}: {error.strerror}") from None
        with self._connect() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
            row = (name, time.time(), share.packed, share.line, share.picture)
            connection.execute("INSERT INTO shares VALUES (?, ?, ?, ?, ?)", row)
            oldest = "SELECT id FROM shares ORDER BY made DESC, rowid DESC LIMIT -1 OFFSET ?"
            connection.execute(f"DELETE FROM shares WHERE id IN ({oldest})", [self._kept])
        return name

    def find(self, name: object) -> Share:
        """A shared attempt.

        Raises:
            InvalidInputError: There is none of this name (any more).
            DataError: The database cannot be read.
        """
        row = None
        if isinstance(name, str) and self._path.exists():
            with self._connect() as connection:
                connection.executescript(_SCHEMA)
                query = "SELECT packed, line, picture FROM shares WHERE id = ?"
                row = connection.execute(query, [name]).fetchone()
        if row is None:
            raise InvalidInputError("this shared attempt is not kept here (any more)")
        return Share(*row)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=LOCK_S, isolation_level=None)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise DataError(f"cannot keep shared attempts in {self._path}: {error}") from None
