"""Looking away and back: a dream that forgets is caught, one that knows is not."""

import numpy as np
import pytest

from tests.fakes.dreamer import FakeDreamer
from wam_demo.diagnose.permanence import blob, looks_away
from wam_demo.errors import CheckpointError, InvalidInputError
from wam_demo.policies.dreaming import DreamFrame
from wam_demo.types import POLICY_CAMERAS


class Knowing(FakeDreamer):
    """Shows what the simulator's cameras show."""

    def __init__(self, world) -> None:
        super().__init__()
        self._world = world

    def dream(self, motion):
        seen = self._world.observe().images
        return DreamFrame({camera: seen[camera] for camera in POLICY_CAMERAS}, 1)


@pytest.fixture(scope="module")
def world():
    from wam_demo.sim.world import World

    world = World("pick_place")
    yield world
    world.close()


SEEDS = [500_000, 500_001, 500_002]


def test_a_dream_that_knows_has_everything_there_again(world):
    looks = looks_away(world, Knowing(world), SEEDS)
    assert looks
    assert all(look.there and look.apart_cm < 0.5 and 0.8 < look.area < 1.25 for look in looks)
    assert all(len(look.pictures) == 5 for look in looks)


def test_a_dream_that_forgets_is_caught(world):
    looks = looks_away(world, FakeDreamer(), SEEDS)
    assert looks
    assert not any(look.there for look in looks)


def test_the_largest_area_of_a_colour_counts():
    picture = np.full((64, 64, 3), 120, np.uint8)
    picture[10:20, 10:20] = picture[40:44, 40:44] = 220, 30, 30
    area, middle = blob(picture, np.array([215, 35, 35], np.uint8))
    assert area == 100
    assert middle == pytest.approx([14.5, 14.5])
    assert blob(picture, np.array([20, 200, 20], np.uint8)) == (0, None)


def test_weights_without_an_imagination_model_are_refused(world, monkeypatch):
    monkeypatch.setattr(FakeDreamer, "calibration", None)
    with pytest.raises(CheckpointError, match="no imagination model"):
        looks_away(world, FakeDreamer(), [500_000])


def test_a_task_without_objects_is_refused():
    from wam_demo.sim.world import World

    world = World("drawer")
    try:
        with pytest.raises(InvalidInputError, match="drawer has no objects"):
            looks_away(world, FakeDreamer(), [500_000])
    finally:
        world.close()
