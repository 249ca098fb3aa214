"""The same actions in the simulator and in a dream, with mishaps and without, both looked at by one judge."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.fakes.dreamer import FakeDreamer
from wam_demo.diagnose.outcomes import SPOILT, repeated_scenes
from wam_demo.errors import CheckpointError


class Judge:
    """Calls a success whatever is not imagined, and keeps how many looks it had."""

    threshold = 0.5

    def __init__(self) -> None:
        self.looks = []

    def judge(self, observations):
        self.looks.append(len(observations))
        flat = [float(np.ptp(each.images["front"])) for each in observations]
        return SimpleNamespace(success=np.array([float(spread > 0) for spread in flat]))


@pytest.fixture(scope="module")
def world():
    from wam_demo.sim.world import World

    world = World("button")
    yield world
    world.close()


def test_every_other_scene_has_a_mishap_and_both_courses_are_looked_at_alike(world):
    judge = Judge()
    scenes = repeated_scenes(world, FakeDreamer(), judge, [500_000 + k for k in range(4)])
    assert [scene.mishap for scene in scenes] == ["none", SPOILT[0], "none", SPOILT[1]]
    assert scenes[0].sim
    assert scenes[2].sim
    assert all(scene.seen and not scene.dreamt for scene in scenes)  # what is imagined here is one flat grey
    assert judge.looks[::2] == judge.looks[1::2]
    assert all(set(last) == {"front", "wrist"} for scene in scenes for last in scene.last)


def test_mishaps_make_failures():
    from wam_demo.sim.world import World

    world = World("pick_place")
    try:
        scenes = repeated_scenes(world, FakeDreamer(), Judge(), [500_010 + k for k in range(8)])
    finally:
        world.close()
    assert all(scene.sim for scene in scenes if scene.mishap == "none")
    assert not all(scene.sim for scene in scenes)


def test_weights_without_an_imagination_model_are_refused(world, monkeypatch):
    monkeypatch.setattr(FakeDreamer, "calibration", None)
    with pytest.raises(CheckpointError, match="no imagination model"):
        repeated_scenes(world, FakeDreamer(), Judge(), [500_000])
