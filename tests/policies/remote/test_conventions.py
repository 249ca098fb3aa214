"""Requests and plans in the conventions of other policy servers."""

import numpy as np
import pytest

from tests.fakes.robots import seen
from wam_demo.errors import PolicyFault, UnknownNameError
from wam_demo.policies.remote.conventions import convention, fill
from wam_demo.sim.controller import HOME
from wam_demo.sim.kinematics import ArmKinematics
from wam_demo.sim.rotation import exponential
from wam_demo.wire import decode, encode


def home(opening=0.75):
    return seen(state=ArmKinematics().state(HOME, opening))


@pytest.mark.parametrize("name", ["wam", "libero", "droid"])
def test_requests_travel(name):
    request = convention(name).request(home())
    assert set(decode(encode(request))) == set(request)


def test_an_unknown_name_lists_the_valid_ones():
    with pytest.raises(UnknownNameError, match="droid, libero, wam"):
        convention("aloha")


def test_our_own_plan_arrives_as_it_was_sent():
    actions = np.random.default_rng(0).uniform(-0.04, 0.04, (16, 7))
    actions[:, 6] = 0.5
    np.testing.assert_allclose(convention("wam").plan(actions, home()).actions, actions, atol=1e-7)


def test_libero_state_is_position_rotation_vector_and_fingers():
    observation = home()
    state = convention("libero").request(observation)["observation/state"]
    np.testing.assert_allclose(state[:3], observation.state[:3], atol=1e-6)
    np.testing.assert_allclose(exponential(state[3:6])[:, 0], observation.state[3:6], atol=1e-3)
    np.testing.assert_allclose(state[6:], [0.03, -0.03], atol=1e-6)


def test_two_steps_of_libero_make_one_of_ours():
    actions = np.zeros((10, 7))
    actions[:, 0], actions[:, 6] = 0.25, -1
    actions[4:, 6] = 1
    plan = convention("libero").plan(actions, home()).actions
    np.testing.assert_allclose(plan[:5, 0], 0.025, atol=1e-6)
    assert not plan[5:, :6].any()
    np.testing.assert_array_equal(plan[:, 6], [1, 1] + [0] * 14)
    assert convention("libero").plan(actions[:1], home()).actions.shape == (16, 7)


def robosuite_delta(action):
    """Motion of one step that LIBERO's controller makes of an action: translation [m], rotation vector [rad].

    Written from the published formula: github.com/ARISE-Initiative/robosuite, controllers `OSC_POSE` with its default
    configuration (`output_max` 0.05 and 0.5, `input_max` 1) and `scale_action`, which clips and then maps linearly.
    """
    low, high = np.array([-0.05] * 3 + [-0.5] * 3), np.array([0.05] * 3 + [0.5] * 3)
    scale = np.abs(high - low) / 2.0
    return np.clip(action, -1, 1) * scale + (high + low) / 2.0


def test_a_plan_of_libero_moves_as_its_own_controller_would():
    actions = np.random.default_rng(1).uniform(-0.15, 0.15, (10, 7))
    plan = convention("libero").plan(actions, home())
    assert plan.cut == 0
    for step in range(5):
        first, second = (robosuite_delta(actions[2 * step + k, :6]) for k in range(2))
        np.testing.assert_allclose(plan.actions[step, :3], first[:3] + second[:3], atol=1e-6)
        turned = exponential(second[3:]) @ exponential(first[3:])  # its goal is delta @ current, step by step
        np.testing.assert_allclose(exponential(plan.actions[step, 3:6]), turned, atol=1e-5)


def test_steps_of_libero_that_are_too_large_are_cut_and_counted():
    actions = np.zeros((6, 7))
    actions[:2, 0], actions[2:4, 3] = 1.0, 1.0  # 0.1 m, 1 rad
    plan = convention("libero").plan(actions, home())
    assert plan.cut == 2
    np.testing.assert_allclose([plan.actions[0, 0], plan.actions[1, 3]], [0.05, 0.2], atol=1e-6)


def test_droid_says_joints_and_how_far_the_gripper_is_closed():
    request = convention("droid").request(home(opening=0.75))
    np.testing.assert_allclose(request["observation/joint_position"], HOME, atol=1e-6)
    np.testing.assert_allclose(request["observation/gripper_position"], [0.25])
    assert request["observation/exterior_image_1_left"].shape == (224, 224, 3)


def test_droid_velocities_move_the_tool_where_the_joints_would():
    actions = np.zeros((15, 8))
    actions[:, 0], actions[:, 7] = 0.05, 1.0  # 15 steps of 0.01 rad about the base axis in one second
    plan = convention("droid").plan(actions, home()).actions
    arm = ArmKinematics()
    start, turned = arm.tcp(HOME)[0], arm.tcp(HOME + 0.15 * np.eye(7)[0])[0]
    np.testing.assert_allclose(plan[:10, :3].sum(0), turned - start, atol=1e-5)
    np.testing.assert_allclose(plan[:10, 5], 0.015, atol=1e-6)
    assert not plan[10:, :6].any()
    assert not plan[:, 6].any()


@pytest.mark.parametrize("name", ["wam", "libero", "droid"])
@pytest.mark.parametrize("shape", [(16, 3), (0, 8), (8,), (1, 16, 8)])
def test_a_plan_of_another_shape_is_a_fault(name, shape):
    with pytest.raises(PolicyFault, match="shape"):
        convention(name).plan(np.zeros(shape), home())


def test_plans_stay_within_the_limits_of_a_step():
    plan, cut = fill(np.full((4, 7), 9.0))
    assert cut == 4
    assert fill(np.full((4, 7), 0.05)).cut == 0
    assert plan[:4, :3].max() == np.float32(0.05)
    assert plan[:4, 3:6].max() == np.float32(0.2)
    assert plan[:, 6].max() == 1
