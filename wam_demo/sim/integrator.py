"""The arm without a world: its pose follows from the actions by kinematics alone, nothing is in its way."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from wam_demo.config import SCENES
from wam_demo.sim.controller import HOME, JOINTS, Controller, ControllerState
from wam_demo.sim.rotation import logarithm, of_columns
from wam_demo.types import OPENING_INDEX, Vector

FINGER_RESPONSE = 0.74
"""Share of the way to the commanded opening that fingers make in one control step, as the simulated ones do."""

SAME_PLACE_M = 0.01
"""Joints and TCP of a state that are further apart do not belong to this arm: then the TCP counts [m]."""


@dataclass(frozen=True)
class ArmState:
    """Where an `IntegratedArm` stands.

    Attributes:
        joints: (7,) [rad].
        opening: Of the gripper, 0..1.
        controller: Its targets.
    """

    joints: NDArray
    opening: float
    controller: ControllerState


class IntegratedArm:
    """Integrates actions into proprioception with the limits that the simulated arm has: step, workspace, tilt, joints.

    Args:
        state: (17,) as in `Observation.state`; where it starts.
    """

    def __init__(self, state: Vector) -> None:
        self._model = mujoco.MjModel.from_xml_path(str(SCENES / "arm.xml"))
        self._data = mujoco.MjData(self._model)
        self._site = self._model.site("tcp").id
        self._controller = Controller(self._model)
        self._opening = float(np.clip(state[OPENING_INDEX], 0, 1))
        self._go_to(state[OPENING_INDEX + 1 :])
        if np.linalg.norm(self._pose()[0] - state[:3]) > SAME_PLACE_M:
            self._go_to(self._reached(state))
        self._controller.reset(self._data, self._opening)

    @property
    def state(self) -> Vector:
        """(17,) float32 as in `Observation.state`."""
        position, rotation = self._pose()
        columns = rotation[:, :2].T.ravel()
        return np.concatenate([position, columns, [self._opening], self._data.qpos[JOINTS]]).astype(np.float32)

    def snapshot(self) -> ArmState:
        """Where it stands."""
        return ArmState(self._data.qpos[JOINTS].copy(), self._opening, self._controller.state)

    def restore(self, state: ArmState) -> None:
        """Stand there again, exactly."""
        self._go_to(state.joints)
        self._opening, self._controller.state = state.opening, state.controller

    def apply(self, action: Vector) -> Vector:
        """One control step.

        Args:
            action: (7,) as in `ActionChunk.actions`.

        Returns:
            (7,) float32: the motion that limits and reach let through, and the opening as commanded, 0..1.

        Raises:
            InvalidInputError: The action has another shape or is not finite; nothing has moved.
        """
        commanded = self._controller.begin(self._data, action)
        position, rotation = self._pose()
        self._go_to(self._controller.state.goal)
        now, turned = self._pose()
        self._opening += FINGER_RESPONSE * (float(commanded[-1]) - self._opening)
        return np.array([*(now - position), *logarithm(turned @ rotation.T), commanded[-1]], np.float32)

    def _reached(self, state: Vector) -> NDArray[np.float64]:
        """Joint angles (7,) [rad] that come nearest to the pose of a state whose joints are another arm's."""
        joints = HOME
        for _ in range(10):
            joints = self._controller.solve(joints, state[:3].astype(np.float64), of_columns(state[3:9]))
        return joints

    def _go_to(self, joints: NDArray) -> None:
        self._data.qpos[JOINTS] = joints
        mujoco.mj_kinematics(self._model, self._data)

    def _pose(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Position (3,) [m] and rotation (3, 3) of the TCP in the base frame."""
        return self._data.site_xpos[self._site].copy(), self._data.site_xmat[self._site].reshape(3, 3).copy()
