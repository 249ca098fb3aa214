"""What a dream expects of itself beside what the simulator says: which scenes are fitted, which are told of."""

from itertools import pairwise

import numpy as np
import pytest

from tests.fakes.dreamer import CALIBRATION, FakeDreamer
from wam_demo.commands.dream_error import LEAST_EPISODES
from wam_demo.diagnose.dream_error import (
    AXES,
    HELD_OUT,
    ROUND,
    STEPS,
    WAYS,
    DoubtedFrame,
    doubt_document,
    doubted_scenes,
    fitted,
    planned,
)
from wam_demo.errors import CheckpointError
from wam_demo.models.wam.doubt import DoubtModel
from wam_demo.policies.dreaming import ANCHOR_STEPS

BARE = DoubtModel.of_demonstrations(np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32))
TASKS = ("pick_place", "stack", "push", "drawer", "button", "reach")


def frames(noise: float = 0.01, slope: float = 0.5, held_slope: float | None = None):
    rng = np.random.default_rng(0)
    for scene in range(3 * ROUND):
        steep = slope if scene < 2 * ROUND or held_slope is None else held_slope
        for step in range(4, 49, 4):
            doubt = 0.002 * step + rng.uniform(0, 0.05)
            error = steep * doubt + rng.normal(0, noise)
            yield DoubtedFrame(scene, "push", WAYS[scene % 3], "none", step, doubt, error)


def test_an_error_that_follows_is_told_and_its_interval_holds_it():
    seen = list(frames())
    held = doubt_document(seen, fitted(BARE, seen))["held_out"]
    assert (held["scenes"], held["frames"]) == (ROUND, 12 * ROUND)
    assert held["pearson_ci95"][0] < held["pearson"] < held["pearson_ci95"][1]
    assert held["pearson"] > 0.7
    assert held["mae"] < 0.7 * held["mae_of_a_constant"]
    assert all(expected == pytest.approx(measured, abs=0.01) for expected, measured in held["calibration"])


def test_only_scenes_that_are_not_held_out_are_fitted():
    curve = fitted(BARE, list(frames(held_slope=5.0)))
    assert max(curve.error) < 0.1  # the held-out ones reach 0.7
    told = doubt_document(list(frames(held_slope=5.0)), curve)["held_out"]
    assert told["error"] > 3 * told["expected"]


def test_an_error_that_does_not_follow_is_told_too():
    rng = np.random.default_rng(1)
    seen = [
        DoubtedFrame(scene, "push", "expert", "none", step, rng.uniform(0, 0.1), rng.uniform(0, 0.1))
        for scene in range(3 * ROUND)
        for step in range(12)
    ]
    held = doubt_document(seen, fitted(BARE, seen))["held_out"]
    assert held["pearson"] is None or abs(held["pearson"]) < 0.3


def test_a_round_holds_every_task_acted_in_every_way_disturbed_and_not():
    rounds = [[planned(scene, TASKS) for scene in range(start, start + ROUND)] for start in (0, ROUND, 2 * ROUND)]
    for plans in rounds:
        assert len({(task, way, axis == "none") for task, way, axis in plans}) == ROUND
        assert {axis for _, _, axis in plans} == {"none", *AXES}
    assert len({(task, axis) for plans in rounds for task, _, axis in plans if axis != "none"}) > 24


def test_the_command_plays_at_least_what_is_fitted_and_what_is_held_out():
    assert LEAST_EPISODES == HELD_OUT * ROUND


def test_scenes_are_acted_and_looked_at_beside_the_simulator():
    from wam_demo.sim.world import World

    seen = doubted_scenes(FakeDreamer(), World, ["reach"], [500_000, 500_001, 500_002, 500_003])
    by_scene = {frame.scene: frame for frame in seen}
    assert [by_scene[scene].way for scene in range(4)] == [*WAYS, WAYS[0]]
    assert [by_scene[scene].axis != "none" for scene in range(4)] == [False, True, False, True]
    steps = [frame.step for frame in seen if frame.scene == 0]
    assert steps == list(range(ANCHOR_STEPS, STEPS + 1, ANCHOR_STEPS))
    worst = [frame.doubt for frame in seen if frame.scene == 0]
    assert all(later >= earlier for earlier, later in pairwise(worst))
    assert all(0 < frame.error < 1 for frame in seen)


def test_weights_without_an_imagination_model_are_refused(monkeypatch):
    from wam_demo.sim.world import World

    monkeypatch.setattr(FakeDreamer, "calibration", None)
    with pytest.raises(CheckpointError, match="no imagination model"):
        doubted_scenes(FakeDreamer(), World, ["reach"], [500_000])
    monkeypatch.setattr(FakeDreamer, "calibration", CALIBRATION)
