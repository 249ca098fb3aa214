"""Plans that a person makes up by pointing at a place."""

from dataclasses import replace

import numpy as np
import pytest

from wam_demo.limits import ACTION_TRANSLATION_M
from wam_demo.policies.whatif import HEIGHT_M, along, drawn_way, plan_along, table_point, towards
from wam_demo.sim.world import World
from wam_demo.train.calibration import calibrate
from wam_demo.types import CameraPose, Observation
from wam_demo.ui.shared.pictures import project


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


def test_a_drawn_way_is_seen_where_it_was_drawn_and_comes_down_evenly():
    calibration, seen = calibrate(["reach"]), at((0.45, 0.0, 0.3))
    way = [(0.4, 0.5), (0.5, 0.4), (0.6, 0.5), (0.6, 0.7)]
    points = drawn_way(calibration, seen, way)
    camera = calibration.front
    pose = CameraPose(np.array(camera.position), np.array(camera.rotation).reshape(3, 3), camera.half)
    np.testing.assert_allclose(project(points, pose), way, atol=1e-5)
    assert points[0, 2] == pytest.approx(0.3)
    assert points[-1, 2] == pytest.approx(HEIGHT_M)
    assert (np.diff(points[:, 2]) < 0).all()


def test_a_way_above_the_horizon_leads_nowhere():
    calibration = calibrate(["reach"])
    level = replace(calibration.front, rotation=(0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    assert plan_along(replace(calibration, front=level), at((0.4, 0, 0.3)), [(0.4, 0.2), (0.6, 0.2)]) is None


def test_the_hand_goes_round_a_corner_at_an_even_pace():
    corners = np.array([[0.4, 0.2, 0.2], [0.6, 0.2, 0.2]])
    chunk = along(at((0.4, 0.0, 0.2)), corners)
    places = np.array([0.4, 0.0, 0.2]) + chunk.actions[:, :3].cumsum(0)
    np.testing.assert_allclose(places[5], corners[0], atol=1e-6)
    np.testing.assert_allclose(places[-1], corners[1], atol=1e-6)
    assert not chunk.actions[12:, :6].any()
    np.testing.assert_allclose(np.abs(chunk.actions[:12, :3]).sum(1), 0.4 / 12, atol=1e-6)


def test_a_way_that_is_too_long_is_followed_as_far_as_the_arm_gets():
    chunk = along(at((0.4, -1.0, 0.2)), np.array([[0.4, 1.0, 0.2]]))
    assert chunk.actions[:, 1] == pytest.approx(ACTION_TRANSLATION_M)


def test_a_single_place_is_the_table_there():
    calibration, seen = calibrate(["reach"]), at((0.4, 0.0, 0.3))
    pointed = towards(seen, table_point(calibration, (0.5, 0.5)))
    assert np.array_equal(plan_along(calibration, seen, [(0.5, 0.5)]).actions, pointed.actions)
