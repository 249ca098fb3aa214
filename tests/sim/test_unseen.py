"""The unseen settings: a part changes its one factor and nothing else, and can be solved."""

import numpy as np
import pytest

from wam_demo.sim import TASKS
from wam_demo.sim.colours import CONFOUNDER_COLOURS
from wam_demo.sim.expert import Expert
from wam_demo.sim.regions import stands_in
from wam_demo.sim.suites import PARTS, SUITES
from wam_demo.sim.unseen import SHAPES, set_up
from wam_demo.sim.world import World

SEED = 500_004


def scene_of(world, part, seed=SEED):
    world.draw(seed)
    set_up(world, part)
    return world.state_vector(), world.instruction, {n: world.scene.position(n).copy() for n in world.scene.things()}


@pytest.mark.parametrize("task", TASKS)
def test_both_parts_share_everything_but_the_targets_place(task):
    world = World(task)
    for seed in range(SEED, SEED + 4):
        seen, unseen = (scene_of(world, part, seed) for part in SUITES["unseen-position"].parts)
        assert seen[1] == unseen[1]
        np.testing.assert_array_equal(seen[0], unseen[0])
        target = world.assignment.target
        assert stands_in("training", seen[2][target])
        assert stands_in("held-out", unseen[2][target])
        places = np.stack([unseen[2][name][:2] for name in world.scene.things() if world.scene.is_present(name)])
        apart = np.linalg.norm(places[:, None] - places[None], axis=-1)[np.triu_indices(len(places), 1)]
        assert apart.min(initial=1) > 0.085
    world.close()


def test_an_unseen_object_has_words_colour_and_shape_that_no_demonstration_has():
    world = World("pick_place")
    _, instruction, _ = scene_of(world, "unseen-object")
    assert any(noun in instruction for noun in SHAPES)
    assert any(colour in instruction for colour in CONFOUNDER_COLOURS)
    half = world.scene.half_extents(world.assignment.target)
    assert (np.abs(half / (0.0225, 0.0225, 0.025) - 1) > 0.2).any()
    assert world.scene.position(world.assignment.target)[2] == pytest.approx(half[2], abs=2e-3)
    world.close()


def test_seen_parts_are_the_seeds_own_scene_and_an_unseen_background_only_looks_different():
    world = World("reach")
    world.draw(SEED)
    plain = world.digest()
    for part in ("seen-background", "seen-object"):
        scene_of(world, part)
        assert world.digest() == plain
    picture = world.render("front")
    scene_of(world, "unseen-background")
    assert world.digest() == plain
    assert np.abs(world.render("front").astype(float) - picture).mean() > 3
    world.close()


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_the_expert_solves_every_part(task):
    world = World(task)
    for part in PARTS:
        solved = 0
        for seed in range(SEED, SEED + 5):
            scene_of(world, part, seed)
            expert = Expert(world)
            solved += any(world.step(expert.act()).success for _ in range(TASKS[task].horizon))
        assert solved >= 4, part
    world.close()
