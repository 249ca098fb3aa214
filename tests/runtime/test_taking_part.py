"""Time to take part: what is imagined first, speeds, words that stay and are judged."""

import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.session import Driven, late_backend
from tests.fakes.world import FakeWorld
from wam_demo.policies.receding import InlinePlanner
from wam_demo.policies.scripted import HoldPolicy
from wam_demo.runtime import Planner, Settings
from wam_demo.runtime.logfile import parse_log
from wam_demo.runtime.session import PREPARE_S


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def open_session(clock):
    opened: list[Driven] = []

    def open_one(horizon=90, imagine_s=0.2, **settings) -> Driven:
        chosen = Settings(**{"task": "reach", "policy": "steer", **settings})
        opened.append(Driven(late_backend(clock, horizon, imagine_s=imagine_s), chosen, clock))
        return opened[-1]

    yield open_one
    for driven in opened:
        driven.session.close()


def test_the_first_imagination_is_there_before_the_first_motion(open_session):
    seen = open_session()
    seen.until(lambda view: view.step == 1)
    still = [view for view in seen.views if view.step == 0 and view.imagination is None]
    assert still
    assert all(view.observation.time == 0 for view in still)
    first = next(view for view in seen.views if view.imagination is not None)
    assert (first.step, first.imagination.step) == (0, 0)
    assert seen.records[0].index == 0


def test_a_first_imagination_that_is_late_holds_nobody_up(open_session, clock):
    seen = open_session(imagine_s=60.0)
    seen.until(lambda view: view.step == 1)
    assert clock.time == pytest.approx(PREPARE_S, abs=0.2)


def test_pausing_before_the_first_imagination_still_shows_it_and_the_attention(open_session):
    seen = open_session()
    seen.post("pause")
    view = seen.until(lambda view: view.imagination is not None, seconds=3)
    assert (view.state, view.step) == ("paused", 0)
    assert view.played.prediction.attention
    assert set(view.attended) == {"front", "wrist"}


def test_a_disturbance_before_the_first_motion_is_planned_for(open_session):
    seen = open_session()
    seen.post("pause")
    before = seen.until(lambda view: view.imagination is not None).played.prediction
    seen.post("shove", **{"camera": "front", "from": (0.65, 0.667), "to": (0.65, 0.9)})
    after = seen.until(lambda view: view.events and view.imagination is not None)
    assert after.played.prediction is not before


@pytest.mark.parametrize("speed", [0.25, 0.5, 1.0])
def test_time_runs_slower_and_the_pictures_stay_as_many(open_session, clock, monkeypatch, speed):
    monkeypatch.setattr(FakeWorld, "success_after", 1000)
    seen = open_session(horizon=1000, speed=speed)
    begun = seen.until(lambda view: view.step == 1)
    at, pictures = clock.time, begun.frame_number
    seen.run(4.0)
    assert seen.last.step - 1 == pytest.approx(40 * speed, abs=1)
    assert seen.last.frame_number - pictures == pytest.approx(20 * (clock.time - at), abs=3)


def test_the_speed_changes_nothing_of_an_episode():
    def fingerprints(speed):
        clock = ManualClock()
        parts = late_backend(clock)
        hold = Planner(InlinePlanner(HoldPolicy()).submit)
        chosen = Settings("reach", "hold", seed=3, speed=speed)
        seen = Driven(type(parts)(parts.open_source, lambda *_: hold, parts.sample, parts.horizons), chosen, clock)
        seen.until(lambda view: view.step == 21)
        seen.post("pause")
        seen.post("log")
        (log,) = parse_log(seen.exported("log"), ("reach",))
        seen.session.close()
        return [step.state for step in log.steps[:20] if step.state]

    assert fingerprints(0.25) == fingerprints(1.0)


def test_words_stay_for_the_next_episode_until_they_are_taken_back(open_session):
    seen = open_session()
    seen.post("instruction", text="go to the dot")
    seen.until(lambda view: view.instruction == "go to the dot")
    seen.post("next")
    view = seen.until(lambda view: view.episode == 2)
    assert view.instruction == "go to the dot"
    seen.post("own_words")
    seen.until(lambda view: view.instruction == "reach the red dot")
    seen.post("next")
    assert seen.until(lambda view: view.episode == 3).instruction == "reach the red dot"


def test_clear_takes_the_words_back(open_session):
    seen = open_session()
    seen.post("instruction", text="go to the dot")
    seen.until(lambda view: view.settings.words == "go to the dot")
    seen.post("clear")
    view = seen.until(lambda view: view.settings.words is None)
    assert view.instruction == "reach the red dot"


def test_words_said_while_an_episode_is_over_begin_it_again(open_session):
    seen = open_session(seed=4)
    seen.until(lambda view: view.state == "finished")
    seen.post("instruction", text="go to the dot again, please")
    view = seen.until(lambda view: view.episode == 2)
    assert (view.settings.seed, view.instruction) == (4, "go to the dot again, please")


def test_what_nobody_can_judge_is_not_scored_and_not_counted(open_session):
    seen = open_session(horizon=30)
    seen.post("instruction", text="reach the elephant")
    view = seen.until(lambda view: view.outcome is not None)
    assert (view.outcome.name, view.outcome.detail) == ("unscored", "no elephant here")
    assert (view.unscored, view.successes, view.episodes) == ("no elephant here", 0, 0)


def test_words_are_played_again_by_a_log_with_what_was_read_of_them(open_session):
    seen = open_session(horizon=30)
    seen.post("instruction", text="reach the elephant")
    seen.until(lambda view: view.outcome is not None)
    seen.post("log")
    attempts = parse_log(seen.exported("log"), ("reach",))
    assert attempts[-1].outcome == "unscored"
    seen.post("replay", attempts=attempts)
    view = seen.until(lambda view: view.replay is not None and view.outcome is not None)
    assert (view.outcome.name, view.instruction) == ("unscored", "reach the elephant")
