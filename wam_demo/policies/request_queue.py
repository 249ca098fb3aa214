"""The requests to one inference engine, of which each is resolved exactly once."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import Any

from wam_demo.errors import PolicyBusy, PolicyFault
from wam_demo.policies.request import Request, settle
from wam_demo.policies.timing import CallLog
from wam_demo.types import Prediction


class RequestQueue:
    """Plans that wait, frames of dreams, imaginations and probes that wait, and what is being answered; thread-safe.

    Args:
        size: Requests that may wait.
        window: Calls that the percentiles of `log` look back on.
    """

    def __init__(self, size: int, window: int) -> None:
        self.changed = threading.Condition()
        """Held around everything below; notified when a request arrives, and on `close`."""
        self.acting: deque[Request] = deque()
        self.urgent: deque[Request] = deque()
        self.aside: deque[Request] = deque()
        self.log = CallLog(window)
        self.closed = False
        self.newest = -math.inf  # `time.monotonic` of the last request
        self._size = size
        self._open: set[Request] = set()  # whoever removes a request from here resolves it

    @property
    def waiting(self) -> int:
        """Requests that nobody works on yet."""
        return len(self.acting) + len(self.urgent) + len(self.aside)

    def put(self, request: Request) -> None:
        """Let a request wait for its turn.

        Raises:
            PolicyBusy: Too many wait.
            PolicyFault: The engine is closed.
        """
        with self.changed:
            if self.closed:
                raise PolicyFault("the inference engine is closed")
            if self.waiting >= self._size:
                raise PolicyBusy(f"the inference engine is overloaded: {self.waiting} requests wait")
            waiting = self.acting if request.stages is None else self.urgent if request.urgent else self.aside
            waiting.append(request)
            self._open.add(request)
            self.newest = request.submitted
            self.changed.notify_all()

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing is open, and nothing came for so long."""
        with self.changed:
            return not self._open and time.monotonic() - self.newest >= seconds

    def take(self, queue: deque[Request], size: int) -> list[Request]:
        """The oldest requests that still want an answer; one that is alone shares with no other."""
        batch: list[Request] = []
        with self.changed:
            while queue and len(batch) < size:
                if batch and (batch[0].alone or queue[0].alone):
                    break
                request = queue.popleft()
                if request not in self._open:
                    continue
                if request.future.set_running_or_notify_cancel():
                    batch.append(request)
                else:
                    self._open.discard(request)
        return batch

    def holds(self, request: Request) -> bool:
        """Whether a request still wants its answer."""
        return request in self._open

    def resolve(self, request: Request, answer: Any) -> float | None:
        """Answer a request; returns how long that took [s], or ``None`` if it was too late."""
        with self.changed:
            if request not in self._open:
                return None
            self._open.remove(request)
            took = time.monotonic() - request.submitted
            self.log.answered += 1
            if isinstance(answer, Prediction):
                self.log.answer_ms.append(1e3 * took)
        settle(lambda: request.future.set_result(answer))
        return took

    def fail(self, request: Request, error: Exception) -> None:
        """Answer a request with an error, unless it has its answer."""
        with self.changed:
            if request not in self._open:
                return
            self._open.remove(request)
            self.log.faults += 1
        settle(lambda: request.future.set_exception(error))

    def expire(self) -> None:
        """Fail what is late, or wait until something may be; call it in a loop."""
        with self.changed:
            if self.closed:
                return
            now = time.monotonic()
            late = [request for request in self._open if request.deadline <= now]
            if not late:
                nearest = min((request.deadline for request in self._open), default=None)
                self.changed.wait(None if nearest is None else nearest - now)
        for request in late:
            self.fail(request, PolicyBusy(f"no answer after {1e3 * (now - request.submitted):.0f} ms"))

    def close(self) -> None:
        """Refuse what waits and what comes. Idempotent."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
            requests = list(self._open)
        for request in requests:
            self.fail(request, PolicyFault("the inference engine is closed"))
