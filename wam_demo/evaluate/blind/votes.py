"""Votes of blind matches in SQLite: written at once, safe for many visitors, there after a restart."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from wam_demo.errors import DataError, InvalidInputError, UnknownNameError
from wam_demo.evaluate.blind.match import Match

Choice = Literal["left", "right", "tie", "neither"]
CHOICES: tuple[str, ...] = get_args(Choice)
"""What a visitor can say: one side is better, both are as good, both are bad."""
LOCK_S = 10.0
"""How long a writer waits for another one [s]."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS matches (
  id TEXT PRIMARY KEY, made REAL NOT NULL, task TEXT NOT NULL, scene INTEGER NOT NULL,
  axis TEXT NOT NULL, severity INTEGER NOT NULL,
  left_policy TEXT NOT NULL, left_sha256 TEXT NOT NULL, left_success INTEGER NOT NULL, left_steps INTEGER NOT NULL,
  right_policy TEXT NOT NULL, right_sha256 TEXT NOT NULL, right_success INTEGER NOT NULL, right_steps INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS votes (
  match TEXT PRIMARY KEY REFERENCES matches (id), cast_at REAL NOT NULL,
  choice TEXT NOT NULL CHECK (choice IN ('left', 'right', 'tie', 'neither')), voter TEXT NOT NULL DEFAULT ''
) STRICT;
"""
_VOTER = "ALTER TABLE votes ADD COLUMN voter TEXT NOT NULL DEFAULT ''"
"""For a database of a time when voters were not told apart."""
_PRESENT = """
left_sha256 = (SELECT sha256 FROM present WHERE policy = left_policy)
AND right_sha256 = (SELECT sha256 FROM present WHERE policy = right_policy)
"""
_PAIRS = f"""
SELECT left_policy, right_policy, choice, count(*) FROM votes JOIN matches ON matches.id = votes.match
WHERE {_PRESENT} GROUP BY left_policy, right_policy, choice
"""
_VOTERS = f"""
SELECT voter, count(*) FROM votes JOIN matches ON matches.id = votes.match WHERE {_PRESENT}
GROUP BY voter ORDER BY 2 DESC
"""
_PLAYED = """
SELECT {side}_policy, axis, severity, {side}_success FROM matches
WHERE {side}_sha256 = (SELECT sha256 FROM present WHERE policy = {side}_policy)
"""


@dataclass(frozen=True)
class Tally:
    """All votes on one pair of policies.

    Attributes:
        first: Name of a policy.
        second: Name of the other one, later in the alphabet.
        first_wins: Votes for the first.
        second_wins: Votes for the second.
        ties: Votes that both are as good.
        neither: Votes that both are bad.
    """

    first: str
    second: str
    first_wins: int = 0
    second_wins: int = 0
    ties: int = 0
    neither: int = 0

    @property
    def n(self) -> int:
        """All votes."""
        return self.first_wins + self.second_wins + self.ties + self.neither


class VoteStore:
    """Matches and the votes on them, in one file.

    Every call opens a connection of its own: SQLite orders the writers, so any thread and any
    process may call at any time. A vote is on disk when `add` returns.

    Args:
        path: The database; made when it does not exist.

    Raises:
        DataError: It cannot be opened or written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"cannot keep votes in {path}: {error.strerror}") from None
        with self._connect() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
            if "voter" not in [row[1] for row in connection.execute("PRAGMA table_info(votes)")]:
                connection.execute(_VOTER)

    def keep(self, name: str, match: Match) -> None:
        """Remember a match, so that it can be voted on, also after a restart.

        Raises:
            DataError: The database cannot be written to.
        """
        pairing, left, right = match.pairing, match.left, match.right
        row = (
            name, time.time(), pairing.task, pairing.scene, pairing.axis, pairing.severity,
            left.policy, left.checkpoint_sha256, left.success, left.steps,
            right.policy, right.checkpoint_sha256, right.success, right.steps,
        )  # fmt: skip
        with self._connect() as connection:
            connection.execute(f"INSERT INTO matches VALUES ({', '.join('?' * len(row))})", row)

    def add(self, name: str, choice: object, voter: str = "") -> None:
        """Count a vote; each match has one.

        Args:
            name: Of the match.
            choice: One of `CHOICES`.
            voter: Tells this person's votes from those of others, and says nothing else about them.

        Raises:
            UnknownNameError: There is no such choice.
            InvalidInputError: There is no such match, or it has its vote already.
            DataError: The database cannot be written to.
        """
        if not isinstance(choice, str) or choice not in CHOICES:
            raise UnknownNameError("vote", choice, CHOICES)
        with self._connect() as connection:
            if connection.execute("SELECT 1 FROM matches WHERE id = ?", [name]).fetchone() is None:
                raise InvalidInputError("this match is not known here; take the next one")
            done = connection.execute(
                "INSERT OR IGNORE INTO votes VALUES (?, ?, ?, ?)", [name, time.time(), choice, voter]
            )
            if done.rowcount == 0:
                raise InvalidInputError("this match has its vote already")

    def revealed(self, name: str) -> dict[str, Any]:
        """Who was who in a match: ``scene`` and, by side, ``policy``, ``success`` and ``steps``.

        Raises:
            InvalidInputError: There is no such match, or nobody has voted on it yet.
        """
        query = "SELECT matches.* FROM matches JOIN votes ON matches.id = votes.match WHERE id = ?"
        with self._connect() as connection:
            connection.row_factory = sqlite3.Row
            row = connection.execute(query, [name]).fetchone()
        if row is None:
            raise InvalidInputError("this match has no vote yet")
        sides = {
            side: {
                "policy": row[f"{side}_policy"],
                "success": bool(row[f"{side}_success"]),
                "steps": row[f"{side}_steps"],
            }
            for side in ("left", "right")
        }
        return {"scene": row["scene"], "sides": sides}

    def tallies(self, digests: Mapping[str, str]) -> list[Tally]:
        """Votes by pair of policies, for these weights only: others are other policies.

        Args:
            digests: SHA-256 of the present weights by policy; empty for a scripted one.
        """
        found: dict[tuple[str, str], Counter[str]] = {}
        for left, right, choice, count in self._of_present(_PAIRS, digests):
            who = {"left": left, "right": right}.get(choice, choice)
            found.setdefault((min(left, right), max(left, right)), Counter())[who] += count
        return [
            Tally(first, second, votes[first], votes[second], votes["tie"], votes["neither"])
            for (first, second), votes in sorted(found.items())
        ]

    @property
    def matches(self) -> int:
        """Matches ever made."""
        with self._connect() as connection:
            return int(connection.execute("SELECT count(*) FROM matches").fetchone()[0])

    def voters(self, digests: Mapping[str, str]) -> list[int]:
        """Votes of each person, for these weights only, the most first; those of a time without voters are one."""
        return [int(count) for _, count in self._of_present(_VOTERS, digests)]

    def played(self, digests: Mapping[str, str]) -> list[tuple[str, str, int, bool]]:
        """Policy, axis, severity and success of every episode of these weights, voted on or not."""
        sides = [self._of_present(_PLAYED.format(side=side), digests) for side in ("left", "right")]
        return [(policy, axis, severity, bool(success)) for rows in sides for policy, axis, severity, success in rows]

    def _of_present(self, query: str, digests: Mapping[str, str]) -> list[tuple[Any, ...]]:
        with self._connect() as connection:
            connection.execute("CREATE TEMP TABLE present (policy TEXT PRIMARY KEY, sha256 TEXT NOT NULL)")
            connection.executemany("INSERT INTO present VALUES (?, ?)", digests.items())
            return connection.execute(query).fetchall()

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=LOCK_S, isolation_level=None)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise DataError(f"cannot keep votes in {self.path}: {error}") from None
