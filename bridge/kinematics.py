"""Kinematics of an arm from its MJCF: damped least squares with an orientation weight."""

from __future__ import annotations

from typing import Any

import numpy as np

from bridge.driver import Array
from bridge.rotation import logarithm

DAMPING = 1e-6
ITERATIONS = 6
STEP_RAD = 0.2
"""Largest change of a joint in one iteration [rad]."""


class SiteKinematics:
    """A site of a MuJoCo model as the TCP, moved by the first joints; used under one lock.

    Args:
        model: `mujoco.MjModel` whose first ``joints`` hinges are the arm's.
        site: Name of the TCP's site.
        joints: How many.
        turn: (3, 3) from the TCP frame to the site's: z where the gripper points, y where its jaws open.
        orientation_weight: Metres that a radian counts. An arm of fewer than six joints cannot follow everything:
            small, it follows the position, and the orientation as far as that leaves it free.
    """

    def __init__(
        self, model: Any, site: str, joints: int, turn: Array | None = None, orientation_weight: float = 1.0
    ) -> None:
        import mujoco

        self._mujoco = mujoco
        self._model, self._data = model, mujoco.MjData(model)
        self._site = model.site(site).id
        self._joints = joints
        self._turn = np.eye(3) if turn is None else turn
        self._weight = np.repeat([1.0, orientation_weight], 3)
        self._range = model.jnt_range[:joints].T.copy()
        self._jacobian = np.zeros((6, model.nv))

    def tcp(self, joints: Array) -> tuple[Array, Array]:
        """Position (3,) [m] and rotation (3, 3) of the TCP in the base frame."""
        self._data.qpos[: self._joints] = joints
        self._mujoco.mj_kinematics(self._model, self._data)
        rotation = self._data.site_xmat[self._site].reshape(3, 3) @ self._turn
        return self._data.site_xpos[self._site].copy(), rotation

    def solve(self, joints: Array, position: Array, rotation: Array) -> Array:
        """Joints near ``joints`` that bring the TCP closest to a pose."""
        joints = np.array(joints, np.float64)
        for _ in range(ITERATIONS):
            here, facing = self.tcp(joints)
            twist = np.concatenate([position - here, logarithm(rotation @ facing.T)])
            if np.linalg.norm(twist) < 1e-9:
                break
            self._mujoco.mj_comPos(self._model, self._data)
            self._mujoco.mj_jacSite(self._model, self._data, self._jacobian[:3], self._jacobian[3:], self._site)
            jacobian = self._weight[:, None] * self._jacobian[:, : self._joints]
            square = jacobian @ jacobian.T + DAMPING * np.eye(6)
            step = jacobian.T @ np.linalg.solve(square, self._weight * twist)
            joints = np.clip(joints + np.clip(step, -STEP_RAD, STEP_RAD), *self._range)
        return joints
