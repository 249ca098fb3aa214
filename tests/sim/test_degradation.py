"""Degraded images of training: each fault does what it says, and none is one that evaluations use."""

from dataclasses import replace

import numpy as np
import pytest

from wam_demo.sim.degradation import Degradation
from wam_demo.sim.demonstrate import demonstrate

POINT = np.zeros((128, 128, 3), np.uint8)
POINT[64, 64] = 255


def lit(image):
    return np.argwhere(image[..., 0] > 0)


def test_a_faultless_camera_changes_nothing():
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    np.testing.assert_array_equal(Degradation().apply(image, 3), image)


def test_a_point_out_of_focus_is_a_disc():
    spots = lit(Degradation(defocus=0.03).apply(POINT, 0)) - 64
    assert 3 <= np.hypot(*spots.T).max() <= 5
    assert len(spots) == pytest.approx(np.pi * 3.84**2, rel=0.35)


def test_a_shaken_point_is_a_path_that_is_another_at_the_next_step():
    shaken = Degradation(shake=0.08)
    first, again, later = (lit(shaken.apply(POINT, step)) for step in (0, 0, 1))
    assert 4 <= len(first) <= 12
    np.testing.assert_array_equal(first, again)
    assert {*map(tuple, first)} != {*map(tuple, later)}


def test_veil_and_grain():
    grey = np.full((128, 128, 3), 100, np.uint8)
    assert Degradation(veil=0.5, stray=200).apply(grey, 0).mean() == pytest.approx(150, abs=1)
    assert Degradation(grain=10).apply(grey, 0).std() == pytest.approx(10, abs=0.5)


def test_the_worse_the_compression_the_less_is_left():
    image = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)
    errors = [np.abs(Degradation(quality=q).apply(image, 0).astype(int) - image).mean() for q in (12, 50, 95)]
    assert errors[0] > errors[1] > errors[2] > 0


def test_colours_keep_their_order():
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    assert Degradation(quality=80).apply(red, 0).mean((0, 1)) == pytest.approx([200, 0, 0], abs=4)


def test_a_degraded_episode_is_a_far_one_through_a_worse_camera(pick_place):
    pairs = 0
    for seed in range(1_000_200, 1_000_204):
        far, degraded = (
            next(demonstrate(pick_place, seed, noise=0, scenery=s)).observation for s in ("far", "degraded")
        )
        np.testing.assert_array_equal(far.state, degraded.state)
        assert far.instruction == degraded.instruction
        pairs += (far.images["front"] != degraded.images["front"]).any()
    assert pairs >= 2
    pick_place.reset(3)
    assert pick_place.effects.blur is None


def test_drawn_faults_stay_within_their_bounds_and_vary():
    drawn = [Degradation.draw(np.random.default_rng(seed)) for seed in range(400)]
    clean = [replace(one, stray=0, pattern=0) == Degradation() for one in drawn]
    assert np.mean(clean) == pytest.approx(0.6**5, abs=0.04)
    for name, most in (("defocus", 0.03), ("shake", 0.08), ("veil", 0.55), ("grain", 14)):
        values = np.array([getattr(one, name) for one in drawn])
        assert 0.9 * most < values.max() <= most
        assert np.mean(values > 0) == pytest.approx(0.4, abs=0.08)
