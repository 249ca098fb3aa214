"""Worlds are expensive to build: one of each task for the whole run."""

import pytest

from wam_demo.sim.world import World


@pytest.fixture(scope="session")
def worlds():
    """Task name -> its world; every test resets it."""
    built = {}

    def get(task):
        if task not in built:
            built[task] = World(task)
        return built[task]

    yield get
    for world in built.values():
        world.close()


@pytest.fixture
def pick_place(worlds):
    """The pick_place world."""
    return worlds("pick_place")
