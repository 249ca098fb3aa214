"""Wide demonstrations vary looks, mounts and words, and share no words with the evaluation's axis."""

import re

import numpy as np
import pytest

from wam_demo.sim.demonstrate import demonstrate
from wam_demo.sim.language import HELD_OUT
from wam_demo.sim.perturb.spots import DROP_BOX
from wam_demo.sim.tasks import TASKS
from wam_demo.sim.wide import scatter_far, widen
from wam_demo.sim.wide_words import ASIDES, CLOSINGS, OPENINGS, SENTENCES, WORDS, say

CONCEPTS = {
    "colour": "red",
    "goal_colour": "blue",
    "a_noun": "cube",
    "goal_noun": "cylinder",
    "container": "bowl",
    "area": "zone",
    "b_noun": "button",
    "part": "drawer",
}


def test_a_wide_scene_changes_looks_mounts_and_words_and_keeps_the_task(pick_place):
    world = pick_place
    plain, layout = world.reset(3), world.snapshot().scene.physics
    positions = world.scene.position(world.assignment.target)[:2].copy()
    seen, poses = [], []
    for number in (0, 0, 1):
        world.draw(3)
        widen(world, np.random.default_rng(number))
        world.calibration = "followed"
        seen.append(world.observe())
        poses.append(np.concatenate([pose.position for pose in seen[-1].cameras.values()]))
        np.testing.assert_allclose(world.scene.position(world.assignment.target)[:2], positions)
    np.testing.assert_array_equal(seen[0].images["wrist"], seen[1].images["wrist"])
    assert np.abs(seen[0].images["front"].astype(int) - seen[2].images["front"]).mean() > 1
    assert np.abs(poses[0] - poses[2]).max() > 0.01
    np.testing.assert_array_equal(world.reset(3).images["front"], plain.images["front"])
    np.testing.assert_array_equal(world.snapshot().scene.physics, layout)


@pytest.mark.parametrize("scenery", ["wide", "far", "degraded"])
def test_the_expert_still_succeeds(worlds, scenery):
    successes = 0
    for task in sorted(TASKS):
        successes += any(frame.success for frame in demonstrate(worlds(task), 1_000_123, noise=0, scenery=scenery))
    assert successes >= len(TASKS) - 1


@pytest.mark.parametrize("task", sorted(TASKS))
def test_in_far_scenes_things_stand_where_the_task_never_puts_them_and_nothing_else_changes(worlds, task):
    world, beyond = worlds(task), []
    low, high = world.logic.region
    for seed in range(12):
        world.draw(seed)
        before = (world.instruction, world.assignment)
        scatter_far(world, np.random.default_rng(seed))
        assert (world.instruction, world.assignment) == before
        points = np.array([world.scene.position(name)[:2] for name in world.assignment.candidates])
        assert ((points >= DROP_BOX[0] - 0.08) & (points <= DROP_BOX[1] + 0.08)).all()
        beyond += (((points < low - 1e-6) | (points > high + 1e-6)).any(1)).tolist()
        apart = np.linalg.norm(points[:, None] - points[None], axis=-1)[~np.eye(len(points), dtype=bool)]
        assert apart.min() > (world.logic.apart if task == "drawer" else 0.085)
    assert 0.15 < np.mean(beyond) < 0.7


@pytest.mark.parametrize("task", sorted(TASKS))
def test_no_sentence_and_no_word_of_the_language_axis_is_used(task):
    spec = TASKS[task]
    assert not set(SENTENCES[task]) & {*spec.held_out, *spec.indirect}
    held_out = {word for words in HELD_OUT.values() for word in words}
    assert not held_out & {word for words in WORDS.values() for word in words}
    texts = re.sub(r"\{.*?\}", "", " ".join((*SENTENCES[task], *OPENINGS, *CLOSINGS, *ASIDES)))
    assert not held_out & set(re.findall(r"[\w-]+", texts))


@pytest.mark.parametrize("task", sorted(TASKS))
def test_a_task_is_said_in_many_ways(task):
    rng = np.random.default_rng(4)
    said = {say(task, CONCEPTS, rng) for _ in range(200)}
    assert len(said) > 150
    assert not any("{" in text for text in said)
