"""Probes in the engine: plans go first."""

import threading

import numpy as np
import pytest

from tests.fakes.policies import FakePolicy, observation
from tests.fakes.prober import GRID
from wam_demo.errors import PolicyFault
from wam_demo.policies.engine import InferenceEngine

WAIT_S = 5.0
EDITS = GRID.keep()[None]


class StagedProber(FakePolicy):
    """Notes the order of its work and waits in its first stage."""

    def __init__(self):
        super().__init__()
        self.started, self.proceed = threading.Event(), threading.Event()

    def probe_stages(self, seen, edits, *, seed=0):
        for stage in range(3):
            self.calls.append(f"probe{stage}")
            self.started.set()
            self.proceed.wait(WAIT_S)
            if seen.instruction == "raise":
                raise RuntimeError("no tokens")
            yield None
        yield ("probed", len(edits), seed)


@pytest.fixture
def start():
    engines = []

    def _start(policy):
        engines.append(InferenceEngine(policy))
        return engines[-1]

    yield _start
    for engine in engines:
        engine.close()


def test_a_plan_goes_between_the_stages_of_a_probe(start):
    policy = StagedProber()
    engine = start(policy)
    probed = engine.submit_probe(observation(), EDITS, seed=7)
    assert policy.started.wait(WAIT_S)
    planned = engine.submit(observation())
    policy.proceed.set()
    planned.result(WAIT_S)
    assert probed.result(WAIT_S) == ("probed", 1, 7)
    assert policy.calls == ["probe0", "act", "probe1", "probe2"]
    assert engine.stats().imagine_ms["p50"] == 0


def test_a_probe_that_fails_is_a_fault_and_the_next_one_works(start):
    policy = StagedProber()
    policy.proceed.set()
    engine = start(policy)
    with pytest.raises(PolicyFault, match="no tokens"):
        engine.submit_probe(observation(instruction="raise"), EDITS).result(WAIT_S)
    assert engine.submit_probe(observation(), np.repeat(EDITS, 2, 0), seed=1).result(WAIT_S) == ("probed", 2, 1)
