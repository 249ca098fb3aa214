"""What docs/server.md says about mapping other robots' data is run as it stands there."""

import re

import numpy as np

from tests.fakes.policies import prediction
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


def test_a_plan_becomes_velocities_for_droid():
    actions = prediction(0.01, gripper=1.0).chunk.actions
    commands = functions()["to_droid"](actions)
    np.testing.assert_allclose(commands[0], [0.1, 0, 0, 0, 0, 0, 0], atol=1e-6)
    assert commands.shape == (16, 7)


def test_the_page_names_every_key():
    page = (ROOT / "docs" / "server.md").read_text()
    assert all(f"`{key}`" in page for key in (*KEYS, JOINT_POSITION, GRIPPER_POSITION))
