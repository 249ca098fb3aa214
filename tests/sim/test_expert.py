"""Experts: they succeed from the reset, from anywhere else, and have no memory."""

import numpy as np
import pytest

from wam_demo.sim.demo_noise import scatter_start
from wam_demo.sim.expert import Expert
from wam_demo.sim.tasks import TASKS


def play(world):
    expert = Expert(world)
    for _ in range(world.logic.spec.horizon):
        result = world.step(expert.act())
        if result.success or result.fault:
            break
    return result


@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.parametrize("seed", [1000, 1001, 1002])
def test_succeeds_from_the_reset(worlds, task, seed):
    world = worlds(task)
    world.draw(seed)
    assert play(world).success


@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.parametrize("seed", [7, 8])
def test_succeeds_from_a_scattered_start(worlds, task, seed):
    world = worlds(task)
    world.draw(seed)
    scatter_start(world, np.random.default_rng(seed))
    assert play(world).success


def test_regrasps_what_it_dropped(pick_place):
    world, expert = pick_place, Expert(pick_place)
    world.draw(4)
    while world.scene.position(world.assignment.target)[2] < 0.1:
        world.step(expert.act())
    for _ in range(3):
        world.step(np.array([0, 0, 0, 0, 0, 0, 1.0]))
    assert play(world).success


def test_follows_a_shoved_target(pick_place):
    world = pick_place
    world.draw(4)
    expert = Expert(world)
    for _ in range(6):
        world.step(expert.act())
    world.apply_event("shove", {"severity": 5, "seed": 1})
    assert play(world).success


@pytest.mark.parametrize("task", sorted(TASKS))
def test_actions_are_smooth_and_bounded(worlds, task):
    world = worlds(task)
    world.draw(12)
    expert = Expert(world)
    for _ in range(25):
        action = expert.act()
        assert action.shape == (7,)
        assert np.linalg.norm(action[:3]) <= 0.045
        np.testing.assert_array_equal(action, Expert(world).act())
        world.step(action)


@pytest.mark.slow
@pytest.mark.parametrize("task", sorted(TASKS))
def test_succeeds_on_two_hundred_seeds(worlds, task):
    world = worlds(task)
    successes = 0
    for seed in range(200):
        world.draw(seed)
        successes += play(world).success
    assert successes >= 196
