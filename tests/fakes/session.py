"""A session that is driven by hand: no thread, no real time."""

import time
from collections.abc import Callable

from tests.fakes import brain
from tests.fakes.clock import ManualClock
from wam_demo.runtime import Backend, Command, Planner, Session, SessionView, Settings, Watcher


class Driven(Watcher):
    """A session, and everything that it reports."""

    def __init__(self, backend: Backend, settings: Settings, clock: ManualClock) -> None:
        self.views: list[SessionView] = []
        self.records = []
        self.resets = 0
        self.clock = clock
        self.session = Session(settings, backend, [self], clock)
        self.session.open()

    def on_reset(self, observation) -> None:
        self.resets += 1

    def on_step(self, record) -> None:
        self.records.append(record)

    def on_view(self, view: SessionView) -> None:
        self.views.append(view)

    @property
    def last(self) -> SessionView:
        return self.views[-1]

    def post(self, kind: str, **parameters) -> None:
        self.session.post(Command(kind, parameters))

    def run(self, seconds: float) -> None:
        """Let so much time pass, and a little more."""
        end = self.clock.time + seconds
        while self.clock.time < end:
            self.session.tick()

    def until(self, holds: Callable[[SessionView], bool], seconds: float = 30.0) -> SessionView:
        """The first view from now on for which something holds; plans need real time, they come from a thread."""
        end, patience = self.clock.time + seconds, time.monotonic() + 5
        while not (self.views and holds(self.last)):
            in_time = self.clock.time < end or time.monotonic() < patience
            assert in_time, f"never happened; last: {self.views[-1] if self.views else None}"
            self.session.tick()
        return self.last

    def exported(self, kind: str):
        return self.until(lambda view: view.export is not None and view.export.kind == kind).export.content


def late_backend(clock: ManualClock, horizon: int = 90, plan_s: float = 0.04, imagine_s: float = 0.2) -> Backend:
    """As `brain.backend`, with answers that come after a time of the clock."""
    parts = brain.backend(horizon)
    steer = Planner(
        lambda seen: clock.later(plan_s, lambda: brain.checked(seen)),
        lambda seen, chunk: clock.later(imagine_s, lambda: brain.imagine(seen)),
        lockstep=lambda seen, seed: brain.at_once(seen),
    )
    return Backend(
        parts.open_source,
        lambda policy, source: steer if policy == "steer" else brain.hold_planner(),
        parts.sample,
        parts.horizons,
        open_dream=parts.open_dream,
    )
