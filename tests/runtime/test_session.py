"""The session against the drawn world, in real time."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.fakes.brain import backend
from tests.fakes.world import FakeWorld
from wam_demo.errors import CheckpointError, UnknownNameError
from wam_demo.runtime import Command, Session, Settings, View
from wam_demo.runtime.logfile import parse_log, unpack
from wam_demo.runtime.session import OUTCOME_S


class Recorder:
    """Keeps what a session reports."""

    def __init__(self) -> None:
        self.views: list[View] = []
        self.records = []
        self.resets = 0
        self._changed = threading.Condition()

    def on_reset(self, observation) -> None:
        self.resets += 1

    def on_step(self, record) -> None:
        self.records.append(record)

    def on_view(self, view: View) -> None:
        with self._changed:
            self.views.append(view)
            self._changed.notify_all()

    @property
    def last(self) -> View:
        return self.views[-1]

    def wait(self, holds: Callable[[View], bool], timeout: float = 8.0) -> View:
        """The first view from now on for which something holds."""
        with self._changed:
            fine = self._changed.wait_for(lambda: self.views and holds(self.views[-1]), timeout)
        assert fine, f"never happened; last: {self.views[-1] if self.views else None}"
        return self.last


@pytest.fixture
def open_session():
    opened: list[Session] = []

    def open_one(parts=None, **settings) -> tuple[Session, Recorder]:
        recorder = Recorder()
        chosen = Settings(**{"task": "reach", "policy": "steer", **settings})
        session = Session(chosen, parts or backend(), [recorder])
        session.start()
        opened.append(session)
        return session, recorder

    yield open_one
    for session in opened:
        session.close(timeout=3)
        assert not session.alive


def test_an_episode_runs_in_real_time_to_success_and_the_next_seed_follows(open_session):
    _, seen = open_session(seed=4)
    started = time.perf_counter()
    done = seen.wait(lambda view: view.outcome is not None)
    elapsed = time.perf_counter() - started
    assert done.outcome.name == "success"
    assert done.state == "finished"
    assert (done.successes, done.episodes) == (1, 1)
    assert elapsed == pytest.approx(done.step / 10, abs=0.5)
    pictures = [view for view in seen.views if view.state == "running"]
    assert len(pictures) > 1.4 * done.step  # twice a control step, unless late
    following = seen.wait(lambda view: view.settings.seed == 5)
    assert following.outcome is None
    assert following.episode == 2


def test_a_pause_holds_the_outcome_until_somebody_runs_on(open_session):
    session, seen = open_session(seed=4)
    seen.wait(lambda view: view.state == "finished")
    session.post(Command("pause"))
    time.sleep(OUTCOME_S + 0.5)
    assert (seen.last.state, seen.last.settings.seed) == ("finished", 4)
    session.post(Command("run"))
    following = seen.wait(lambda view: view.settings.seed == 5)
    assert following.state == "running"


def test_steps_are_recorded_with_the_plan_they_come_from(open_session):
    _, seen = open_session()
    seen.wait(lambda view: view.outcome is not None)
    records = seen.records
    assert [record.step for record in records] == list(range(len(records)))
    assert records[0].prediction is None  # motion does not wait for the first plan
    planned = [record for record in records if record.prediction is not None]
    assert len(planned) > len(records) / 2
    assert all(record.prediction_step <= record.step for record in planned)


def test_imagination_and_attention_reach_the_view(open_session):
    _, seen = open_session()
    view = seen.wait(lambda view: 4 in view.surprises and view.played.prediction is not None)
    assert view.imagination.frames["front"].shape == (4, 128, 128, 3)
    assert 0 <= view.surprises[4].error < 0.2
    assert view.surprises[4].at - view.surprises[4].made == 4
    assert set(view.attended) == {"front", "wrist"}
    assert view.attended["front"].shape == (256, 256, 3)


def test_pause_step_run(open_session):
    session, seen = open_session()
    session.post(Command("pause"))
    paused = seen.wait(lambda view: view.state == "paused")
    time.sleep(0.3)
    assert seen.last.step == paused.step
    session.post(Command("step"))
    seen.wait(lambda view: view.step == paused.step + 1)
    assert seen.last.state == "paused"
    session.post(Command("run"))
    seen.wait(lambda view: view.step > paused.step + 2)


def test_reset_while_paused_stays_paused(open_session):
    session, seen = open_session()
    seen.wait(lambda view: view.step > 2)
    session.post(Command("pause"))
    session.post(Command("reset"))
    view = seen.wait(lambda view: view.episode == 2)
    assert (view.state, view.step) == ("paused", 0)


def test_disturbances_are_events_and_stay_in_the_log(open_session):
    session, seen = open_session()
    session.post(Command("distractor", {"camera": "front", "at": (0.3, 0.7)}))
    session.post(Command("axis", {"axis": "light", "severity": 3}))
    shove = {"camera": "front", "from": (0.65, 0.667), "to": (0.8, 0.667)}
    session.post(Command("shove", shove))
    view = seen.wait(lambda view: len(view.events) == 3)
    assert [event.kind for event in view.events] == ["distractor", "light", "shove"]
    assert view.events[2].parameters["object"] == "red_dot"
    assert view.events[2].parameters["offset"] == pytest.approx([0.0, 0.15])
    assert view.severities == {"light": 3}
    seen.wait(lambda view: view.step > 1)
    assert [event.kind for record in seen.records for event in record.events] == [
        "distractor", "light", "shove",
    ]  # fmt: skip


def test_an_axis_stays_on_over_a_reset_and_clear_switches_it_off(open_session):
    session, seen = open_session()
    session.post(Command("axis", {"axis": "light", "severity": 5}))
    session.post(Command("distractor", {}))
    session.post(Command("next"))
    view = seen.wait(lambda view: view.episode == 2)
    assert [event.kind for event in view.events] == ["light"]
    assert view.frame.mean() < 70
    session.post(Command("clear"))
    view = seen.wait(lambda view: not view.severities)
    assert view.frame.mean() > 70


def test_a_shove_beside_the_objects_is_one_warning(open_session):
    session, seen = open_session()
    session.post(Command("shove", {"camera": "front", "from": (0.1, 0.9), "to": (0.5, 0.5)}))
    view = seen.wait(lambda view: view.warning)
    assert "nothing to shove there" in view.notice
    assert view.events == ()
    step = view.step
    seen.wait(lambda view: view.step > step)


def test_an_unusable_plan_holds_the_arm_and_says_so(open_session):
    session, seen = open_session()
    seen.wait(lambda view: view.step > 2)
    session.post(Command("instruction", {"text": "nan"}))
    view = seen.wait(lambda view: view.warning)
    assert "holding the arm" in view.notice
    assert "not finite" in view.notice
    held = seen.wait(lambda later: later.step > view.step + 1)
    later = seen.wait(lambda later: later.step > held.step + 3)
    assert later.observation.state[:3] == pytest.approx(held.observation.state[:3], abs=1e-6)
    session.post(Command("instruction", {"text": "reach the red dot"}))
    seen.wait(lambda view: view.outcome is not None and view.outcome.name == "success")


def test_a_time_out_and_no_autoplay(open_session):
    session, seen = open_session(parts=backend(horizon=5), policy="hold", autoplay=False)
    view = seen.wait(lambda view: view.outcome is not None)
    assert view.outcome.name == "timeout"
    assert (view.successes, view.episodes) == (0, 1)
    assert view.imagination is None
    time.sleep(2.5)
    assert seen.last.episode == 1
    session.post(Command("run"))
    seen.wait(lambda view: view.episode == 2)


def test_a_simulation_fault_ends_the_episode_as_fault(open_session):
    parts = backend()
    worlds: list[FakeWorld] = []

    def open_world(task):
        worlds.append(FakeWorld(task))
        return worlds[-1]

    _, seen = open_session(parts=replace(parts, open_world=open_world))
    seen.wait(lambda view: view.step > 1)
    worlds[0].next_fault = "the physics diverged"
    view = seen.wait(lambda view: view.outcome is not None)
    assert (view.outcome.name, view.successes) == ("sim_fault", 0)
    assert "diverged" in view.outcome.detail


def test_a_policy_that_cannot_be_opened_leaves_the_old_one_running(open_session):
    parts = backend()

    def open_planner(policy, world):
        if policy == "broken":
            raise CheckpointError("no checkpoint at nowhere")
        return parts.open_planner(policy, world)

    session, seen = open_session(parts=replace(parts, open_planner=open_planner))
    session.post(Command("policy", {"name": "broken"}))
    view = seen.wait(lambda view: view.warning)
    assert view.notice == "no checkpoint at nowhere"
    assert view.settings.policy == "steer"
    seen.wait(lambda later: later.step > view.step)


def test_an_internal_error_stops_with_one_line_and_reset_goes_on(open_session):
    parts = backend()
    broken = threading.Event()

    class BreakingWorld(FakeWorld):
        def observe(self, pictures=None):
            if broken.is_set():
                raise RuntimeError("secret detail\nof the machine")
            return super().observe(pictures)

    session, seen = open_session(parts=replace(parts, open_world=BreakingWorld))
    seen.wait(lambda view: view.step > 1)
    broken.set()
    view = seen.wait(lambda view: view.state == "fault")
    assert "RuntimeError" in view.notice
    assert "secret" not in view.notice
    broken.clear()
    session.post(Command("reset"))
    session.post(Command("run"))
    seen.wait(lambda view: view.state == "running" and view.step > 1)


def test_another_task_opens_another_world_and_closes_the_old_one(open_session):
    before = FakeWorld.open_worlds
    session, seen = open_session()
    session.post(Command("task", {"name": "wander"}))
    seen.wait(lambda view: view.settings.task == "wander" and view.step > 0)
    assert FakeWorld.open_worlds == before + 1
    session.close(timeout=3)
    assert FakeWorld.open_worlds == before


def handed(seen, kind):
    return seen.wait(lambda view: view.handout is not None and view.handout.kind == kind).handout.content


def test_the_log_of_a_session_replays_to_the_same_states(open_session):
    session, seen = open_session()
    seen.wait(lambda view: view.step > 3)
    session.post(Command("shove", {"camera": "front", "from": (0.65, 0.667), "to": (0.7, 0.667)}))
    done = seen.wait(lambda view: view.outcome is not None)
    session.post(Command("log"))
    attempts = parse_log(handed(seen, "log"), ["reach"])
    assert attempts[-1].outcome == "success"
    assert len(attempts[-1].steps) == done.step
    assert [event.kind for event in attempts[-1].events] == ["shove"]
    session.post(Command("replay", {"attempts": attempts}))
    again = seen.wait(lambda view: view.replay is not None and view.outcome is not None)
    assert (again.step, again.outcome.name) == (done.step, "success")
    assert "agree to the last bit" in again.notice
    assert again.episodes == done.episodes  # a replay is no success of the policy's
    assert [event.kind for event in again.events] == ["shove"]
    session.post(Command("distractor", {}))
    assert "this is a replay" in seen.wait(lambda view: view.warning).notice
    session.post(Command("reset"))
    seen.wait(lambda view: view.replay is None and view.step > 0)


def test_a_log_that_was_changed_is_noticed(open_session):
    session, seen = open_session()
    seen.wait(lambda view: view.step > 12)
    session.post(Command("log"))
    log = parse_log(handed(seen, "log"), ["reach"])[0]
    changed = replace(log, steps=(replace(log.steps[0], action=log.steps[0].action + 0.01), *log.steps[1:]))
    session.post(Command("replay", {"attempts": [changed]}))
    view = seen.wait(lambda view: view.replay is not None and view.outcome is not None)
    assert "differs from its log at step 10" in view.notice
    assert view.warning


def test_a_replay_that_cannot_begin_loses_nothing(open_session):
    def open_world(task):
        if task == "nowhere":
            raise UnknownNameError("task", task, ["reach"])
        return FakeWorld(task)

    session, seen = open_session(parts=replace(backend(), open_world=open_world))
    seen.wait(lambda view: view.step > 2)
    session.post(Command("link"))
    log = parse_log(unpack(handed(seen, "link")), ["reach"])[0]
    session.post(Command("replay", {"attempts": [replace(log, task="nowhere")]}))
    view = seen.wait(lambda view: view.warning)
    assert "nowhere" in view.notice
    seen.wait(lambda later: later.step > view.step)


def test_a_disturbance_falls_between_control_steps(open_session):
    session, seen = open_session(parts=backend(horizon=1000))
    for _ in range(12):
        session.post(Command("shove", {"camera": "front", "from": (0.65, 0.667), "to": (0.66, 0.667)}))
        time.sleep(0.037)
    session.post(Command("pause"))
    view = seen.wait(lambda view: view.state == "paused")
    events = [event for record in seen.records for event in record.events]
    assert all(record.step >= event.step for record in seen.records for event in record.events)
    assert len(events) == len(view.events)


def test_a_twin_parts_at_the_disturbance_and_frees_its_world(open_session):
    before = FakeWorld.open_worlds
    session, seen = open_session(parts=backend(horizon=60))
    seen.wait(lambda view: view.step > 3)
    session.post(Command("shove", {"camera": "front", "from": (0.65, 0.667), "to": (0.65, 0.9)}))
    parted = seen.wait(lambda view: len(view.events) == 1).events[0].step
    seen.wait(lambda view: view.step > parted + 3)
    session.post(Command("twin", {"on": True}))
    view = seen.wait(lambda view: view.twin is not None)
    assert FakeWorld.open_worlds == before + 2
    assert (view.twin.forked, [event.kind for event in view.twin.events]) == (parted, ["shove"])
    done = seen.wait(lambda view: view.state == "finished", timeout=15)
    assert [outcome.name for outcome in done.twin.outcomes] == ["success", "success"]
    assert max(gap.action for gap in done.twin.gaps) > 0.005
    session.post(Command("twin", {"on": False}))
    back = seen.wait(lambda view: view.twin is None)
    assert FakeWorld.open_worlds == before + 1
    assert parted + 3 < back.step < done.twin.step + 30
    seen.wait(lambda later: later.step > back.step or later.outcome is not None)


def test_a_twin_without_a_disturbance_is_the_same_until_somebody_disturbs_the_left(open_session):
    session, seen = open_session(parts=backend(horizon=1000))
    session.post(Command("twin", {"on": True}))
    view = seen.wait(lambda view: view.twin is not None and len(view.twin.gaps) > 2)
    assert {(gap.action, gap.tool) for gap in view.twin.gaps} == {(0.0, 0.0)}
    session.post(Command("shove", {"camera": "front", "from": (0.65, 0.667), "to": (0.65, 0.9)}))
    parted = seen.wait(lambda view: view.twin is not None and len(view.twin.events) == 1)
    assert parted.twin.forked > 0
    seen.wait(lambda view: view.twin.gaps[-1].tool > 0.01)
    session.post(Command("next"))
    after = seen.wait(lambda view: view.twin is None)
    assert after.settings.seed == 1


def test_what_was_done_becomes_a_paired_test(open_session):
    session, seen = open_session(seed=9)
    seen.wait(lambda view: view.step > 0)
    session.post(Command("paired"))
    assert "nothing was disturbed" in seen.wait(lambda view: view.warning).notice
    session.post(Command("axis", {"axis": "light", "severity": 4}))
    seen.wait(lambda view: len(view.events) == 1)
    session.post(Command("paired"))
    expected = {"task": "reach", "policy": "steer", "seed": 9, "axis": "light", "severity": 4}
    assert handed(seen, "paired") == expected
