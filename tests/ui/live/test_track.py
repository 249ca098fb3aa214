"""The past and the plans of the action chart."""

import numpy as np
import pytest

from tests.fakes.policies import prediction
from wam_demo.types import Observation, StepRecord
from wam_demo.ui.live.track import EARLIER_PLANS, PAST_STEPS, Track


def seen(x: float) -> Observation:
    state = np.zeros(17, np.float32)
    state[0] = x
    return Observation({}, state, "go", 0.0)


def record(step: int, made: int | None = None, x: float = 0.0, gripper: float = 1.0) -> StepRecord:
    plan = None if made is None else prediction(0.01)
    action = np.array([0, 0, 0, 0, 0, 0, gripper], np.float32)
    return StepRecord(step, seen(x), action, plan, made, (), False)


def test_the_past_is_relative_to_the_start_and_bounded():
    track = Track()
    track.begin(seen(0.5))
    for step in range(PAST_STEPS + 10):
        track.add(record(step, x=0.5 + step / 100))
    charts = track.charts()
    assert charts["step"] == PAST_STEPS + 9
    assert len(charts["past"]) == PAST_STEPS + 1
    assert charts["past"][-1] == pytest.approx([(PAST_STEPS + 9) / 100, 0, 0, 1], abs=1e-4)


def test_a_plan_starts_where_the_tcp_was_when_it_was_made():
    track = Track()
    track.begin(seen(0.0))
    for step in range(3):
        track.add(record(step, x=step / 10))
    track.add(record(3, made=1, x=0.3))
    plan = track.charts()["plans"][-1]
    assert plan["step"] == 1
    assert plan["path"][0][0] == pytest.approx(0.1)
    assert plan["path"][1][0] == pytest.approx(0.11)
    assert len(plan["path"]) == 17


def test_earlier_plans_fade_out_of_the_list():
    track = Track()
    track.begin(seen(0.0))
    for step in range(40):
        track.add(record(step, made=step - step % 4))
    plans = track.charts()["plans"]
    assert len(plans) == EARLIER_PLANS + 1
    assert [plan["current"] for plan in plans] == [False] * EARLIER_PLANS + [True]
    assert plans[-1]["step"] == 36


def test_a_new_episode_forgets_the_last_one():
    track = Track()
    track.begin(seen(0.0))
    track.add(record(0, made=0))
    track.begin(seen(1.0))
    assert track.charts() == {"step": 0, "past": [], "plans": [], "chunks": [], "bands": []}
