"""A session with a person: they take the arm, record what they do, and say how it went."""

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.session import Driven, late_backend
from tests.fakes.world import FakeWorld
from wam_demo.data.lerobot import Dataset
from wam_demo.limits import RECORD_COUNTDOWN_S
from wam_demo.runtime import Settings
from wam_demo.runtime.log import AttemptLog
from wam_demo.runtime.logfile import parse_log
from wam_demo.runtime.person import PersonCommand
from wam_demo.runtime.replay import replay


class Someone:
    """A person at the controls of a session."""

    def __init__(self, seen: Driven) -> None:
        self.seen, self.count = seen, 0

    def hold(self, velocity, seconds: float, gripper: float | None = None) -> None:
        """Hold a control for so long, and let go."""
        end = self.seen.clock.time + seconds
        while self.seen.clock.time < end:
            self._send(velocity, True, gripper)
            self.seen.run(0.04)
        self._send((0, 0, 0), False, gripper)

    def _send(self, velocity, held, gripper) -> None:
        self.count += 1
        twist = np.array([*velocity, 0, 0, 0], np.float32)
        self.seen.session.drive(PersonCommand(self.count, held, twist, gripper=gripper))


@pytest.fixture
def open_session(tmp_path):
    opened = []

    def start(horizon=90, recordings=None, **settings) -> Driven:
        clock = ManualClock()
        backend = replace(late_backend(clock, horizon), recordings=recordings)
        opened.append(Driven(backend, Settings(**{"task": "reach", "policy": "steer", **settings}), clock))
        return opened[-1]

    yield start
    for driven in opened:
        driven.session.close()


def test_the_arm_moves_as_it_is_driven_and_the_view_says_who_drives(open_session, monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", 1000)
    seen = open_session()
    seen.run(1.0)
    assert not seen.last.drive.state.person
    before = seen.last.observation.state[1]
    Someone(seen).hold((0, -0.2, 0), 0.6)
    view = seen.last
    assert view.drive.state.person
    assert view.drive.rate_hz >= 10
    assert view.observation.state[1] == pytest.approx(before - 0.1, abs=0.05)
    weights = [record.person_weight for record in seen.records]
    assert set(weights[weights.index(1.0) :]) == {1.0}
    seen.post("give_back")
    seen.run(0.5)
    assert (seen.last.drive.state.person, seen.records[-1].person_weight) == (False, 0.0)
    assert seen.records[-1].prediction_step > len(seen.records) - 6


def test_who_drives_sees_the_arm_move_as_a_control_step_begins_also_when_plans_are_late(monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", 1000)
    clock = ManualClock()
    seen = Driven(late_backend(clock, horizon=1000, plan_s=0.55), Settings("reach", "steer"), clock)
    seen.run(3.0)
    before = seen.last.frame_number
    seen.session.drive(PersonCommand(1, True, np.array([0, 0.2, 0, 0, 0, 0], np.float32)))
    view = seen.until(lambda view: view.drive.state.acted == 1)
    assert view.frame_number > before
    assert not any(record.person_weight for record in seen.records), "the step is not over yet"
    seen.session.close()


def test_a_person_takes_the_time_they_need_and_the_log_replays_it(open_session, monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", 1000)
    seen = open_session(horizon=30)
    someone = Someone(seen)
    someone.hold((0, 0.1, 0.1), 4.0)
    assert (seen.last.outcome, seen.last.step > 38) == (None, True)
    seen.post("give_back")
    seen.until(lambda view: view.outcome is not None)
    seen.post("log")
    (log,) = parse_log(seen.exported("log"), ["reach"])
    assert isinstance(log, AttemptLog)
    again = FakeWorld("reach")
    assert replay(log, again).exact
    again.close()


def test_a_replay_is_not_driven(open_session):
    seen = open_session()
    seen.until(lambda view: view.outcome is not None)
    seen.post("log")
    log = parse_log(seen.exported("log"), ["reach"])
    seen.post("replay", attempts=log)
    seen.run(0.5)
    assert seen.last.drive is None
    seen.post("take")
    assert "nobody can drive here" in seen.until(lambda view: view.warning).notice


def test_episodes_are_recorded_one_after_the_other_and_the_judge_says_how_they_went(open_session, tmp_path):
    seen = open_session(recordings=tmp_path, seed=4)
    seen.run(0.5)
    seen.post("record", on=True, name="mine", auto=True)
    view = seen.until(lambda view: view.recording is not None)
    assert (view.recording.state, view.step, view.recording.starts_in_s) == ("counting", 0, RECORD_COUNTDOWN_S)
    began = seen.clock.time
    seen.until(lambda view: view.recording.state == "recording")
    assert seen.clock.time - began == pytest.approx(RECORD_COUNTDOWN_S, abs=0.15)
    seen.until(lambda view: view.recording.episodes == 1)
    seen.until(lambda view: view.recording.episodes == 2)
    seen.post("record", on=False)
    seen.until(lambda view: view.recording is None)
    dataset = Dataset(tmp_path / "mine")
    columns = ["seed", "task_name", "success", "success_by", "policy", "drivers", "source"]
    first, second, *_ = dataset.episodes(columns).to_pylist()
    assert first == {
        "seed": 1_000_004, "task_name": "reach", "success": True, "success_by": "judge",
        "policy": "steer", "drivers": "steer", "source": "fakeworld",
    }  # fmt: skip
    assert second["seed"] == 1_000_005
    success = dataset.column("next.success")
    assert success[dataset.episode_bounds[0, 1] - 1]
    assert not success[0]


def test_corrections_stay_in_the_episode_with_a_flag(open_session, tmp_path):
    seen = open_session(recordings=tmp_path)
    seen.post("record", on=True, name="mine", auto=True)
    seen.until(lambda view: view.recording is not None and view.recording.frames == 5)
    Someone(seen).hold((0, -0.1, 0.1), 0.5)
    seen.post("axis", axis="light", severity=2)
    seen.post("give_back")
    seen.until(lambda view: view.recording.episodes == 1)
    dataset = Dataset(tmp_path / "mine")
    row = dataset.episodes().to_pylist()[0]
    flags = dataset.column("intervention")[: row["length"]]
    assert (row["drivers"], row["interventions"]) == ("steer,person", 1)
    assert row["intervention_frames"] == flags.sum()
    assert 4 <= flags.sum() <= 8
    assert not flags[:4].any()
    assert not flags[-1]
    np.testing.assert_array_equal(dataset.column("person_weight")[: len(flags)], flags)
    events = [text for text in dataset.column("events")[: len(flags)] if text]
    assert events == ['[{"kind": "light", "parameters": {"severity": 2}}]']
    np.testing.assert_allclose(
        dataset.column("action")[flags.argmax()], dataset.column("commanded_action")[flags.argmax()]
    )


def test_a_person_judges_discards_and_records_again(open_session, tmp_path, monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", 1000)
    seen = open_session(recordings=tmp_path, seed=7)
    seen.post("record", on=True, name="mine", auto=False)
    seen.until(lambda view: view.recording is not None and view.recording.frames == 6)
    seen.post("again")
    view = seen.until(lambda view: view.recording.state == "counting")
    assert (view.settings.seed, view.recording.episodes, view.step) == (1_000_007, 0, 0)
    seen.until(lambda view: view.recording.frames == 9)
    seen.post("verdict", success=True)
    view = seen.until(lambda view: view.recording.episodes == 1)
    assert (view.settings.seed, view.recording.state) == (1_000_008, "counting")
    waiting = seen.until(lambda view: view.recording.state == "verdict")  # out of time, and nobody has said how it went
    seen.run(10.0)
    assert seen.last.settings.seed == waiting.settings.seed == 1_000_008
    seen.post("verdict", success=False)
    seen.until(lambda view: view.recording.episodes == 2)
    seen.post("record", on=False)
    seen.run(0.2)
    dataset = Dataset(tmp_path / "mine")
    rows = dataset.episodes(["seed", "success", "success_by", "outcome", "length"]).to_pylist()
    assert [(row["seed"], row["success"], row["outcome"]) for row in rows] == [
        (1_000_007, True, "success"),
        (1_000_008, False, "failure"),
    ]
    assert {row["success_by"] for row in rows} == {"person"}
    assert 9 <= rows[0]["length"] <= 11
    np.testing.assert_array_equal(np.flatnonzero(dataset.column("next.success")), [rows[0]["length"] - 1])


def test_what_cannot_be_recorded_is_one_line(open_session, tmp_path):
    seen = open_session()
    seen.post("record", on=True, name="mine", auto=True)
    assert "keeps no recordings" in seen.until(lambda view: view.warning).notice
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "else.txt").write_text("keep")
    seen = open_session(recordings=tmp_path)
    seen.post("record", on=True, name="taken", auto=True)
    assert "holds no recording" in seen.until(lambda view: view.warning).notice
    seen.run(0.5)
    assert (seen.last.recording, seen.last.state) == (None, "running")
    seen.post("verdict", success=True)
    assert "no episode" in seen.until(lambda view: view.warning and "no episode" in view.notice).notice


def test_leaving_keeps_what_is_running(open_session, tmp_path):
    seen = open_session(recordings=tmp_path)
    seen.post("record", on=True, name="mine", auto=True)
    seen.until(lambda view: view.recording is not None and view.recording.frames == 7)
    seen.session.close()
    rows = Dataset(tmp_path / "mine").episodes(["length", "outcome", "success_by"]).to_pylist()
    assert rows == [{"length": 7, "outcome": "stopped", "success_by": ""}]
