"""The time that a session keeps; tests bring their own."""

import queue
import time

from wam_demo.runtime.contracts import Command


class SessionClock:
    """The real time."""

    def now(self) -> float:
        """Seconds that only grow."""
        return time.perf_counter()

    def next_command(self, commands: queue.Queue[Command | None], seconds: float) -> Command | None:
        """The next command, waiting for it at most so long; raises `queue.Empty` without one."""
        return commands.get(timeout=seconds) if seconds > 0 else commands.get_nowait()
