"""Controller: reaches poses, tracks without lag, does not wind up against the table."""

import numpy as np

from wam_demo.sim.controller import HOME, WORKSPACE
from wam_demo.sim.rotation import POINTING_DOWN, about_z, exponential, logarithm


def test_tracks_a_moving_target_within_two_millimetres(pick_place):
    world = pick_place
    world.draw(0)
    start = world.state_vector()[:3].copy()
    for k in range(1, 9):
        world.step(np.array([0.0, 0.03, 0, 0, 0, 0, 1]))
        if k > 2:
            np.testing.assert_allclose(world.state_vector()[:3], start + np.array([0, 0.03 * k, 0]), atol=2e-3)


def test_solves_poses_over_the_workspace(pick_place):
    controller, rng = pick_place.controller, np.random.default_rng(0)
    world = pick_place
    world.draw(0)
    for _ in range(20):
        position = rng.uniform([0.35, -0.3, 0.02], [0.65, 0.3, 0.3])
        rotation = about_z(rng.uniform(-0.6, 0.6)) @ POINTING_DOWN
        joints = HOME
        for _ in range(8):
            joints = controller.solve(joints, position, rotation)
        world.scene.data.qpos[:7] = joints
        world.scene.refresh()
        np.testing.assert_allclose(world.state_vector()[:3], position, atol=1e-3)


def test_target_stays_in_the_workspace(pick_place):
    pick_place.draw(0)
    for _ in range(20):
        pick_place.begin(np.array([0.05, 0.05, 0.05, 0, 0, 0, 1]))
        pick_place.advance()
    assert (pick_place.controller.state.position <= WORKSPACE[1] + 1e-9).all()


def test_rotation_vectors_round_trip():
    rng = np.random.default_rng(1)
    for _ in range(50):
        vector = rng.uniform(-1.7, 1.7, 3)
        np.testing.assert_allclose(logarithm(exponential(vector)), vector, atol=1e-9)
    np.testing.assert_allclose(logarithm(np.eye(3)), 0)
