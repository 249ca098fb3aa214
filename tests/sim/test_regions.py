"""The split of the table: no labelled frame lies in the held-out region."""

import numpy as np
import pytest

from wam_demo.data.collect import collect
from wam_demo.data.lerobot import Dataset
from wam_demo.errors import UnknownNameError
from wam_demo.sim import TASKS
from wam_demo.sim.regions import (
    BOUNDARY_Y_M,
    MARGIN_M,
    draw_in,
    held_out,
    labels_in_training,
    named_points,
    stands_in,
)
from wam_demo.sim.world import World


def test_the_two_sides_are_apart_and_the_border_is_neither():
    y = BOUNDARY_Y_M + MARGIN_M * np.array([-1.01, -0.5, 0.5, 1.01])
    points = np.stack([np.full(4, 0.5), y], 1)
    assert held_out(points).tolist() == [True, True, False, False]
    assert [stands_in("training", point) for point in points] == [False, False, False, True]
    assert [stands_in("held-out", point) for point in points] == [True, False, False, False]
    assert all(stands_in("whole", point) for point in points)


def test_an_episode_that_goes_there_once_or_is_told_to_teaches_nothing():
    states, chunks = np.zeros((6, 17)), np.zeros((6, 16, 7))
    episode = np.array([0, 0, 1, 1, 2, 2])
    states[3, 1] = BOUNDARY_Y_M - 0.01  # the hand is there
    chunks[4, :, 1] = (BOUNDARY_Y_M - 0.01) / 16  # the label gets there with its last step
    assert labels_in_training(states, chunks, episode).tolist() == [True, True, False, False, False, False]


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_scenes_on_either_side(task):
    world = World(task)
    for region in ("training", "held-out"):
        for seed in (500_000, 500_001):
            draw_in(world, seed, region)
            first = named_points(world, goal=region == "training")
            assert stands_in(region, first)
            draw_in(world, seed, region)
            np.testing.assert_array_equal(named_points(world, goal=region == "training"), first)
    draw_in(world, 500_000, "whole")
    assert world.seed == 500_000
    world.close()


def test_no_labelled_frame_of_demonstrations_lies_in_the_held_out_region(tmp_path):
    collect({"pick_place": 1.0, "reach": 1.0}, 6, tmp_path / "data", seed=8, processes=1, every=8, region="training")
    dataset = Dataset(tmp_path / "data")
    states = np.asarray(dataset.column("observation.state"))
    chunks = np.asarray(dataset.column("expert_chunk")).reshape(-1, 16, 7)
    path = states[:, None, 1] + np.concatenate([np.zeros((len(chunks), 1)), chunks[..., 1].cumsum(1)], 1)
    assert len(states) > 20
    assert path.min() >= BOUNDARY_Y_M
    with pytest.raises(UnknownNameError, match="did you mean 'training'"):
        collect(["reach"], 1, tmp_path / "other", region="trainin")
