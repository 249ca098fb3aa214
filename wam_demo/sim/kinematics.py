"""Pose of the tool from joint angles, for clients and servers that speak in joints."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wam_demo.config import SCENES

if TYPE_CHECKING:
    import mujoco

JOINTS = 7


class ArmKinematics:
    """Forward kinematics of the arm of the scenes, which has the published joints of a Franka Panda; thread-safe."""

    def __init__(self) -> None:
        import mujoco

        self._model = mujoco.MjModel.from_xml_path(str(SCENES / "arm.xml"))
        self._data: mujoco.MjData = mujoco.MjData(self._model)
        self._site = self._model.site("tcp").id
        self._lock = Lock()

    def tcp(self, joints: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Position (3,) [m] and rotation (3, 3) of the TCP in the base frame, for joints (7,) [rad]."""
        import mujoco

        with self._lock:
            self._data.qpos[:JOINTS] = joints
            mujoco.mj_kinematics(self._model, self._data)
            return self._data.site_xpos[self._site].copy(), self._data.site_xmat[self._site].reshape(3, 3).copy()

    def state(self, joints: NDArray, opening: float) -> NDArray[np.float32]:
        """(17,) float32 state as in `Observation`, for joints (7,) [rad] and gripper opening 0..1."""
        position, rotation = self.tcp(joints)
        columns = rotation[:, :2].T.ravel()
        return np.concatenate([position, columns, [opening], joints]).astype(np.float32)
