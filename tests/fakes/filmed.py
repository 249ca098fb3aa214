"""What the Robustness tab needs, without a simulator: a catalogue, runs that take no time, and their videos."""

import time
from dataclasses import replace

from tests.fakes.blind import video
from tests.fakes.brain import catalogue as drawn
from tests.fakes.grid import FakeExecutor
from wam_demo.evaluate.grid.run import GridRun
from wam_demo.policies.registry import policy_spec
from wam_demo.ui.shared.catalogue import Catalogue


def catalogue() -> Catalogue:
    """The drawn world's catalogue with names that the evaluation knows."""
    policies = {name: policy_spec(name) for name in ("expert", "hold")}
    live = drawn()
    return replace(
        live,
        backend=replace(live.backend, horizons={**live.backend.horizons, "push": 90}),
        tasks={"push": "Push", "reach": "Reach"},
        policies=policies,
    )


class FilmedRun(GridRun):
    """Its videos show no simulator."""

    def video(self, record):
        path = self.out / f"{record.policy}-{record.seed}.mp4"
        video(path, 60 + record.seed % 100)
        return path


def open_filmed(pace_s: float = 0.0):
    """Opens runs whose episodes take ``pace_s``."""
    return lambda spec, out: FilmedRun(spec, out, executor=FakeExecutor(pace_s))


def until(holds, timeout: float = 20.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.01)
