"""The Live page's session over an arm: a person begins every motion, and the gate's word is the last one."""

from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes import brain
from tests.fakes.arm import Gantry, Workbench
from tests.fakes.bench_page import BenchClock, BenchPage
from tests.fakes.world import FakeWorld
from wam_demo.data.lerobot import Dataset
from wam_demo.limits import ARM_PAGE_S
from wam_demo.runtime import Planner, Settings
from wam_demo.runtime.record_episodes import Scene, record_episodes
from wam_demo.runtime.recorder import Recorder, Verdict
from wam_demo.types import ActionChunk, Prediction

FORWARD = np.tile(np.array([0.01, 0, 0, 0, 0, 0, 1], np.float32), (16, 1))


def ahead(observation):
    future = Future()
    future.set_result(Prediction(ActionChunk(FORWARD)))
    return future


@pytest.fixture
def bench():
    return Workbench(Gantry(("front", "wrist")))


@pytest.fixture
def page(bench, tmp_path):
    parts = replace(
        brain.backend(),
        recordings=tmp_path,
        horizons={"reach": 90, "arm": 30},
        open_source=lambda task: bench.source() if task == "arm" else FakeWorld(task),
        open_planner=lambda policy, source: Planner(ahead),
    )
    page = BenchPage(parts, Settings("reach", "steer", autoplay=True), BenchClock(bench))
    page.post("task", name="arm")
    page.until(lambda view: view.real)
    yield page
    page.session.close()


def x_of(bench):
    return float(bench.driver.positions[0])


def test_it_begins_by_a_persons_word_and_follows_the_policy(page, bench):
    page.until(lambda view: view.state == "paused")
    for _ in range(20):
        page.tick()
    assert x_of(bench) == pytest.approx(0.0, abs=1e-6)
    page.post("run")
    view = page.until(lambda view: view.step >= 10)
    assert x_of(bench) > 0.05
    assert view.played.prediction is not None
    assert [record.step for record in page.records[-9:]] == list(range(view.step - 9, view.step))


def test_a_person_takes_the_arm_drives_it_and_gives_it_back(page, bench):
    page.post("run")
    page.until(lambda view: view.step >= 4)
    bench.driver.frozen = True  # a person needs no camera
    for number in range(1, 12):
        page.drive(number, x=-0.2)
        page.run(0.08)
    assert page.last.drive.state.person
    assert page.last.state == "running"
    backwards = [record.action[0] for record in page.records[-5:]]
    assert max(backwards) < -0.015
    page.run(0.5)  # the page lets go, and the arm stands
    rest = x_of(bench)
    page.run(0.5)
    assert x_of(bench) == pytest.approx(rest, abs=1e-4)
    bench.driver.frozen = False
    page.run(0.1)
    page.post("give_back")
    page.run(1.0)
    assert x_of(bench) > rest + 0.02


def test_stop_pauses_it_with_the_gates_line_and_running_again_starts_from_rest(page, bench):
    page.post("run")
    page.until(lambda view: view.step >= 8)
    bench.client = 2
    watcher = bench.source(name="watcher").client
    watcher.ask("stop")
    bench.client = 1
    view = page.until(lambda view: view.warning)
    assert (view.state, view.notice) == ("paused", "STOP is pressed")
    page.run(1.0)
    rest = x_of(bench)
    page.post("run")
    assert "release it first" in page.until(lambda view: "release" in view.notice).notice
    assert page.last.state == "paused"
    watcher.ask("release_stop")
    page.run(1.0)
    assert x_of(bench) == rest
    page.post("run")
    page.until(lambda view: view.state == "running" and view.step > 10)
    assert x_of(bench) > rest


def test_a_page_that_falls_silent_lets_the_arm_hold(page, bench):
    page.post("run")
    page.until(lambda view: view.step >= 4)
    page.silent = True
    view = page.until(lambda view: view.state == "paused", ARM_PAGE_S + 1)
    assert "fell silent" in view.notice
    page.run(0.2)
    rest = x_of(bench)
    page.run(1.0)
    assert x_of(bench) == rest


def test_pausing_and_one_step_move_and_time_that_stood_does_not_count(page, bench):
    page.post("run")
    page.until(lambda view: view.step >= 6)
    page.post("pause")
    paused = page.until(lambda view: view.state == "paused").step
    page.run(3.0)
    page.post("step")
    assert page.until(lambda view: view.step > paused).step == paused + 1
    page.run(0.5)
    rest = x_of(bench)
    page.run(0.5)
    assert x_of(bench) == rest
    page.post("run")
    assert page.until(lambda view: view.step >= paused + 3).step == paused + 3


def test_nothing_follows_by_itself_when_an_episode_has_ended(page, bench):
    page.post("run")
    view = page.until(lambda view: view.outcome is not None)
    assert (view.outcome.name, view.episodes) == ("unscored", 0)
    for _ in range(200):
        page.tick()
    assert page.last.episode == view.episode
    assert not bench.arm.status().moving


def test_what_an_arm_cannot_do_is_one_line_and_words_are_said(page):
    page.post("axis", axis="light", severity=3)
    assert "by hand" in page.until(lambda view: view.warning).notice
    assert page.last.severities == {}
    page.post("twin", on=True)
    assert "there is no twin" in page.until(lambda view: "twin" in view.notice).notice
    page.post("instruction", text="stack the cups")
    assert page.until(lambda view: view.instruction == "stack the cups").observation is not None
    page.post("run")
    page.until(lambda view: view.observation.instruction == "stack the cups")


def test_an_arm_that_refuses_to_begin_says_why_and_reset_tries_again(page, bench):
    bench.client = 2
    other = bench.source(name="colleague").client
    bench.clock.now += 3.0  # the lease of the page ran out
    other.ask("lease", name="colleague")
    bench.client = 1
    page.post("reset")
    view = page.until(lambda view: "colleague" in view.notice, 5)
    assert view.state == "fault"
    bench.client = 2
    bench.arm.leave(2)
    bench.client = 1
    page.post("reset")
    page.until(lambda view: view.state == "paused")


def test_episodes_are_recorded_and_judged_by_the_person(page, bench, tmp_path):
    page.post("record", on=True, name="arm-set", auto=True)
    page.until(lambda view: view.recording is not None and view.recording.frames > 8, 20)
    page.post("verdict", success=True)
    page.until(lambda view: view.recording.episodes == 1)
    page.until(lambda view: view.recording.state == "verdict", 30)  # nobody can tell, so it waits
    page.post("verdict", success=False)
    page.until(lambda view: view.recording.episodes == 2)
    page.post("record", on=False)
    page.until(lambda view: view.recording is None)
    rows = Dataset(tmp_path / "arm-set").episodes(["success", "success_by"]).to_pylist()
    assert [(row["success"], row["success_by"]) for row in rows] == [(True, "person"), (False, "person")]


def test_episodes_without_a_page_wait_for_no_plan_and_ask_how_they_went(bench, tmp_path):
    source, asked = bench.source(instruction="put it there"), []

    def ask(verdict):
        asked.append(verdict.outcome)
        return Verdict(True, "person", "success")

    with closing(Recorder(tmp_path / "set", source.reset(0))) as recorder:
        record_episodes(
            source, lambda seen, seed: ahead(seen), recorder, [Scene(1), Scene(2)],
            task="arm", horizon=8, policy="steer", source_name="arm", ask=ask,
        )  # fmt: skip
    assert asked == ["timeout", "timeout"]
    rows = Dataset(tmp_path / "set").episodes(["success", "success_by"]).to_pylist()
    assert [(row["success"], row["success_by"]) for row in rows] == [(True, "person")] * 2
    assert x_of(bench) > 0.05
