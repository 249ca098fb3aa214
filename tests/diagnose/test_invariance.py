"""Features and plans when only the picture changes."""

import numpy as np
import pytest

from tests.fakes.prober import GRID, brightness, chunk
from wam_demo.diagnose.invariance import PICTURE_AXES, document, feature_change, moments
from wam_demo.sim.world import World
from wam_demo.types import Prediction

SEEDS = (500_000, 500_001, 500_002)


@pytest.fixture(scope="module")
def scenes():
    world = World("pick_place")
    yield moments(world, PICTURE_AXES, 3, SEEDS)
    world.close()


class Brightness:
    """Its features are the brightness of its cells, or nothing but the pose of the arm; its plan follows them."""

    token_grid = GRID

    def __init__(self, blind=False):
        self.blind = blind

    def features(self, observations):
        seen = [o.state[:8] if self.blind else brightness(o) for o in observations]
        return np.stack(seen).astype(np.float32)[None, :, :, None]

    def predict(self, observations, seeds):
        return [Prediction(chunk(float(self.features([o]).mean()))) for o in observations]


def test_a_moment_changes_in_its_picture_alone(scenes):
    for axis in PICTURE_AXES:
        for plain, changed in zip(scenes.plain, scenes.changed[axis], strict=True):
            np.testing.assert_array_equal(plain.state, changed.state)
            assert plain.instruction == changed.instruction
            assert any((plain.images[camera] != changed.images[camera]).any() for camera in plain.images)


def test_the_picture_is_taken_back_before_the_next_axis(scenes):
    world = World("pick_place")
    alone = moments(world, ["background"], 3, SEEDS)
    world.close()
    for one, other in zip(scenes.changed["background"], alone.changed["background"], strict=True):
        np.testing.assert_array_equal(one.images["wrist"], other.images["wrist"])


def test_who_sees_is_moved_and_who_does_not_is_invariant(scenes):
    seeing, blind = document(Brightness(), scenes), document(Brightness(blind=True), scenes)
    for axis in PICTURE_AXES:
        assert seeing[axis]["features"][0] > 0.01
        assert seeing[axis]["plan_cm"] > 0
        low, high = seeing[axis]["plan_cm_ci95"]
        assert low <= seeing[axis]["plan_cm"] <= high
        assert blind[axis]["features"] == [0.0]
        assert blind[axis]["plan_cm"] == 0


def test_unrelated_features_change_by_twice_their_variance():
    rng = np.random.default_rng(0)
    plain, other = rng.normal(size=(2, 3, 60, 16, 8)).astype(np.float32)
    found = feature_change(plain, other)
    assert found["features"] == pytest.approx([2, 2, 2], abs=0.1)
    assert feature_change(plain, plain)["features"] == [0, 0, 0]
    for value, (low, high) in zip(found["features"], found["features_ci95"], strict=True):
        assert low <= value <= high
