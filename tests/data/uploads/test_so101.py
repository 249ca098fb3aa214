"""The SO-101's kinematics against MuJoCo's on its MJCF, and its LeRobot states as tool poses."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.uploads.test_mapping import describe, signal
from wam_demo.config import ROOT
from wam_demo.data.uploads.guess import guess, notes
from wam_demo.data.uploads.motion import actions, states
from wam_demo.data.uploads.so101 import JOINTS, tcp_poses
from wam_demo.errors import InvalidInputError

NAMES = [f"{name}.pos" for name in (*JOINTS, "gripper")]
REACH = np.radians([110, 100, 97, 95, 157])
POSES = Path(__file__).with_name("so101_poses.json")
"""Joints, positions and rotations that MuJoCo gave: the output of `MUJOCO` on 40 drawn joint vectors."""
BRIDGE_PYTHON = ROOT / "bridge" / ".venv" / "bin" / "python"
MUJOCO = """
import json, sys
import numpy as np
from bridge.drivers.so101_model import so101_kinematics
kinematics = so101_kinematics()
joints = json.load(sys.stdin)
found = [kinematics.tcp(np.array(row)) for row in joints]
json.dump({"joints": joints, "position": [p.tolist() for p, _ in found], "rotation": [r.tolist() for _, r in found]},
          sys.stdout)
"""


def mujoco_poses(joints):
    asked = json.dumps(np.asarray(joints).tolist())
    done = subprocess.run(
        [BRIDGE_PYTHON, "-c", MUJOCO], input=asked, capture_output=True, text=True, cwd=ROOT, check=True
    )
    return json.loads(done.stdout)


def agree(poses):
    position, rotation = tcp_poses(np.array(poses["joints"]))
    np.testing.assert_allclose(position, poses["position"], atol=2e-6)
    np.testing.assert_allclose(rotation, poses["rotation"], atol=2e-6)


def test_poses_that_mujoco_gave():
    poses = json.loads(POSES.read_text())
    assert len(poses["joints"]) == 40
    agree(poses)


@pytest.mark.skipif(not BRIDGE_PYTHON.exists(), reason="needs the environment of the bridge: make arm")
def test_a_thousand_poses_that_mujoco_gives_now():
    agree(mujoco_poses(np.random.default_rng(3).uniform(-REACH, REACH, (1000, 5))))


angles = st.tuples(*(st.floats(-reach, reach) for reach in REACH)).map(np.array)


@settings(max_examples=60, deadline=None)
@given(angles, st.floats(-1.0, 1.0))
def test_turning_the_shoulder_turns_the_tool_about_its_axis(joints, turn):
    before, after = joints.copy(), joints.copy()
    after[0] -= turn  # its axis points down
    position, rotation = tcp_poses(np.stack([before, after]))
    cos, sin = np.cos(turn), np.sin(turn)
    about = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    axis = np.array([0.0388353, 0, 0])
    np.testing.assert_allclose(position[1] - axis, about @ (position[0] - axis), atol=1e-9)
    np.testing.assert_allclose(rotation[1], about @ rotation[0], atol=1e-9)
    np.testing.assert_allclose(rotation[0] @ rotation[0].T, np.eye(3), atol=1e-9)
    assert np.linalg.norm(position[0]) < 0.65


def test_its_states_are_read_as_degrees_and_percent_and_become_tool_poses():
    found = describe(
        ["front", "wrist"],
        signal("observation.state", 6, NAMES, [-5.0] * 6, [5.0] * 5 + [80.0]),
        robot="so101_follower",
    )
    mapping = guess(found).validated(found)
    assert (mapping.kinematics, mapping.joint_unit, mapping.action_kind) == ("so101", "deg", "motion")
    assert (mapping.gripper_closed, mapping.gripper_open) == (0.0, 100.0)
    assert "SO-101" in notes(found, mapping)[0]
    degrees = np.zeros((3, 6))
    degrees[:, 0], degrees[:, 5] = [0, 10, 20], [100, 50, 0]
    values, rows = {"observation.state": degrees}, np.arange(3)
    plain = states(values, mapping.changed({"align": False}), rows)
    np.testing.assert_allclose(plain[:, :3], tcp_poses(np.radians(degrees[:, :5]))[0], atol=1e-6)
    np.testing.assert_allclose(plain[:, 9], [1, 0.5, 0])
    np.testing.assert_allclose(plain[1, 10], np.radians(10), atol=1e-6)
    moved = actions(values, mapping, rows)
    np.testing.assert_allclose(moved[0, :3], plain[1, :3] - plain[0, :3], atol=1e-6)
    np.testing.assert_allclose(moved[0, 3:6], [0, 0, -np.radians(10)], atol=1e-6)


def test_other_arms_are_left_alone_and_too_few_joints_are_refused():
    found = describe(["front"], signal("observation.state", 6, NAMES), robot="so100")
    assert guess(found).kinematics == "none"
    with pytest.raises(InvalidInputError, match="need its 5 joints"):
        guess(found).changed({"kinematics": "so101", "joints": "observation.state[0:4]"}).validated(found)
