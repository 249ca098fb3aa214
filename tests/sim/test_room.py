"""Rooms change what a place looks like and leave its things alone."""

import numpy as np

from wam_demo.sim.room import furnish
from wam_demo.sim.world import World


def test_a_room_changes_looks_and_no_physics():
    world = World("pick_place")
    plain = world.reset(3)
    physics = world.snapshot().scene.physics
    furnish(world, np.random.default_rng(0))
    other = world.observe()
    np.testing.assert_array_equal(world.snapshot().scene.physics, physics)
    assert np.array_equal(plain.state, other.state)
    assert plain.instruction == other.instruction
    for camera in plain.images:
        assert np.abs(plain.images[camera].astype(int) - other.images[camera]).mean() > 5
    world.close()


def test_rooms_differ_are_seeded_and_end_with_the_reset():
    world = World("pick_place")
    plain = world.reset(3).images["front"]
    rooms = []
    for seed in (0, 0, 1):
        world.reset(3)
        furnish(world, np.random.default_rng(seed))
        rooms.append(world.observe().images["front"])
    np.testing.assert_array_equal(rooms[0], rooms[1])
    assert np.abs(rooms[0].astype(int) - rooms[2]).mean() > 5
    np.testing.assert_array_equal(world.reset(3).images["front"], plain)
    world.close()
