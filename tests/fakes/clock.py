"""Time that passes as fast as somebody waits for it."""

import heapq
import itertools
import queue
from collections.abc import Callable
from concurrent.futures import Future

from wam_demo.runtime.clock import SessionClock


class ManualClock(SessionClock):
    """A session's clock without real time; what was put off happens while time passes."""

    def __init__(self) -> None:
        self.time = 0.0
        self._count = itertools.count()
        self._later: list[tuple[float, int, Callable[[], None]]] = []

    def now(self) -> float:
        return self.time

    def next_command(self, commands, seconds):
        try:
            return commands.get_nowait()
        except queue.Empty:
            self.pass_time(max(0.0, seconds))
            raise

    def pass_time(self, seconds: float) -> None:
        end = self.time + seconds
        while self._later and self._later[0][0] <= end:
            self.time, _, call = heapq.heappop(self._later)
            call()
        self.time = end

    def later(self, seconds: float, work: Callable[[], object]) -> Future:
        """A future that is resolved with what ``work`` gives, after so long."""
        future: Future = Future()

        def resolve() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(work())
            except Exception as error:
                future.set_exception(error)

        heapq.heappush(self._later, (self.time + seconds, next(self._count), resolve))
        return future
