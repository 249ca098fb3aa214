"""Judged in a dream: what is played where, when it ends, and who calls what a success."""

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.dreamer import FakeDreamer, action, at_home
from wam_demo.diagnose.dream_eval import dreamt, judged_scene, simulated
from wam_demo.errors import CheckpointError
from wam_demo.policies.wam.judge import Judgement
from wam_demo.policies.weakened import WeakenedDriver, Weakness
from wam_demo.types import ActionChunk, Prediction


class Planner(FakeDreamer):
    """Moves along one line, in the simulator and in its dream."""

    def __init__(self, x=0.004):
        super().__init__()
        self.x, self.seen = x, []

    def predict(self, observations, seeds):
        self.seen += observations
        return [Prediction(ActionChunk(np.tile(action(self.x), (16, 1))))]


class Brightness:
    """Calls bright pictures a success."""

    threshold = 0.5

    def __init__(self):
        self.looked = []

    def judge(self, observations):
        self.looked += observations
        bright = np.array([each.images["front"].mean() / 255 for each in observations], np.float32)
        return Judgement(bright, bright)


def test_a_dream_ends_when_it_is_called_a_success_twice_in_a_row():
    policy, judge = Planner(), Brightness()  # 16 grey values brighter a plan, from 100 on
    course = dreamt(at_home(), policy, WeakenedDriver(policy, Weakness(), 0), judge, 80)
    assert course.called
    assert course.success is None
    assert len(course.probabilities) == 3  # 116 is dark, 132 and 148 are bright
    assert course.probabilities[0] < 0.5 < course.probabilities[1]
    assert [round(10 * (each.time - 3)) for each in judge.looked] == [4, 8, 12]
    assert course.last["front"][0, 0, 0] == pytest.approx(148, abs=1)


def test_a_dream_that_is_never_called_a_success_ends_with_the_tasks_time():
    policy, judge = Planner(x=0.0), Brightness()
    course = dreamt(at_home(), policy, WeakenedDriver(policy, Weakness(), 0), judge, 80)
    assert not course.called
    assert len(course.probabilities) == 20
    assert len(policy.seen) == 20


def test_weights_without_an_imagination_model_are_refused():
    policy = Planner()
    policy.calibration = None
    with pytest.raises(CheckpointError, match="no imagination model"):
        dreamt(at_home(), policy, WeakenedDriver(policy, Weakness(), 0), Brightness(), 80)


class Outcome:
    def __init__(self, success, fault=None):
        self.success, self.fault = success, fault


class Grey:
    """A world in which success comes after some steps and the pictures stay grey."""

    task = "reach"

    class logic:
        class spec:
            horizon = 40

    def __init__(self, success_at=9, fault_at=None):
        self.steps, self.success_at, self.fault_at = 0, success_at, fault_at

    def reset(self, seed):
        self.steps = 0
        return self.observe()

    def step(self, action):
        self.steps += 1
        return Outcome(self.steps >= self.success_at, "diverged" if self.steps == self.fault_at else None)

    def observe(self):
        return replace(at_home(), time=self.steps / 10)


def test_the_simulator_judges_itself_and_is_looked_at_a_little_longer():
    world, judge, policy = Grey(), Brightness(), Planner(x=0.0)
    course = simulated(world, world.reset(0), WeakenedDriver(policy, Weakness(), 0), judge)
    assert course.success is True
    assert not course.called
    assert world.steps == 12 + 8  # success in the third plan, and two looks more
    world = Grey(success_at=100)
    assert simulated(world, world.reset(0), WeakenedDriver(policy, Weakness(), 0), judge).success is False
    assert world.steps == 40


def test_a_scene_is_played_in_both_from_the_same_start():
    policy, judge = Planner(), Brightness()
    scene, real, dream = judged_scene(Grey(), policy, "agra", Weakness(), judge, 5)
    assert (scene.policy, scene.task, scene.seed) == ("agra", "reach", 5)
    assert (scene.sim, scene.seen, scene.dreamt) == (True, False, True)
    assert scene.peak_dreamt == max(dream.probabilities) > scene.peak_seen == max(real.probabilities)
    assert judged_scene(Grey(fault_at=3), policy, "agra", Weakness(), judge, 5) is None
