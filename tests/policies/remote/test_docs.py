"""What docs/server.md says about mapping other robots' data is run as it stands there."""

import re

import numpy as np

from wam_demo.config import ROOT
from wam_demo.policies.remote.keys import GRIPPER_POSITION, JOINT_POSITION, KEYS, to_observation


def functions():
    """Every function that the page defines."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "server.md").read_text(), re.DOTALL)
    found: dict = {}
    for block in blocks:
        if "def " in block:
            exec(block, found)
    return found


def test_a_lerobot_item_becomes_an_observation():
    rng = np.random.default_rng(0)
    pictures = {f"observation.images.{name}": rng.random((3, 96, 96), np.float32) for name in ("front", "wrist")}
    item = {**pictures, "task": "go"}
    sent = functions()["from_lerobot"](item, np.array([0.4, 0, 0.2]), np.eye(3), 0.5, np.zeros(7))
    observation = to_observation(sent, 0)
    np.testing.assert_allclose(observation.state[:10], [0.4, 0, 0.2, 1, 0, 0, 0, 1, 0, 0.5], atol=1e-6)
    assert observation.images["front"].shape == (128, 128, 3)
    assert observation.instruction == "go"


def droid_step(action):
    """What DROID does with a command: the motion of the step [m], [rad], and where the gripper goes.

    Written from the published formulas, with `action_space="cartesian_velocity"` and
    `gripper_action_space="position"`: github.com/droid-dataset/droid, droid/robot_env.py (`RobotEnv.step`: the range
    is asserted), droid/robot_ik/robot_ik_solver.py (`cartesian_velocity_to_delta`: 0.075 m and 0.15 rad, longer
    vectors are shortened) and droid/franka/robot.py (`create_action_dict`: the gripper, 0 open .. 1 closed).
    """
    assert len(action) == 7
    assert action.max() <= 1
    assert action.min() >= -1
    deltas = []
    for velocity, most in ((action[:3], 0.075), (action[3:6], 0.15)):
        deltas.append(velocity / max(1.0, np.linalg.norm(velocity)) * most)
    return np.concatenate(deltas), float(np.clip(action[-1], 0, 1))


def test_droid_does_what_our_plan_says():
    rng = np.random.default_rng(0)
    actions = np.hstack([rng.uniform(-0.04, 0.04, (16, 3)), rng.uniform(-0.08, 0.08, (16, 3)), rng.random((16, 1))])
    for ours, command in zip(actions, functions()["to_droid"](actions.astype(np.float32)), strict=True):
        motion, closed = droid_step(command)
        np.testing.assert_allclose(motion, ours[:6], atol=1e-6)
        assert abs(closed - (1 - ours[6])) < 1e-6


def test_our_largest_steps_stay_in_droids_range_and_keep_their_direction():
    actions = np.array([[0.05, -0.05, 0.05, 0.2, 0.2, -0.2, 1.0]], np.float32)
    (command,) = functions()["to_droid"](actions)
    motion, closed = droid_step(command)
    assert closed == 0
    np.testing.assert_allclose(np.linalg.norm(motion[:3]), 0.075, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(motion[3:]), 0.15, rtol=1e-5)
    np.testing.assert_allclose(motion[3:] / motion[3], [1, 1, -1], atol=1e-6)


def test_the_page_names_every_key():
    page = (ROOT / "docs" / "server.md").read_text()
    assert all(f"`{key}`" in page for key in (*KEYS, JOINT_POSITION, GRIPPER_POSITION))
