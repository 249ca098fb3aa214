"""The session against the drawn world; time passes as fast as it is waited for."""

import threading
import time
from dataclasses import replace

import pytest

from tests.fakes import brain
from tests.fakes.clock import ManualClock
from tests.fakes.session import Driven, late_backend
from tests.fakes.waiting import eventually
from tests.fakes.world import FakeWorld
from wam_demo.errors import CheckpointError, PolicyFault, UnknownNameError
from wam_demo.runtime import Planner, Session, Settings, Watcher
from wam_demo.runtime.log import AttemptLog
from wam_demo.runtime.logfile import parse_log, unpack
from wam_demo.runtime.session import EASE_S, NOTICE_S, OUTCOME_S

DRAG = {"camera": "front", "from": (0.65, 0.667), "to": (0.65, 0.9)}


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def open_session(clock):
    opened: list[Driven] = []

    def open_one(horizon=90, change=None, backend=None, **settings) -> Driven:
        parts = backend or late_backend(clock, horizon)
        chosen = Settings(**{"task": "reach", "policy": "steer", **settings})
        opened.append(Driven(replace(parts, **(change or {})), chosen, clock))
        return opened[-1]

    yield open_one
    for driven in opened:
        driven.session.close()


def test_an_episode_takes_its_time_and_the_next_seed_follows(open_session, clock):
    seen = open_session(seed=4)
    done = seen.until(lambda view: view.outcome is not None)
    assert (done.outcome.name, done.state) == ("success", "finished")
    assert (done.successes, done.episodes) == (1, 1)
    first_look = 0.25  # the first plan and what it leads to are awaited
    assert clock.time == pytest.approx(first_look + done.step / 10, abs=0.051)
    pictures = {view.frame_number for view in seen.views}
    assert len(pictures) == 2 * done.step + 1
    following = seen.until(lambda view: view.settings.seed == 5)
    assert (following.outcome, following.episode) == (None, 2)
    assert clock.time == pytest.approx(first_look + done.step / 10 + OUTCOME_S, abs=0.11)


def test_late_plans_halve_the_pictures_for_a_while(open_session, clock, monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", 1000)
    seen = open_session(backend=late_backend(clock, horizon=1000, plan_s=0.55))
    seen.run(1.5)
    before = len({view.frame_number for view in seen.views})
    seen.run(EASE_S / 2)
    assert len({view.frame_number for view in seen.views}) - before == pytest.approx(EASE_S / 2 * 10, abs=2)


def test_a_pause_holds_the_outcome_until_somebody_runs_on(open_session):
    seen = open_session(seed=4)
    seen.until(lambda view: view.state == "finished")
    seen.post("pause")
    seen.run(2 * OUTCOME_S)
    assert (seen.last.state, seen.last.settings.seed) == ("finished", 4)
    seen.post("run")
    assert seen.until(lambda view: view.settings.seed == 5).state == "running"


def test_steps_are_recorded_with_the_plan_they_come_from(open_session):
    seen = open_session()
    seen.until(lambda view: view.outcome is not None)
    records = seen.records
    assert [record.step for record in records] == list(range(len(records)))
    assert [(record.prediction is None, record.index) for record in records[:2]] == [(False, 0), (False, 1)]
    assert all(record.prediction_step < record.step for record in records[1:])
    assert records[0].goal_distance > records[-1].goal_distance < 0.03
    assert seen.last.goal_distance == records[-1].goal_distance


def test_imagination_and_attention_reach_the_view(open_session):
    seen = open_session()
    view = seen.until(lambda view: 4 in view.prediction_errors)
    assert view.imagination.frames["front"].shape == (4, 128, 128, 3)
    assert 0 <= view.prediction_errors[4].error < 0.2
    assert view.prediction_errors[4].at - view.prediction_errors[4].made == 4
    assert view.error_history[4] == ((view.prediction_errors[4].at, view.prediction_errors[4].error),)
    assert set(view.attended) == {"front", "wrist"}
    assert view.attended["front"].shape == (256, 256, 3)


def test_pause_step_run(open_session):
    seen = open_session()
    seen.until(lambda view: view.step > 0)
    seen.post("pause")
    paused = seen.until(lambda view: view.state == "paused")
    seen.run(1.0)
    assert seen.last.step == paused.step
    seen.post("step")
    assert seen.until(lambda view: view.step == paused.step + 1).state == "paused"
    seen.post("run")
    seen.until(lambda view: view.step > paused.step + 2)


def test_reset_while_paused_stays_paused(open_session):
    seen = open_session()
    seen.until(lambda view: view.step > 2)
    seen.post("pause")
    seen.post("reset")
    view = seen.until(lambda view: view.episode == 2)
    assert (view.state, view.step) == ("paused", 0)


def test_disturbances_are_events_and_stay_in_the_log(open_session):
    seen = open_session()
    seen.post("distractor", camera="front", at=(0.3, 0.7))
    seen.post("axis", axis="light", severity=3)
    seen.post("shove", **DRAG)
    view = seen.until(lambda view: len(view.events) == 3)
    assert [event.kind for event in view.events] == ["distractor", "light", "shove"]
    assert view.events[2].parameters["object"] == "red_dot"
    assert view.events[2].parameters["offset"] == pytest.approx([0.1398, 0.0], abs=1e-4)
    assert view.severities == {"light": 3}
    seen.until(lambda view: view.step > 1)
    assert [event.kind for record in seen.records for event in record.events] == [
        "distractor", "light", "shove",
    ]  # fmt: skip


def test_an_axis_stays_on_over_a_reset_and_clear_switches_it_off(open_session):
    seen = open_session()
    seen.post("axis", axis="light", severity=5)
    seen.post("distractor")
    seen.post("next")
    view = seen.until(lambda view: view.episode == 2)
    assert [event.kind for event in view.events] == ["light"]
    assert view.frame.mean() < 70
    seen.post("clear")
    assert seen.until(lambda view: not view.severities).frame.mean() > 70


def test_a_shove_beside_the_objects_is_one_warning_that_goes_by_itself(open_session, monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", 1000)
    seen = open_session(horizon=1000)
    seen.post("shove", **{"camera": "front", "from": (0.1, 0.9), "to": (0.5, 0.5)})
    view = seen.until(lambda view: view.warning)
    assert "nothing to shove there" in view.notice
    assert view.events == ()
    seen.run(0.9 * NOTICE_S)
    assert seen.last.warning
    seen.run(0.2 * NOTICE_S)
    assert (seen.last.state, seen.last.notice, seen.last.warning) == ("running", "", False)


def test_an_unusable_plan_holds_the_arm_and_says_so(open_session):
    seen = open_session()
    seen.until(lambda view: view.step > 2)
    seen.post("instruction", text="nan")
    view = seen.until(lambda view: view.warning)
    assert "holding the arm" in view.notice
    assert "not finite" in view.notice
    held = seen.until(lambda later: later.step > view.step + 1)
    later = seen.until(lambda later: later.step > held.step + 3)
    assert later.observation.state[:3] == pytest.approx(held.observation.state[:3], abs=1e-6)
    seen.post("instruction", text="reach the red dot")
    assert seen.until(lambda view: view.outcome is not None).outcome.name == "success"


def test_a_time_out_and_no_autoplay(open_session):
    seen = open_session(horizon=5, policy="hold", autoplay=False)
    view = seen.until(lambda view: view.outcome is not None)
    assert view.outcome.name == "timeout"
    assert (view.successes, view.episodes) == (0, 1)
    assert view.imagination is None
    seen.run(2 * OUTCOME_S)
    assert seen.last.episode == 1
    seen.post("run")
    seen.until(lambda view: view.episode == 2)


def test_a_simulation_fault_ends_the_episode_as_fault(open_session):
    worlds: list[FakeWorld] = []

    def open_source(task):
        worlds.append(FakeWorld(task))
        return worlds[-1]

    seen = open_session(change={"open_source": open_source})
    seen.until(lambda view: view.step > 1)
    worlds[0].next_fault = "the physics diverged"
    view = seen.until(lambda view: view.outcome is not None)
    assert (view.outcome.name, view.successes) == ("sim_fault", 0)
    assert "diverged" in view.outcome.detail


def test_a_source_with_less_can_be_shown_and_says_what_it_cannot(open_session):
    class Plain:
        """Observes and moves, and nothing else."""

        clock = "simulated"

        def __init__(self, task):
            self._world = FakeWorld(task)
            for name in ("reset", "observe", "apply", "close"):
                setattr(self, name, getattr(self._world, name))

    seen = open_session(horizon=12, change={"open_source": Plain})
    seen.until(lambda view: view.step > 2)
    assert seen.last.frame.shape == (128, 128, 3)
    seen.post("shove")
    assert "cannot be disturbed" in seen.until(lambda view: view.warning).notice
    seen.post("twin", on=True)
    assert "there is no twin" in seen.until(lambda view: "twin" in view.notice).notice
    seen.post("link")
    assert parse_log(unpack(seen.exported("link")), ["reach"])[0].final is None
    assert seen.until(lambda view: view.outcome is not None).outcome.name == "timeout"


def test_a_policy_that_cannot_be_opened_leaves_the_old_one_running(open_session, clock):
    parts = late_backend(clock)

    def open_planner(policy, source):
        if policy == "broken":
            raise CheckpointError("no checkpoint at nowhere")
        return parts.open_planner(policy, source)

    seen = open_session(change={"open_planner": open_planner})
    seen.post("policy", name="broken")
    view = seen.until(lambda view: view.warning)
    assert view.notice == "no checkpoint at nowhere"
    assert view.settings.policy == "steer"
    seen.until(lambda later: later.step > view.step)


def test_an_internal_error_stops_with_one_line_and_reset_goes_on(open_session):
    broken = threading.Event()

    class BreakingWorld(FakeWorld):
        def observe(self):
            if broken.is_set():
                raise RuntimeError("secret detail\nof the machine")
            return super().observe()

    seen = open_session(change={"open_source": BreakingWorld})
    seen.until(lambda view: view.step > 1)
    broken.set()
    view = seen.until(lambda view: view.state == "fault")
    assert "RuntimeError" in view.notice
    assert "secret" not in view.notice
    broken.clear()
    seen.post("reset")
    seen.post("run")
    seen.until(lambda view: view.state == "running" and view.step > 1)


def test_another_task_opens_another_source_and_closes_the_old_one(open_session):
    before = len(FakeWorld.opened)
    seen = open_session()
    seen.post("task", name="wander")
    seen.until(lambda view: view.settings.task == "wander" and view.step > 0)
    assert len(FakeWorld.opened) == before + 1


def test_the_log_of_a_session_replays_to_the_same_states(open_session):
    seen = open_session()
    seen.until(lambda view: view.step > 3)
    seen.post("shove", **DRAG)
    done = seen.until(lambda view: view.outcome is not None)
    seen.post("log")
    attempts = parse_log(seen.exported("log"), ["reach"])
    assert attempts[-1].outcome == "success"
    assert len(attempts[-1].steps) == done.step
    assert [event.kind for event in attempts[-1].events] == ["shove"]
    seen.post("replay", attempts=attempts)
    again = seen.until(lambda view: view.replay is not None and view.outcome is not None)
    assert (again.step, again.outcome.name) == (done.step, "success")
    assert "agree to the last bit" in again.notice
    assert again.episodes == done.episodes  # a replay is no success of the policy's
    assert [event.kind for event in again.events] == ["shove"]
    seen.post("distractor")
    assert "this is a replay" in seen.until(lambda view: view.warning).notice
    seen.post("reset")
    seen.until(lambda view: view.replay is None and view.step > 0)


def logged(seen) -> AttemptLog:
    """The log of a session after twelve steps, with one disturbance."""
    seen.until(lambda view: view.step > 3)
    seen.post("shove", **DRAG)
    seen.until(lambda view: view.step > 12)
    seen.post("log")
    return parse_log(seen.exported("log"), ["reach"])[0]


def replayed(seen, log):
    seen.post("replay", attempts=[log])
    return seen.until(lambda view: view.replay is not None and view.outcome is not None)


def test_a_log_that_was_changed_is_noticed(open_session):
    seen = open_session()
    log = logged(seen)
    changed = replace(log, steps=(replace(log.steps[0], action=log.steps[0].action + 0.01), *log.steps[1:]))
    view = replayed(seen, changed)
    assert "differs from its log at step 10" in view.notice
    assert view.warning


def test_a_log_without_states_is_not_called_exact(open_session):
    seen = open_session()
    log = logged(seen)
    bare = replace(log, steps=[replace(step, state=None) for step in log.steps], final=None)
    view = replayed(seen, bare)
    assert view.step == len(log.steps)
    assert "exactly" not in view.notice
    assert "nothing could be compared" in view.notice
    assert view.warning


def test_a_log_that_cannot_be_applied_says_so_and_ends(open_session):
    seen = open_session()
    log = logged(seen)
    gone = replace(log.events[0], asked={"object": "cloud", "offset": [0, 0]})
    view = replayed(seen, replace(log, events=[gone]))
    assert view.step == gone.step
    assert f"could not be replayed: line {gone.line}: 'cloud' cannot be shoved" in view.notice
    assert (view.outcome.name, view.warning) == ("replayed", True)
    seen.run(2 * OUTCOME_S)
    assert seen.last.state == "finished"


def test_a_log_without_steps_ends_at_once(open_session):
    seen = open_session()
    log = logged(seen)
    view = replayed(seen, replace(log, steps=(), events=(), final=None))
    assert (view.step, view.state, view.outcome.name) == (0, "finished", "replayed")


def test_a_replay_that_cannot_begin_loses_nothing(open_session):
    def open_source(task):
        if task == "nowhere":
            raise UnknownNameError("task", task, ["reach"])
        return FakeWorld(task)

    seen = open_session(change={"open_source": open_source})
    seen.until(lambda view: view.step > 2)
    seen.post("link")
    log = parse_log(unpack(seen.exported("link")), ["reach"])[0]
    seen.post("replay", attempts=[replace(log, task="nowhere")])
    view = seen.until(lambda view: view.warning)
    assert "nowhere" in view.notice
    seen.until(lambda later: later.step > view.step)


def test_a_disturbance_falls_between_control_steps(open_session):
    seen = open_session(horizon=1000)
    for _ in range(12):
        seen.post("shove", **{"camera": "front", "from": (0.65, 0.667), "to": (0.66, 0.667)})
        seen.run(0.037)
    seen.post("pause")
    view = seen.until(lambda view: view.state == "paused")
    seen.post("step")
    seen.until(lambda later: later.step > view.step)
    events = [event for record in seen.records for event in record.events]
    assert len(events) == len(view.events) > 0
    assert all(record.step == event.step for record in seen.records for event in record.events)


def test_a_twin_parts_at_the_disturbance_and_frees_its_source(open_session):
    before = len(FakeWorld.opened)
    seen = open_session(horizon=60)
    seen.until(lambda view: view.step > 3)
    seen.post("shove", **DRAG)
    parted = seen.until(lambda view: len(view.events) == 1).events[0].step
    there = seen.until(lambda view: view.step > parted + 3).step
    seen.post("twin", on=True)
    view = seen.until(lambda view: view.twin is not None)
    assert len(FakeWorld.opened) == before + 2
    assert (view.twin.forked, [event.kind for event in view.twin.events]) == (parted, ["shove"])
    done = seen.until(lambda view: view.state == "finished")
    assert [outcome.name for outcome in done.twin.outcomes] == ["success", "success"]
    assert max(each.action for each in done.twin.divergences) > 0.005
    seen.post("twin", on=False)
    back = seen.until(lambda view: view.twin is None)
    assert len(FakeWorld.opened) == before + 1
    assert there <= back.step <= there + 1
    seen.until(lambda later: later.outcome is not None)


def test_a_twin_without_a_disturbance_is_the_same_until_somebody_disturbs_the_left(open_session):
    seen = open_session(horizon=1000)
    seen.post("twin", on=True)
    view = seen.until(lambda view: view.twin is not None and len(view.twin.divergences) > 2)
    assert {(each.action, each.tool) for each in view.twin.divergences} == {(0.0, 0.0)}
    seen.post("shove", **DRAG)
    parted = seen.until(lambda view: view.twin is not None and len(view.twin.events) == 1)
    assert parted.twin.forked > 0
    apart = seen.until(lambda view: view.twin.divergences and view.twin.divergences[-1].tool > 0.01)
    assert min(each.step for each in apart.twin.divergences) == parted.twin.forked  # the chart begins at its axis
    seen.post("next")
    after = seen.until(lambda view: view.twin is None)
    assert after.settings.seed == 1


def test_a_twin_without_an_answer_waits_and_says_so(open_session, clock):
    answers = iter([PolicyFault("no answer after 10 s")])

    def lockstep(observation, seed):
        fault = next(answers, None)
        return brain.at_once(observation if fault is None else replace(observation, instruction="nan"))

    planner = Planner(lambda seen: clock.later(0.04, lambda: brain.checked(seen)), lockstep=lockstep)
    seen = open_session(horizon=1000, change={"open_planner": lambda policy, source: planner})
    seen.post("twin", on=True)
    view = seen.until(lambda view: view.warning)
    assert view.state == "paused"
    assert "the twin waits" in view.notice
    seen.post("run")
    seen.until(lambda view: len(view.twin.divergences) > 2)


def test_what_was_done_becomes_a_paired_test(open_session):
    seen = open_session(seed=9)
    seen.until(lambda view: view.step > 0)
    seen.post("paired")
    assert "nothing was disturbed" in seen.until(lambda view: view.warning).notice
    seen.post("axis", axis="light", severity=4)
    seen.until(lambda view: len(view.events) == 1)
    seen.post("paired")
    expected = {"task": "reach", "policy": "steer", "seed": 9, "axis": "light", "severity": 4}
    assert seen.exported("paired") == expected


def test_on_a_thread_it_keeps_real_time_and_ends_when_it_is_closed():
    before, views = len(FakeWorld.opened), []

    class Keeper(Watcher):
        def on_view(self, view):
            views.append(view)

    began = time.perf_counter()
    session = Session(Settings("reach", "steer", autoplay=False), brain.backend(horizon=8), [Keeper()])
    session.start()
    eventually(lambda: views and views[-1].outcome is not None)
    assert time.perf_counter() - began >= 0.7
    session.close(timeout=3)
    assert not session.alive
    assert len(FakeWorld.opened) == before
