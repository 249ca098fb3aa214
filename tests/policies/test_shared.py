"""An engine as a policy: load is waited for within a bound, and is never the policy's fault."""

import threading
import time

import numpy as np
import pytest

from tests.fakes.policies import FakeImaginer, FakePolicy, observation
from wam_demo.errors import PolicyBusy, PolicyFault
from wam_demo.policies.engine import EngineConfig, InferenceEngine
from wam_demo.policies.shared import SharedPolicy


@pytest.fixture
def start():
    running = []

    def _start(policy, **config):
        running.append(InferenceEngine(policy, EngineConfig(**config)))
        return running[-1]

    yield _start
    for engine in running:
        engine.policy.release.set()
        engine.close()


def occupy(engine):
    """Keep the policy busy until it is released."""
    engine.submit(observation(instruction="slow"), timeout_s=30.0)
    while not engine.policy.batches:
        time.sleep(0.001)


def test_an_engine_that_is_late_for_others_is_waited_for(start):
    engine = start(FakePolicy(), act_timeout_s=0.01)
    occupy(engine)
    threading.Timer(0.2, engine.policy.release.set).start()
    assert len(SharedPolicy(engine).predict([observation(), observation()], [1, 2])) == 2


def test_an_engine_without_room_is_asked_again(start):
    engine = start(FakePolicy(), queue_size=1)
    occupy(engine)
    engine.submit(observation(), timeout_s=30.0)
    threading.Timer(0.2, engine.policy.release.set).start()
    assert len(SharedPolicy(engine).predict([observation()], [1])) == 1


def test_patience_has_an_end_which_is_not_the_policys_fault(start):
    engine = start(FakePolicy())
    occupy(engine)
    with pytest.raises(PolicyBusy, match="no answer after"):
        SharedPolicy(engine, patience_s=0.05).predict([observation()], [1])


def test_a_wrong_answer_is_not_asked_for_again(start):
    engine = start(FakePolicy())
    with pytest.raises(PolicyFault, match="not finite") as fault:
        SharedPolicy(engine).predict([observation(instruction="nan")], [1])
    assert not isinstance(fault.value, PolicyBusy)
    assert engine.policy.batches == [1]


def test_imaginations_come_in_order(start):
    policy = FakeImaginer(stages=1)
    policy.proceed.set()
    futures = SharedPolicy(start(policy)).imagine([observation(), observation()], samples=2, seed=4)
    assert [len(samples) for samples in futures] == [2, 2]
    assert futures[0][0]["front"].dtype == np.uint8
