"""A page over an arm on a bench: its time passes while the session waits."""

import queue

import numpy as np

from tests.fakes.session import Driven
from wam_demo.runtime.person import PersonCommand


class BenchClock:
    """The bench's time, as a session's clock."""

    def __init__(self, bench):
        self.bench = bench

    @property
    def time(self):
        return self.bench.clock()

    def now(self):
        return self.bench.clock()

    def next_command(self, commands, seconds):
        try:
            return commands.get_nowait()
        except queue.Empty:
            self.bench.sleep(max(seconds, 0.001))
            raise


class BenchPage(Driven):
    """A page that is there, until it is told to be silent."""

    silent = False

    def until(self, holds, seconds=30.0):
        end = self.clock.time + seconds
        while not holds(self.last):
            assert self.clock.time < end, f"never happened; last: {self.last}"
            self.tick()
        return self.last

    def run(self, seconds):
        end = self.clock.time + seconds
        while self.clock.time < end:
            self.tick()

    def tick(self):
        if not self.silent:
            self.session.heard()
        self.session.tick()

    def drive(self, number, x=0.0, y=0.0):
        """A held control moves the hand so fast [m/s]."""
        self.session.drive(PersonCommand(number, True, np.array([x, y, 0, 0, 0, 0], np.float32)))
