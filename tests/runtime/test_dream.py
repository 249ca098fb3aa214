"""A session that leaves reality for a dream, and comes back to where it was left."""

import numpy as np
import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.session import Driven, late_backend
from tests.fakes.world import FakeWorld
from wam_demo.runtime import Settings
from wam_demo.runtime.person import PersonCommand


@pytest.fixture
def driven(monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", 1000)
    clock = ManualClock()
    made = Driven(late_backend(clock), Settings("reach", "steer", seed=3), clock)
    yield made
    made.session.close()
    assert not FakeWorld.opened


def dream(driven, on=True):
    driven.post("dream", on=on)
    return driven.until(lambda view: (view.dream is not None) is on)


def test_a_dream_begins_where_reality_stands_and_the_policy_goes_on_in_it(driven):
    left = driven.until(lambda view: view.step == 12)
    view = dream(driven)
    assert view.dream.left == driven.last.dream.left >= left.step
    assert view.dream.steps == 0
    np.testing.assert_allclose(view.observation.state[:3], left.observation.state[:3], atol=0.05)
    assert view.episode < 0
    later = driven.until(lambda view: view.dream.steps == 10)
    assert later.played.prediction is not None
    assert later.imagination is not None
    assert later.step == 10
    assert not np.array_equal(later.frame, left.frame)
    assert later.goal_distance is None


def test_back_in_reality_nothing_has_happened_meanwhile(driven):
    driven.until(lambda view: view.step == 12)
    number, records = driven.last.episode, len(driven.records)
    left = dream(driven).dream.left
    driven.until(lambda view: view.dream.steps == 15)
    assert len(driven.records) <= left  # who judges, keeps and shares hears of reality alone
    view = dream(driven, on=False)
    assert (view.episode, view.step) == (number, left)
    assert view.frame.shape == (256, 256, 3)
    after = driven.until(lambda view: view.step == left + 8)
    assert [record.step for record in driven.records[records:]] == list(range(records, left + 8))
    assert after.outcome is None


def test_a_dream_has_no_end_and_is_never_judged(driven):
    driven.until(lambda view: view.step == 2)
    dream(driven)
    view = driven.until(lambda view: view.dream.steps == 120)  # reality would be out of time after 90
    assert view.outcome is None
    assert view.horizon > 120
    assert view.episodes == 0


def test_nothing_can_be_disturbed_recorded_or_taken_along_in_a_dream(driven):
    driven.until(lambda view: view.step == 5)
    dream(driven)
    refused = {
        "distractor": {},
        "axis": {"axis": "light", "severity": 2},
        "twin": {"on": True},
        "log": {},
        "record": {"on": True, "name": "mine", "auto": True},
    }
    for kind, parameters in refused.items():
        before = len(driven.views)
        driven.post(kind, **parameters)
        driven.run(0.3)
        assert any(view.warning for view in driven.views[before:]), kind
        assert driven.last.dream is not None
    driven.post("pause")
    driven.until(lambda view: view.state == "paused")
    assert "back to Reality" in driven.session.notice or driven.last.notice


def test_a_person_drives_in_the_dream_and_keeps_the_arm_on_the_way_back(driven):
    driven.until(lambda view: view.step == 5)
    dream(driven)
    start = driven.last.observation.state[:3]
    twist = np.array([0, 0.3, 0, 0, 0, 0], np.float32)
    for number in range(1, 15):
        driven.session.drive(PersonCommand(number, True, twist))
        driven.run(0.1)
    moved = driven.last.observation.state[:3] - start
    assert driven.last.drive.state.person
    assert moved[1] > 0.1
    assert abs(moved[0]) < 0.05
    view = dream(driven, on=False)
    assert view.drive.state.person


def test_a_dream_says_how_far_it_is_likely_to_be_from_reality(driven):
    driven.until(lambda view: view.step == 5)
    dream(driven)
    view = driven.until(lambda view: view.dream.steps > 4)
    assert 0 < view.dream.expected_error < 0.1


def test_words_change_in_the_dream_and_not_in_reality(driven):
    driven.until(lambda view: view.step == 5)
    dream(driven)
    driven.post("instruction", text="fly to the moon")
    driven.until(lambda view: view.instruction == "fly to the moon")
    view = dream(driven, on=False)
    assert view.instruction == "reach the red dot"
    assert view.settings.words is None


def test_a_reset_or_another_seed_wakes_up(driven):
    driven.until(lambda view: view.step == 5)
    dream(driven)
    driven.post("seed", seed=9)
    view = driven.until(lambda view: view.dream is None)
    assert view.settings.seed == 9
    assert view.episode == 2


def test_a_dream_that_cannot_begin_leaves_reality_running(driven):
    driven.post("policy", name="hold")
    driven.until(lambda view: view.settings.policy == "hold" and view.step == 3)
    driven.post("dream", on=True)
    view = driven.until(lambda view: "cannot dream" in view.notice)
    assert view.dream is None
    step = view.step
    driven.until(lambda view: view.step > step + 2)


def test_a_pause_stays_a_pause(driven):
    driven.until(lambda view: view.step == 5)
    driven.post("pause")
    driven.until(lambda view: view.state == "paused")
    assert dream(driven).state == "paused"
    driven.run(1.0)  # the first plan and what it leads to
    driven.post("step")
    driven.until(lambda view: view.dream.steps == 1)
    assert dream(driven, on=False).state == "paused"


def beside(driven, **more):
    driven.post("twin", on=True, dream="same", **more)
    return driven.until(lambda view: view.twin is not None)


def test_reality_and_its_dream_go_on_side_by_side_and_reality_is_given_back(driven):
    driven.until(lambda view: view.step == 12)
    view = beside(driven)
    forked = view.twin.forked
    view = driven.until(lambda view: view.twin.step == forked + 8)
    assert (view.twin.dream, view.dream, view.twin.outcomes) == ("same", None, (None, None))
    assert all(gap.picture is not None for gap in view.twin.divergences)
    driven.post("twin", on=True, dream="own")
    view = driven.until(lambda view: view.twin.dream == "own")
    assert view.twin.forked == forked, "once more from the same moment"
    driven.post("twin", on=False)
    view = driven.until(lambda view: view.twin is None)
    assert view.step == forked
    driven.until(lambda view: view.step == forked + 3)


def test_one_command_leads_from_a_dream_to_both_and_back_into_a_dream(driven):
    left = driven.until(lambda view: view.step == 5).step
    dream(driven)
    view = beside(driven)
    assert (view.dream, view.twin.dream) == (None, "same")
    assert view.twin.forked <= left + 1
    view = dream(driven)
    assert (view.twin, view.warning) == (None, False)


def test_there_is_no_dream_beside_an_attempt_that_has_ended(driven, monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", 1)
    driven.until(lambda view: view.outcome is not None)
    driven.post("twin", on=True, dream="same")
    view = driven.until(lambda view: "has ended" in view.notice)
    assert (view.twin, view.warning) == (None, True)
