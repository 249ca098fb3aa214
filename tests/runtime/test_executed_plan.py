"""What is imagined is what is executed: errors of the shipped imagination on episodes, with and without the plan.

``python -m pytest -m slow -s tests/runtime/test_executed_plan.py`` prints the figures of docs/results.md.
"""

from concurrent.futures import Future
from functools import partial

import numpy as np
import pytest

from wam_demo.diagnose.bootstrap import ratio_interval
from wam_demo.policies.engines import engines
from wam_demo.policies.receding import ChunkPlayer, noise_seed
from wam_demo.robots.simulator import simulator
from wam_demo.runtime.attempt import judge
from wam_demo.runtime.loop import Loop
from wam_demo.runtime.monitor import PredictionMonitor
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.types import FUTURE_STEPS

EPISODES = 10
HORIZON = 150


class OneStepLate(Subscriber):
    """Plans as they come in the live view: with noise of their own, and one control step after they were asked for."""

    def __init__(self, policy, seed: int) -> None:
        self._policy, self._seed = policy, seed
        self._due: list[tuple[Future, object]] = []
        self._step = 0

    def submit(self, observation) -> Future:
        future: Future = Future()
        seed = noise_seed(self._seed, self._step)
        self._due.append((future, self._policy.predict([observation], seeds=[seed])[0]))
        return future

    def on_step(self, record) -> None:
        self._step = record.step + 1
        for future, prediction in self._due:
            future.set_result(prediction)
        self._due = []


def imagined(policy, executed: bool, observation, *, chunk) -> Future:
    """From an observation, of the plan that is executed or of one that is drawn anew."""
    future: Future = Future()
    chunks = [chunk] if executed else None
    *_, futures = policy.imagine_stages([observation], samples=1, seed=0, chunks=chunks)
    future.set_result(futures[0])
    return future


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_imagining_the_executed_plan_comes_nearer_to_what_happens():
    policy, source = engines.get("agra").policy, simulator("pick_place")
    errors = {executed: [] for executed in (False, True)}
    for seed in range(EPISODES):
        monitors = {executed: PredictionMonitor(partial(imagined, policy, executed)) for executed in errors}
        late = OneStepLate(policy, seed)
        loop = Loop(source, ChunkPlayer(late.submit), [*monitors.values(), late])
        loop.reset(seed)
        while judge(loop.step, HORIZON, source.success, source.fault) is None:
            loop.advance()
        for executed, monitor in monitors.items():
            errors[executed].append([[error for _, error in monitor.history[ahead]] for ahead in FUTURE_STEPS])
        print(f"episode {seed}: {loop.step} steps", flush=True)
    source.close()
    engines.close()
    for index, ahead in enumerate(FUTURE_STEPS):
        drawn, executed = ([np.array(episode[index]) for episode in errors[which]] for which in (False, True))
        less = np.array([(a - b).sum() for a, b in zip(drawn, executed, strict=True)])
        low, high = ratio_interval(less, np.array([float(len(a)) for a in drawn]))
        means = [float(np.concatenate(each).mean()) for each in (drawn, executed)]
        print(f"+{ahead}: drawn anew {means[0]:.4f}, executed {means[1]:.4f}, less by {low:.4f} .. {high:.4f}")
        assert means[1] < means[0]
