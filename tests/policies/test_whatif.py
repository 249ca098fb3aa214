"""Plans that a person makes up by pointing at a place."""

import numpy as np
import pytest

from wam_demo.limits import ACTION_TRANSLATION_M
from wam_demo.policies.whatif import HEIGHT_M, table_point, towards
from wam_demo.sim.world import World
from wam_demo.train.calibration import calibrate
from wam_demo.types import Observation


def at(position, opening=1.0):
    state = np.zeros(17, np.float32)
    state[:3], state[9] = position, opening
    return Observation({}, state, "go", 0.0)


def test_the_point_is_that_of_the_simulators_camera():
    world = World("pick_place")
    world.draw(0)
    calibration = calibrate(["pick_place"])
    for place in ((0.3, 0.6), (0.5, 0.5), (0.8, 0.9)):
        np.testing.assert_allclose(table_point(calibration, place), world.ground_point("front", *place), atol=2e-3)
    world.close()


def test_above_the_horizon_there_is_no_table():
    from dataclasses import replace

    calibration = calibrate(["pick_place"])
    level = replace(calibration.front, rotation=(0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    assert table_point(replace(calibration, front=level), (0.5, 0.2)) is None


def test_the_hand_goes_there_and_waits():
    chunk = towards(at((0.4, 0.0, 0.3)), np.array([0.5, 0.2, 0.0]))
    end = np.array([0.4, 0.0, 0.3]) + chunk.actions[:, :3].sum(0)
    np.testing.assert_allclose(end, [0.5, 0.2, HEIGHT_M], atol=1e-6)
    assert not chunk.actions[12:, :6].any()
    assert (chunk.actions[:, 6] == 1).all()
    assert (towards(at((0.4, 0.0, 0.3), 0.1), np.zeros(3)).actions[:, 6] == 0).all()


def test_what_is_too_far_is_approached_as_fast_as_the_arm_may():
    chunk = towards(at((0.3, -0.6, 0.1)), np.array([0.3, 0.6, 0.0]))
    assert np.abs(chunk.actions[:, :3]).max() == pytest.approx(ACTION_TRANSLATION_M)
    assert chunk.actions[:, 1].sum() == pytest.approx(12 * ACTION_TRANSLATION_M)
