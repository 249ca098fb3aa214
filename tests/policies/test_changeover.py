"""An engine changes over to what is the fastest, while nobody acts."""

import threading
import time

import pytest

from tests.fakes.policies import FakePolicy, observation
from wam_demo.errors import WamDemoError
from wam_demo.policies.changeover import Changeover
from wam_demo.policies.engine import InferenceEngine
from wam_demo.policies.registry import PolicySpec, register, unregister

WAIT_S = 5.0


@pytest.fixture
def engine():
    """Of a policy that was never measured."""
    register(PolicySpec("unmeasured", "", "", lambda context: FakePolicy(), measured=lambda checkpoint: None))
    engine = InferenceEngine(FakePolicy())
    yield engine
    engine.close()
    unregister("unmeasured")


def until(condition) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_fastest_takes_over(engine):
    faster, asked = FakePolicy(), []

    def load(name, checkpoint, compute):
        asked.append((name, checkpoint, compute))
        return faster

    changeover = Changeover(engine, "unmeasured", None, lambda *_: "openvino-f32", load)
    until(lambda: engine.policy is faster)
    changeover.close()
    assert asked == [("unmeasured", None, "openvino-f32")]
    engine.submit(observation()).result(WAIT_S)
    assert faster.batches == [1]


def test_nobody_who_acts_gets_another_network(engine):
    first, other = engine.policy, FakePolicy()
    waiting = engine.submit(observation(instruction="slow"))
    assert not engine.exchange(other, 0.0), "a request is open"
    first.release.set()
    waiting.result(WAIT_S)
    assert not engine.exchange(other, 60.0), "the last request was a moment ago"
    assert engine.policy is first
    until(lambda: engine.exchange(other, 0.0))
    assert engine.policy is other


def test_what_fails_leaves_the_policy(engine):
    failed = threading.Event()

    def measure(*_):
        failed.set()
        raise WamDemoError("no compiler")

    first = engine.policy
    changeover = Changeover(engine, "unmeasured", None, measure, lambda *_, **__: pytest.fail("nothing to load"))
    assert failed.wait(WAIT_S)
    changeover.close()
    assert engine.policy is first
