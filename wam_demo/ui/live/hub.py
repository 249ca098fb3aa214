"""Who is here: one session per visitor, a queue when all are taken, and nobody who has left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wam_demo.errors import InvalidInputError
from wam_demo.limits import LIVE_SESSIONS, QUEUE_SIZE, SESSION_IDLE_S
from wam_demo.runtime import Session
from wam_demo.ui.live.screen import Screen


@dataclass(eq=False)
class Visitor:
    """One page.

    Attributes:
        key: Names the page.
        session: Its session; ``None`` while it waits for a place.
        wishes: What it asks its session to begin with, as the page sent it.
        screen: What its session shows.
        last_seen: When the page was last heard of, `time.monotonic`.
        received: Number of the last packet that the page has drawn.
        missed: It has not last_seen every packet before that one.
        streams: Counts its streams; only the newest one goes on.
    """

    key: str
    session: Session | None = None
    wishes: Mapping[str, Any] = field(default_factory=dict)
    screen: Screen = field(default_factory=Screen)
    last_seen: float = field(default_factory=time.monotonic)
    received: int = 0
    missed: bool = False
    streams: int = 0


class Hub:
    """Admits visitors, finds their sessions, and closes what nobody looks at.

    Args:
        open_session: Makes a session that reports to a screen, from what its page wishes; it is started here.
        capacity: Sessions at a time.
        idle_s: A page that was not heard of for this long has left [s].
    """

    def __init__(
        self,
        open_session: Callable[[Screen, Mapping[str, Any]], Session],
        capacity: int = LIVE_SESSIONS,
        idle_s: float = SESSION_IDLE_S,
    ) -> None:
        self._open_session = open_session
        self._capacity = capacity
        self._idle_s = idle_s
        self._visitors: dict[str, Visitor] = {}  # in the order of arrival
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._reaper = threading.Thread(target=self._reap, name="reaper", daemon=True)
        self._reaper.start()

    def visit(self, key: str) -> Visitor:
        """The visitor of a page, new or known.

        Raises:
            InvalidInputError: More visitors wait than the queue holds.
        """
        with self._lock:
            visitor = self._visitors.get(key)
            if visitor is None:
                if len(self._visitors) >= self._capacity + QUEUE_SIZE:
                    raise InvalidInputError("too many visitors wait already; please come back later")
                visitor = self._visitors[key] = Visitor(key)
            visitor.last_seen = time.monotonic()
            return visitor

    def admit(self, visitor: Visitor) -> int:
        """Give the visitor a session if there is a place; returns its position in the queue, 0 = in."""
        with self._lock:
            if self._visitors.get(visitor.key) is not visitor:
                return len(self._visitors)
            if visitor.session is not None:
                return 0
            waiting = [v for v in self._visitors.values() if v.session is None]
            position = waiting.index(visitor) + 1
            if position > self._capacity - self.live:
                return position - max(0, self._capacity - self.live)
            visitor.session = self._open_session(visitor.screen, visitor.wishes)
            visitor.session.start()
            return 0

    def receipt(self, key: str, number: int, missed: bool = False) -> None:
        """The page has drawn everything up to packet ``number``, unless it ``missed`` some."""
        visitor = self._visitors.get(key)
        if visitor is not None:
            visitor.last_seen = time.monotonic()
            visitor.received = max(visitor.received, number)
            visitor.missed |= missed
            if visitor.session is not None:
                visitor.session.heard()

    def session(self, key: str) -> Session:
        """The session of a page.

        Raises:
            InvalidInputError: It has none (any more).
        """
        visitor = self._visitors.get(key)
        if visitor is None or visitor.session is None:
            raise InvalidInputError("this page has no live session")
        return visitor.session

    def leave(self, key: str) -> None:
        """The page is gone: close its session now."""
        with self._lock:
            visitor = self._visitors.pop(key, None)
        if visitor is not None:
            visitor.streams += 1
            if visitor.session is not None:
                visitor.session.close()

    @property
    def live(self) -> int:
        """Sessions that are open."""
        return sum(visitor.session is not None for visitor in self._visitors.values())

    @property
    def visitors(self) -> int:
        """Pages that are here, with or without a session."""
        return len(self._visitors)

    def close(self) -> None:
        """Close every session."""
        self._closed.set()
        for key in list(self._visitors):
            self.leave(key)

    def _reap(self) -> None:
        while not self._closed.wait(min(1.0, self._idle_s / 4)):
            oldest = time.monotonic() - self._idle_s
            for key in [v.key for v in list(self._visitors.values()) if v.last_seen < oldest]:
                self.leave(key)
