"""Cartesian control of the arm: integrate the TCP target, solve joints on a kinematic copy, track them."""

from dataclasses import dataclass, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from wam_demo.config import SCENES
from wam_demo.errors import InvalidInputError
from wam_demo.limits import ACTION_ROTATION_RAD, ACTION_TRANSLATION_M
from wam_demo.sim.rotation import exponential
from wam_demo.types import ACTION_DIM, CONTROL_HZ, Vector

HOME = np.array([0.0, -0.06, 0.0, -2.5094, 0.0, 2.4494, np.pi / 4])
"""Joint angles [rad] with the TCP at (0.46, 0, 0.2) m, pointing down."""
WORKSPACE = np.array([[0.25, -0.40, 0.012], [0.78, 0.40, 0.45]])
"""Lower and upper corner [m] that the TCP target is clamped to."""
SUBSTEPS = 25
"""Physics steps per control step: 250 Hz over 10 Hz."""
FINGER_TRAVEL_M = 0.04
"""Travel of one finger [m]; opening 1 is 8 cm between the pads."""
JOINTS, FINGERS = slice(0, 7), slice(7, 9)
"""Where arm joints and fingers stand in qpos, qvel and ctrl of every scene."""

_MAX_LEAD_M = 0.04
_MAX_TILT_COS = np.cos(0.7)
_DAMPING = 1e-4
_POSTURE_GAIN = 0.05
_ITERATIONS = 4


@dataclass(frozen=True)
class ControllerState:
    """The controller's memory between substeps.

    Attributes:
        position: (3,) TCP target [m].
        rotation: (3, 3) TCP target rotation, base frame.
        opening: Gripper target 0..1.
        start: (7,) joint targets [rad] at the beginning of the control step.
        goal: (7,) joint targets [rad] at its end.
        substep: Physics steps done since `begin`.
    """

    position: NDArray
    rotation: NDArray
    opening: float
    start: NDArray
    goal: NDArray
    substep: int


class Controller:
    """Turns (7,) actions into joint position targets for one scene.

    Args:
        model: The scene; its first nine joints and actuators are the arm's.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._feedforward = -model.actuator_biasprm[JOINTS, 2] / model.actuator_gainprm[JOINTS, 0] * CONTROL_HZ
        self._range = model.jnt_range[JOINTS].T.copy()
        self._site = model.site("tcp").id
        self._arm = mujoco.MjModel.from_xml_path(str(SCENES / "arm.xml"))
        self._copy = mujoco.MjData(self._arm)
        self._copy_site = self._arm.site("tcp").id
        self._jacobian = np.zeros((6, self._arm.nv))
        self.state = ControllerState(np.zeros(3), np.eye(3), 1.0, HOME, HOME, SUBSTEPS)

    def reset(self, data: mujoco.MjData, opening: float) -> None:
        """Take the arm's present pose as the target."""
        joints = data.qpos[JOINTS].copy()
        position, rotation = data.site_xpos[self._site].copy(), data.site_xmat[self._site].reshape(3, 3).copy()
        self.state = ControllerState(position, rotation, opening, joints, joints, SUBSTEPS)

    def begin(self, data: mujoco.MjData, action: Vector) -> Vector:
        """Set the target of the next control step.

        Args:
            data: The scene's state, for the measured TCP position.
            action: (7,) translation [m], rotation vector [rad], opening 0..1; base frame.

        Returns:
            (7,) float32: the action as applied after clamping.

        Raises:
            InvalidInputError: The action has another shape or is not finite.
        """
        motion = checked_action(action)
        state, before = self.state, self._anchored(data)
        position = np.clip(before + motion[:3], *WORKSPACE)
        rotation = exponential(motion[3:6]) @ state.rotation
        if -rotation[2, 2] < _MAX_TILT_COS and -rotation[2, 2] < -state.rotation[2, 2]:
            motion[3:6], rotation = 0, state.rotation
        goal = self.solve(state.goal, position, rotation)
        self.state = ControllerState(position, rotation, float(motion[6]), state.goal, goal, 0)
        motion[:3] = position - before
        return motion.astype(np.float32)

    def targets(self, substeps: int) -> NDArray[np.float64]:
        """(substeps, 9) actuator targets of the next physics steps; advances the controller's clock."""
        state, travel = self.state, self.state.goal - self.state.start
        index = state.substep + np.arange(substeps)
        part = np.minimum(1.0, (index + 1) / SUBSTEPS)
        # Velocity feed-forward: without it position actuators trail a moving target by kv / kp seconds.
        part = part[:, None] + (index < SUBSTEPS)[:, None] * self._feedforward
        targets = np.empty((substeps, 9))
        targets[:, JOINTS] = state.start + part * travel
        targets[:, FINGERS] = state.opening * FINGER_TRAVEL_M
        self.state = replace(state, substep=state.substep + substeps)
        return targets

    def solve(self, joints: NDArray, position: NDArray, rotation: NDArray) -> NDArray:
        """Joint angles (7,) [rad] near ``joints`` that bring the TCP to a pose: damped least squares
        with the posture pulled towards home in the null space."""
        joints, copy, jacobian = joints.copy(), self._copy, self._jacobian
        for _ in range(_ITERATIONS):
            copy.qpos[JOINTS] = joints
            mujoco.mj_kinematics(self._arm, copy)
            mujoco.mj_comPos(self._arm, copy)
            mujoco.mj_jacSite(self._arm, copy, jacobian[:3], jacobian[3:], self._copy_site)
            error = rotation @ copy.site_xmat[self._copy_site].reshape(3, 3).T
            twist = np.empty(6)
            twist[:3] = position - copy.site_xpos[self._copy_site]
            twist[3:] = 0.5 * np.array(
                [error[2, 1] - error[1, 2], error[0, 2] - error[2, 0], error[1, 0] - error[0, 1]]
            )
            j = jacobian[:, JOINTS]
            rest = _POSTURE_GAIN * (HOME - joints)
            # One solve gives both the task step and the posture step projected off the task.
            pull = np.linalg.solve(j @ j.T + _DAMPING * np.eye(6), twist - j @ rest)
            joints += np.clip(j.T @ pull + rest, -0.2, 0.2)
        return np.clip(joints, *self._range)

    def _anchored(self, data: mujoco.MjData) -> NDArray:
        """The target, held within a few cm of the measured TCP so that a blocked arm does not wind up."""
        measured = data.site_xpos[self._site]
        lead = self.state.position - measured
        distance = float(np.linalg.norm(lead))
        return measured + lead * (_MAX_LEAD_M / distance) if distance > _MAX_LEAD_M else self.state.position


def checked_action(action: Vector) -> NDArray[np.float64]:
    """A clipped float64 copy of a (7,) action; raises `InvalidInputError` unless it is finite."""
    values = np.array(action, dtype=np.float64)
    if values.shape != (ACTION_DIM,):
        raise InvalidInputError(f"action has shape {values.shape}: valid is ({ACTION_DIM},)")
    if not np.isfinite(values).all():
        raise InvalidInputError(f"action is not finite: {np.array2string(values, precision=3)}")
    values[:3] = np.clip(values[:3], -ACTION_TRANSLATION_M, ACTION_TRANSLATION_M)
    values[3:6] = np.clip(values[3:6], -ACTION_ROTATION_RAD, ACTION_ROTATION_RAD)
    values[6] = np.clip(values[6], 0, 1)
    return values
