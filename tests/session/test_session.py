"""The session against the drawn world, in real time."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.fakes.brain import backend
from tests.fakes.world import FakeWorld
from wam_demo.errors import CheckpointError
from wam_demo.session import Command, Session, Settings, View


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
        def observe(self):
            if broken.is_set():
                raise RuntimeError("secret detail\nof the machine")
            return super().observe()

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
