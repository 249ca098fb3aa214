"""The engine batches, puts plans first, isolates bad sessions and resolves every future."""

import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.policies import FakeImaginer, FakePolicy, observation, prediction
from tests.fakes.waiting import eventually
from wam_demo.errors import InvalidInputError, PolicyBusy, PolicyFault, UnknownNameError
from wam_demo.policies.engine import EngineConfig, InferenceEngine
from wam_demo.policies.engines import EngineRegistry
from wam_demo.policies.pacing import QUICK_PLAN_S
from wam_demo.types import ActionChunk, Prediction

WAIT_S = 5.0


@pytest.fixture
def start():
    """Starts engines and closes them after the test."""
    running = []

    def _start(policy, **config):
        running.append(InferenceEngine(policy, EngineConfig(**config)))
        return running[-1]

    yield _start
    for engine in running:
        if hasattr(engine.policy, "release"):
            engine.policy.release.set()
        engine.close()


def test_answers_go_to_the_session_that_asked(start):
    engine = start(FakePolicy())
    futures = [engine.submit(observation(time=0.1 * i)) for i in range(20)]
    for i, future in enumerate(futures):
        assert future.result(WAIT_S).chunk.actions[0, 0] == pytest.approx(0.1 * i)


def test_waiting_requests_share_a_call(start):
    policy = FakePolicy()
    engine = start(policy, max_batch=4)
    first = engine.submit(observation(instruction="slow"))
    while not policy.batches:
        time.sleep(0.001)
    rest = [engine.submit(observation()) for _ in range(8)]
    policy.release.set()
    for future in [first, *rest]:
        future.result(WAIT_S)
    assert policy.batches == [1, 4, 4]
    assert engine.stats().answered == 9
    assert engine.stats().batch == pytest.approx(3)


def test_a_request_alone_shares_its_call_with_nobody(start):
    policy = FakePolicy()
    engine = start(policy, max_batch=4)
    first = engine.submit(observation(instruction="slow"))
    while not policy.batches:
        time.sleep(0.001)
    alone = [False, True, True, False, False]
    rest = [engine.submit(observation(), alone=one) for one in alone]
    policy.release.set()
    for future in [first, *rest]:
        future.result(WAIT_S)
    assert policy.batches == [1, 1, 1, 1, 2]


def test_a_plan_is_answered_while_imaginations_rest(start):
    """Plans that take five times as long as they should: the second imagination waits, plans do not."""
    policy = FakeImaginer(stages=1)
    policy.proceed.set()
    policy.delay_s = 5 * QUICK_PLAN_S
    engine = start(policy)
    for _ in range(3):
        engine.submit(observation(), timeout_s=WAIT_S).result(WAIT_S)
    policy.delay_s = 0.0
    policy.stage_s = 0.3
    engine.submit_imagination(observation()).result(WAIT_S)
    resting = engine.submit_imagination(observation())
    assert engine.submit(observation()).result(WAIT_S).chunk.actions.shape == (16, 7)
    assert not resting.done()
    assert len(resting.result(WAIT_S)) == 1


def test_seeds_reach_the_policy(start):
    policy = FakePolicy()
    start(policy).submit(observation(), seed=7).result(WAIT_S)
    assert policy.seeds == [7]


@pytest.mark.parametrize(
    ("instruction", "message"),
    [("nan", "not finite"), ("shape", "shape"), ("raise", "RuntimeError: matrix shapes differ$")],
)
def test_a_bad_session_never_fails_the_others(start, instruction, message):
    engine = start(FakePolicy(), gather_s=0.05)
    bad, good = engine.submit(observation(instruction=instruction)), engine.submit(observation())
    with pytest.raises(PolicyFault, match=message):
        bad.result(WAIT_S)
    assert good.result(WAIT_S).chunk.actions.shape == (16, 7)
    assert engine.stats().faults == 1


class Careless(FakePolicy):
    """Answers with whatever it was told to."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def predict(self, observations, seeds):
        if any(item.instruction == "careless" for item in observations):
            return self.answer(observations)
        return super().predict(observations, seeds)


class Unreadable:
    """A chunk that raises when it is looked at."""

    @property
    def actions(self):
        raise RuntimeError("the array is gone")


CARELESS = {
    "None": lambda observations: None,
    "a list of None": lambda observations: [None] * len(observations),
    "a generator": lambda observations: (prediction() for _ in observations),
    "too few": lambda observations: [],
    "text as a plan": lambda observations: [Prediction("plan") for _ in observations],
    "a plan of objects": lambda observations: [Prediction(ActionChunk(np.full((16, 7), None))) for _ in observations],
    "a plan that raises": lambda observations: [Prediction(Unreadable()) for _ in observations],
    "no panels": lambda observations: [replace(prediction(), panels=None) for _ in observations],
}


@pytest.mark.parametrize("answer", CARELESS.values(), ids=CARELESS)
def test_whatever_a_policy_answers_the_worker_lives_on(start, answer):
    engine = start(Careless(answer))
    with pytest.raises(PolicyFault) as fault:
        engine.submit(observation(instruction="careless")).result(WAIT_S)
    assert not isinstance(fault.value, PolicyBusy)
    assert engine.submit(observation()).result(WAIT_S).chunk.actions.shape == (16, 7)


def test_an_imagination_that_cannot_even_begin_is_a_fault_and_the_worker_lives_on(start):
    engine = start(FakePolicy())  # no `Imaginer`
    with pytest.raises(PolicyFault, match="imagine_stages"):
        engine.submit_imagination(observation()).result(WAIT_S)
    with pytest.raises(PolicyFault, match="probe_stages"):
        engine.submit_probe(observation(), np.zeros((1, 8), np.int64)).result(WAIT_S)
    assert engine.submit(observation()).result(WAIT_S)


def test_a_late_answer_is_a_fault_and_the_next_request_works(start):
    policy = FakePolicy()
    engine = start(policy, act_timeout_s=0.05)
    late = engine.submit(observation(instruction="slow"))
    with pytest.raises(PolicyBusy, match="no answer after"):
        late.result(WAIT_S)
    policy.release.set()
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if engine.submit(observation()).exception(WAIT_S) is None:
            return
    pytest.fail("the engine did not recover")


def test_a_policy_that_always_takes_long_is_waited_for(start):
    engine = start(FakePolicy(delay_s=0.2), act_timeout_s=0.05)
    with pytest.raises(PolicyBusy, match="no answer after"):
        engine.submit(observation()).result(WAIT_S)
    eventually(lambda: engine.stats().call_ms["p50"] > 0)
    for _ in range(3):
        assert engine.submit(observation()).result(WAIT_S)


def test_plans_go_between_the_stages_of_an_imagination(start):
    policy = FakeImaginer(stages=3)
    engine = start(policy)
    imagined = engine.submit_imagination(observation(), samples=2)
    assert policy.started.wait(WAIT_S)
    planned = engine.submit(observation())
    policy.proceed.set()
    planned.result(WAIT_S)
    assert len(imagined.result(WAIT_S)) == 2
    assert policy.calls == ["stage0", "act", "stage1", "stage2"]
    assert engine.stats().imagine_ms["p50"] > 0


def test_imagination_does_not_starve_under_constant_planning(start):
    policy = FakeImaginer(stages=3)
    policy.proceed.set()
    engine = start(policy)
    stop = threading.Event()

    def plan_forever():
        while not stop.is_set():
            engine.submit(observation()).result(WAIT_S)

    planners = [threading.Thread(target=plan_forever) for _ in range(3)]
    for planner in planners:
        planner.start()
    try:
        assert engine.submit_imagination(observation()).result(WAIT_S)
    finally:
        stop.set()
        for planner in planners:
            planner.join()


def test_unusable_observations_are_refused(start):
    engine = start(FakePolicy())
    broken = observation()
    broken.state[3] = float("nan")
    with pytest.raises(InvalidInputError, match="not finite"):
        engine.submit(broken).result(WAIT_S)
    with pytest.raises(InvalidInputError, match="too long"):
        engine.submit(observation(instruction="refuse")).result(WAIT_S)


def test_an_overloaded_engine_refuses(start):
    policy = FakePolicy()
    engine = start(policy, queue_size=2)
    engine.submit(observation(instruction="slow"))
    while not policy.batches:
        time.sleep(0.001)
    kept = [engine.submit(observation()) for _ in range(2)]
    with pytest.raises(PolicyBusy, match="overloaded"):
        engine.submit(observation()).result(WAIT_S)
    policy.release.set()
    assert all(future.result(WAIT_S) for future in kept)


def test_a_waiting_request_can_be_withdrawn(start):
    policy = FakePolicy()
    engine = start(policy)
    engine.submit(observation(instruction="slow"))
    while not policy.batches:
        time.sleep(0.001)
    withdrawn = engine.submit(observation())
    assert withdrawn.cancel()
    policy.release.set()
    engine.submit(observation()).result(WAIT_S)
    assert sum(policy.batches) == 2


def test_close_resolves_every_future_and_ends_the_threads(start):
    policy, before = FakePolicy(), set(threading.enumerate())
    engine = start(policy)
    futures = [engine.submit(observation(instruction="slow")) for _ in range(5)]
    while not policy.batches:
        time.sleep(0.001)
    releasing = threading.Timer(0.05, policy.release.set)
    releasing.start()
    engine.close()
    releasing.join()
    for future in futures:
        assert isinstance(future.exception(0), PolicyFault)
    with pytest.raises(PolicyFault, match="closed"):
        engine.submit(observation()).result(0)
    assert set(threading.enumerate()) <= before
    engine.close()


def test_the_registry_loads_once_and_retries_after_a_failure(tmp_path):
    loads = []

    def load(name, checkpoint):
        loads.append(name)
        if len(loads) == 1:
            raise UnknownNameError("policy", name, ["wam"])
        return FakePolicy()

    registry = EngineRegistry(load)
    with pytest.raises(UnknownNameError):
        registry.get("wam")
    assert registry.get("wam") is registry.get("wam")
    assert registry.get("wam", tmp_path) is not registry.get("wam")
    assert len(loads) == 3
    registry.close()


def test_a_batch_waits_for_as_many_sessions_as_ask_and_no_longer():
    policy = FakePolicy()
    engine = InferenceEngine(policy, EngineConfig(gather_s=1.0))
    engine.expect(lambda: 1)
    began = time.monotonic()
    engine.submit(observation()).result(5)
    assert time.monotonic() - began < 0.5
    engine.expect(lambda: 3)
    for future in [engine.submit(observation()) for _ in range(3)]:
        future.result(5)
    assert policy.batches == [1, 3]
    engine.close()


LEAVES = """
import atexit, threading
atexit.register(lambda: print([t.name for t in threading.enumerate() if t.name == "engine-worker"]))
from wam_demo.policies.engines import engines
engines.get("hold")
"""


def test_no_engine_works_on_while_the_interpreter_goes():
    left = subprocess.run([sys.executable, "-c", LEAVES], check=True, capture_output=True, text=True).stdout
    assert left == "[]\n"
