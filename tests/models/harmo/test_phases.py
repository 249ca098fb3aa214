"""Labels of the gate: around changes of the gripper, and wherever the hand is low."""

import numpy as np
import pytest

from wam_demo.models.harmo.phases import LOW_M, WINDOW_STEPS, interaction
from wam_demo.sim.demonstrate import demonstrate
from wam_demo.sim.world import World

HIGH = LOW_M + 0.05


def labels(commands, every, heights=None):
    """Of one episode whose gripper is commanded so, control step by control step."""
    steps = np.arange(0, len(commands) - 16, every)
    openings = np.stack([commands[step : step + 16] for step in steps]).astype(np.float32)
    heights = np.full(len(steps), HIGH) if heights is None else heights
    return dict(zip(steps.tolist(), interaction(openings, heights, np.zeros(len(steps), int), every), strict=True))


@pytest.mark.parametrize("every", [1, 2, 4])
def test_a_change_of_the_gripper_is_interaction_before_and_after(every):
    commands = np.ones(80)
    commands[40:] = 0  # the first closed command is that of step 40
    for step, label in labels(commands, every).items():
        assert label == (40 - WINDOW_STEPS <= step <= 40 + WINDOW_STEPS - 1), step


def test_a_low_hand_is_interaction_whatever_the_gripper_does():
    commands = np.ones(40)
    low = labels(commands, 4, np.full(6, LOW_M - 0.01))
    assert all(low.values())
    assert not any(labels(commands, 4).values())


def test_another_episode_is_not_the_past_of_this_one():
    openings = np.ones((4, 16), np.float32)
    openings[:2] = 0
    split = interaction(openings, np.full(4, HIGH), np.array([0, 0, 1, 1]), 4)
    together = interaction(openings, np.full(4, HIGH), np.zeros(4, int), 4)
    assert not split.any()
    assert together[2]


def test_a_demonstration_goes_from_transit_to_the_grasp_and_back():
    world = World("pick_place")
    frames = list(demonstrate(world, 1_000_003, noise=0.0))
    world.close()
    openings = np.stack([frame.expert_chunk[:, 6] for frame in frames])
    heights = np.array([frame.observation.state[2] for frame in frames])
    found = interaction(openings, heights, np.zeros(len(frames), int), 1)
    assert not found[0]
    grasp = int(np.argmax(openings[:, 0] < 0.5))
    assert found[grasp]
    assert heights[grasp] < 0.05
    phases = found[np.concatenate([[True], np.diff(found) != 0])].tolist()
    assert phases[:4] == [False, True, False, True]  # transit, grasp, carry, release
