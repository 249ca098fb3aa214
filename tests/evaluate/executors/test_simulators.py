"""Simulator processes that die or hang: episodes are repaired by replay, or end as a fault and nothing else does."""

import os
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.executors import simulators as module
from wam_demo.evaluate.executors.simulators import CRASHES, Simulators
from wam_demo.evaluate.specs.scene import RoundReport, SceneSpec


class Counter:
    """Stands for a world: knows its seed and counts its steps; some scenes kill or stop the process.

    A scene's task says when: ``crash-begin``, ``crash-play``, ``hang-play``, ``refuse-begin`` or ``steady``; at
    most as often as there are files in ``folder / task``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scene, self.steps = SceneSpec("", 0), 0

    def begin(self, scene: SceneSpec) -> RoundReport:
        self.scene, self.steps = scene, 0
        self._maybe_fail("begin")
        return self._report()

    def play(self, actions: np.ndarray) -> RoundReport:
        self._maybe_fail("play")
        self.steps += len(actions)
        return self._report()

    def close(self) -> None:
        (self.folder / "closed").touch()

    def _maybe_fail(self, method: str) -> None:
        how, _, when = self.scene.task.partition("-")
        if when != method:
            return
        for mark in (self.folder / self.scene.task).iterdir():
            mark.unlink()
            if how == "refuse":
                raise InvalidInputError("no such scene")
            if how == "hang":
                time.sleep(60)
            os._exit(139)

    def _report(self) -> RoundReport:
        return RoundReport(None, steps=1000 * self.scene.seed + self.steps)


@pytest.fixture
def simulators(tmp_path):
    """Two slots in one process."""
    with Simulators(2, 1, partial(Counter, tmp_path)) as simulators:
        yield simulators


def fails(folder: Path, task: str, times: int) -> None:
    (folder / task).mkdir()
    for number in range(times):
        (folder / task / str(number)).touch()


def steps(reports) -> dict[int, int]:
    return {slot: report.steps for slot, report in reports.items()}


ACTIONS = np.zeros((4, 7), np.float32)


@pytest.mark.parametrize("when", ["begin", "play"])
@pytest.mark.parametrize("crashes", [1, CRASHES - 1])
def test_a_process_that_dies_is_replaced_and_its_episodes_replayed(simulators, tmp_path, when, crashes):
    fails(tmp_path, f"crash-{when}", crashes)
    simulators.begin({0: SceneSpec("steady", 1)})
    assert steps(simulators.begin({1: SceneSpec(f"crash-{when}", 2)})) == {1: 2000}
    assert steps(simulators.play({0: ACTIONS, 1: ACTIONS})) == {0: 1004, 1: 2004}
    assert steps(simulators.play({0: ACTIONS, 1: ACTIONS[:1]})) == {0: 1008, 1: 2005}


@pytest.mark.parametrize("when", ["begin", "play"])
def test_after_the_last_crash_the_next_episodes_get_their_own_reports(simulators, tmp_path, when):
    fails(tmp_path, f"crash-{when}", CRASHES)
    reports = simulators.begin({0: SceneSpec("steady", 1), 1: SceneSpec(f"crash-{when}", 2)})
    if when == "play":
        reports = simulators.play({0: ACTIONS, 1: ACTIONS})
    assert {(report.done, report.success, report.fault) for report in reports.values()} == {
        (True, False, "the simulator died")
    }
    assert steps(simulators.begin({0: SceneSpec("steady", 3), 1: SceneSpec("steady", 4)})) == {0: 3000, 1: 4000}
    assert steps(simulators.play({0: ACTIONS, 1: ACTIONS})) == {0: 3004, 1: 4004}
    assert steps(simulators.play({0: ACTIONS, 1: ACTIONS})) == {0: 3008, 1: 4008}


def test_an_episode_outside_the_round_survives_the_last_crash(simulators, tmp_path):
    fails(tmp_path, "crash-begin", CRASHES)
    simulators.begin({0: SceneSpec("steady", 1)})
    simulators.play({0: ACTIONS})
    assert simulators.begin({1: SceneSpec("crash-begin", 2)})[1].fault == "the simulator died"
    assert steps(simulators.play({0: ACTIONS})) == {0: 1008}


def test_a_process_that_hangs_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROUND_TIMEOUT_S", 5.0)
    fails(tmp_path, "hang-play", 1)
    with Simulators(1, 1, partial(Counter, tmp_path)) as simulators:
        simulators.begin({0: SceneSpec("hang-play", 7)})
        assert steps(simulators.play({0: ACTIONS})) == {0: 7004}


def test_an_error_in_one_process_leaves_no_answer_for_the_next_round(tmp_path):
    fails(tmp_path, "refuse-begin", 1)
    with Simulators(2, 2, partial(Counter, tmp_path)) as simulators:
        with pytest.raises(InvalidInputError, match="no such scene"):
            simulators.begin({0: SceneSpec("refuse-begin", 1), 1: SceneSpec("steady", 2)})
        assert steps(simulators.begin({0: SceneSpec("steady", 3), 1: SceneSpec("steady", 4)})) == {0: 3000, 1: 4000}


@pytest.mark.parametrize("processes", [0, 1])
def test_closing_frees_the_worlds(tmp_path, processes):
    with Simulators(1, processes, partial(Counter, tmp_path)) as simulators:
        simulators.begin({0: SceneSpec("steady", 1)})
    assert (tmp_path / "closed").exists()
