"""Scripted policies and the loading of policies by name."""

import numpy as np
import pytest

from tests.fakes.policies import observation
from wam_demo.errors import CheckpointError, InvalidInputError, UnknownNameError
from wam_demo.policies.receding import ChunkPlayer, InlinePlanner
from wam_demo.policies.registry import checkpoint_digest, load_policy, require_policy


def test_hold_keeps_its_gripper_and_does_not_move():
    policy = load_policy("hold")
    (answer,) = policy.predict([observation(opening=0.4)], [0])
    np.testing.assert_allclose(answer.chunk.actions[:, :6], 0)
    np.testing.assert_allclose(answer.chunk.actions[:, 6], 0.4)


def test_the_expert_plans_in_a_fork_and_its_plan_solves_the_task():
    from wam_demo.sim.world import World

    world = World("pick_place")
    world.draw(500_000)
    policy = load_policy("expert", world=world)
    before = world.state_vector()
    (answer,) = policy.predict([observation()], [0])
    np.testing.assert_array_equal(world.state_vector(), before)
    np.testing.assert_allclose(answer.chunk.actions[0], policy.act(), atol=1e-6)
    player = ChunkPlayer(InlinePlanner(policy).submit)
    for step in range(80):
        if world.step(player.act(step, observation()).action).success:
            return
    pytest.fail("the expert's chunks did not solve the task")


def test_policies_that_cannot_be_loaded_say_why(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'expert'"):
        load_policy("exprt")
    with pytest.raises(InvalidInputError, match="needs its world"):
        load_policy("expert")
    with pytest.raises(CheckpointError, match=r"config\.json is missing"):
        require_policy("agra", tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"model\.safetensors is missing"):
        load_policy("wam", tmp_path)
    assert checkpoint_digest("hold") is None
