"""The blind matches: who waits, who looks at which match, and one worker that plays the next."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.evaluate.blind.match import Match
from wam_demo.evaluate.blind.votes import VoteStore
from wam_demo.limits import BLIND_AHEAD, QUEUE_SIZE, SESSION_IDLE_S

ABSENT_S = 5.0
"""A waiting page that was not heard of for this long lets others pass [s]."""
RETRY_S = 2.0
"""Pause after a match that could not be played [s]."""
FIRST_GUESS_S = 20.0
"""What a match is taken to need before one was played [s]."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Guest:
    """One page: what it looks at, and when it was last heard of (`time.monotonic`)."""

    key: str
    name: str | None = None
    last_seen: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Place:
    """Where a page stands.

    Attributes:
        name: Of the match it may look at; ``None`` while it waits.
        match: The match itself.
        position: Its place in the queue, from 1; 0 when it has a match.
        wait_s: Expected time until its match is there [s].
        trouble: Why matches do not come; empty when they do.
    """

    name: str | None
    match: Match | None
    position: int = 0
    wait_s: float = 0.0
    trouble: str = ""


class BlindMatches:
    """Gives every guest a match of their own, played by one worker, a few ahead of the demand.

    Every match is shown to one person at a time and gets one vote, so votes are independent. The
    worker rests when nobody is there.

    Args:
        make: Plays the n-th match, in the worker's thread; ``None`` when it failed technically.
        store: Where matches and votes are kept.
        idle_s: A page that was not heard of for this long has left [s].
        ahead: Matches played before anybody asks.
    """

    def __init__(
        self,
        make: Callable[[int], Match | None],
        store: VoteStore,
        idle_s: float = SESSION_IDLE_S,
        ahead: int = BLIND_AHEAD,
    ) -> None:
        self.store = store
        self._make, self._idle_s, self._ahead = make, idle_s, ahead
        self._changed = threading.Condition()
        self._guests: dict[str, Guest] = {}  # in the order of arrival
        self._matches: dict[str, Match] = {}  # ready or looked at
        self._ready: deque[str] = deque()
        self._next_number = store.matches
        self._match_s, self._began = FIRST_GUESS_S, 0.0
        self._trouble = ""
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="blind-matches", daemon=True)
        self._worker.start()

    def look(self, key: str) -> Place:
        """What this page may look at, or its place in the queue; call it about once a second.

        Raises:
            InvalidInputError: More pages wait than the queue holds.
        """
        with self._changed:
            guest = self._guest(key)
            waiting = self._waiting()
            if guest.name is None and waiting.index(guest) < len(self._ready):
                guest.name = self._ready.popleft()
            self._changed.notify_all()
            if guest.name is not None:
                return Place(guest.name, self._matches[guest.name])
            position = waiting.index(guest) + 1
            return Place(None, None, position, self._wait_s(position - len(self._ready)), self._trouble)

    def take_next(self, key: str) -> Place:
        """Have done with the present match and ask for the next; what was not voted on is shown to others."""
        with self._changed:
            self._release(self._guest(key))
        return self.look(key)

    def vote(self, key: str, name: str, choice: object, voter: str = "") -> None:
        """Store a vote of somebody; the match may also stem from before a restart.

        Raises:
            WamDemoError: The vote is not usable or cannot be stored.
        """
        self.store.add(name, choice, voter)
        with self._changed:
            self._matches.pop(name, None)
            if name in self._ready:  # somebody was away for long, voted nevertheless, and came first
                self._ready.remove(name)
            for guest in [g for g in self._guests.values() if g.name == name]:
                guest.name = None
                self._to_the_end(guest)

    def video(self, key: str, name: str, side: str) -> bytes:
        """The mp4 of one side of the match that this page looks at.

        Raises:
            InvalidInputError: The page does not look at this match (any more).
        """
        with self._changed:
            guest, match = self._guests.get(key), self._matches.get(name)
        if match is None or guest is None or guest.name != name or side not in ("left", "right"):
            raise InvalidInputError("this match is over; take the next one")
        return (match.left if side == "left" else match.right).video

    def close(self) -> None:
        """Stop the worker; a match in progress is given ten seconds. Idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._worker.join(timeout=10.0)

    # With the lock held

    def _guest(self, key: str) -> Guest:
        self._reap()
        guest = self._guests.get(key)
        if guest is None:
            if len(self._guests) >= QUEUE_SIZE:
                raise InvalidInputError("too many visitors vote already; please come back later")
            guest = self._guests[key] = Guest(key)
        guest.last_seen = time.monotonic()
        return guest

    def _waiting(self) -> list[Guest]:
        now = time.monotonic()
        return [g for g in self._guests.values() if g.name is None and now - g.last_seen < ABSENT_S]

    def _reap(self) -> None:
        oldest = time.monotonic() - self._idle_s
        for guest in [g for g in self._guests.values() if g.last_seen < oldest]:
            self._release(guest)
            del self._guests[guest.key]

    def _release(self, guest: Guest) -> None:
        """A match that nobody voted on goes to the next guest, and this one to the end of the queue."""
        if guest.name is not None:
            self._ready.append(guest.name)
        guest.name = None
        self._to_the_end(guest)

    def _to_the_end(self, guest: Guest) -> None:
        self._guests[guest.key] = self._guests.pop(guest.key)

    def _wait_s(self, missing: int) -> float:
        running = time.monotonic() - self._began if self._began else 0.0
        return max(1.0, missing * self._match_s - running)

    def _is_wanted(self) -> bool:
        self._reap()
        return bool(self._guests) and len(self._ready) < len(self._waiting()) + self._ahead

    # The worker

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._closed and not self._is_wanted():
                    self._changed.wait(self._idle_s / 4)
                if self._closed:
                    return
                self._began = time.monotonic()
            try:
                self._play_one()
            except WamDemoError as error:
                self._failed(str(error))
            except Exception as error:
                _log.exception("blind match")
                self._failed(f"an internal error ({type(error).__name__})")

    def _play_one(self) -> None:
        number, self._next_number = self._next_number, self._next_number + 1
        match = self._make(number)
        if match is None:
            self._failed("the simulator or a policy failed; the next one is tried")
            return
        name = secrets.token_urlsafe(12)
        self.store.keep(name, match)
        with self._changed:
            took, self._began = time.monotonic() - self._began, 0.0
            self._match_s += 0.3 * (took - self._match_s)
            self._trouble = ""
            self._matches[name] = match
            self._ready.append(name)

    def _failed(self, why: str) -> None:
        with self._changed:
            self._began = 0.0
            self._trouble = " ".join(f"no match could be played: {why}".split())
            self._changed.wait_for(lambda: self._closed, RETRY_S)
