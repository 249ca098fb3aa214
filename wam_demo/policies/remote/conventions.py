"""How our observations and plans are said to policy servers that were trained on other robots' data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from wam_demo.errors import PolicyFault, UnknownNameError
from wam_demo.limits import ACTION_ROTATION_RAD, ACTION_TRANSLATION_M
from wam_demo.policies.remote.keys import fit_image
from wam_demo.sim.kinematics import ArmKinematics
from wam_demo.sim.rotation import exponential, logarithm, of_columns
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, CONTROL_HZ, OPENING_INDEX, Observation, Vector

OPENPI_IMAGE_SIZE = 224
"""Side [px] at which openpi's clients send their pictures."""


class Plan(NamedTuple):
    """A server's plan as one of ours.

    Attributes:
        actions: (16, 7) float32 as in `ActionChunk`.
        cut: Steps that asked for more than one step may do, and were cut to that.
    """

    actions: Vector
    cut: int


class Convention(Protocol):
    """Names, units and rates of one family of policy servers."""

    def request(self, observation: Observation) -> dict[str, Any]:
        """The message for an observation."""

    def plan(self, actions: NDArray[np.float64], observation: Observation) -> Plan:
        """A plan from the server's (steps, dimensions) answer."""


class Native:
    """Our own server: the state and plan of this package, pictures as they are."""

    def request(self, observation: Observation) -> dict[str, Any]:
        """See `Convention`."""
        return {
            "observation/image": observation.images["front"],
            "observation/wrist_image": observation.images["wrist"],
            "observation/state": np.asarray(observation.state, np.float32),
            "prompt": observation.instruction,
        }

    def plan(self, actions: NDArray[np.float64], observation: Observation) -> Plan:
        """See `Convention`."""
        return fill(_columns(actions, ACTION_DIM))


class Libero:
    """openpi's LIBERO policies: tool pose and fingers in, normalised tool motion at 20 Hz out.

    One unit is 0.05 m or 0.5 rad, the nominal scale of LIBERO's controller; gripper -1 opens, 1 closes.
    """

    hz = 20
    scale = np.array([0.05] * 3 + [0.5] * 3)
    finger_m = 0.04

    def request(self, observation: Observation) -> dict[str, Any]:
        """See `Convention`."""
        state = np.asarray(observation.state, np.float64)
        turn = logarithm(of_columns(state[3:9]))
        finger = self.finger_m * state[OPENING_INDEX]
        return {
            "observation/image": fit_image(observation.images["front"], OPENPI_IMAGE_SIZE),
            "observation/wrist_image": fit_image(observation.images["wrist"], OPENPI_IMAGE_SIZE),
            "observation/state": np.concatenate([state[:3], turn, [finger, -finger]]).astype(np.float32),
            "prompt": observation.instruction,
        }

    def plan(self, actions: NDArray[np.float64], observation: Observation) -> Plan:
        """See `Convention`; the motions of two of its steps make one of ours."""
        actions = _columns(actions, ACTION_DIM)
        every = self.hz // CONTROL_HZ
        whole = actions[: max(every, len(actions) // every * every)]
        deltas = np.clip(whole[:, :6], -1, 1) * self.scale
        parts = [deltas[first : first + every] for first in range(0, len(deltas), every)]
        motion = [np.concatenate([part[:, :3].sum(0), _composed(part[:, 3:])]) for part in parts]
        opening = (1.0 - whole[every - 1 :: every, 6]) / 2.0 if len(whole) >= every else (1.0 - whole[-1:, 6]) / 2.0
        return fill(np.column_stack([motion, opening]))


class Droid:
    """openpi's DROID policies: joint angles in, joint velocities at 15 Hz out, on a Franka Panda.

    Velocity 1 moves a joint by 0.2 rad in a step, as DROID's controller does; gripper 0 is open, 1 closed.
    """

    hz = 15
    step_rad = 0.2

    @cached_property
    def _arm(self) -> ArmKinematics:
        return ArmKinematics()

    def request(self, observation: Observation) -> dict[str, Any]:
        """See `Convention`."""
        state = np.asarray(observation.state, np.float32)
        return {
            "observation/exterior_image_1_left": fit_image(observation.images["front"], OPENPI_IMAGE_SIZE),
            "observation/wrist_image_left": fit_image(observation.images["wrist"], OPENPI_IMAGE_SIZE),
            "observation/joint_position": state[OPENING_INDEX + 1 :],
            "observation/gripper_position": 1.0 - state[OPENING_INDEX : OPENING_INDEX + 1],
            "prompt": observation.instruction,
        }

    def plan(self, actions: NDArray[np.float64], observation: Observation) -> Plan:
        """See `Convention`; the path of the joints is followed in time, then turned into steps of the tool."""
        actions = _columns(actions, 8)
        start = np.asarray(observation.state, np.float64)[OPENING_INDEX + 1 :]
        path = start + np.vstack([np.zeros(7), np.cumsum(self.step_rad * np.clip(actions[:, :7], -1, 1), axis=0)])
        times, made = np.arange(CHUNK_STEPS + 1) / CONTROL_HZ, np.arange(len(path)) / self.hz
        joints = np.column_stack([np.interp(times, made, column) for column in path.T])
        poses = [self._arm.tcp(row) for row in joints]
        motion = [np.concatenate([q - p, logarithm(s @ r.T)]) for (p, r), (q, s) in pairwise(poses)]
        index = np.minimum((times[1:] * self.hz).astype(int), len(actions) - 1)
        return fill(np.column_stack([motion, 1.0 - actions[index, 7]]))


CONVENTIONS: Mapping[str, type[Convention]] = {"wam": Native, "libero": Libero, "droid": Droid}


def convention(name: str) -> Convention:
    """A convention by name; raises `UnknownNameError`."""
    if name not in CONVENTIONS:
        raise UnknownNameError("convention", name, CONVENTIONS)
    return CONVENTIONS[name]()


def _composed(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3,) rotation vector of rotation vectors (n, 3) one after the other, about the axes of the base."""
    whole = np.eye(3)
    for turn in turns:
        whole = exponential(turn) @ whole
    return logarithm(whole)


def fill(actions: NDArray[np.float64]) -> Plan:
    """A plan of 16 steps within the limits; where it is shorter, the arm holds at its end."""
    plan = np.zeros((CHUNK_STEPS, ACTION_DIM), np.float32)
    count = min(len(actions), CHUNK_STEPS)
    plan[:count] = actions[:count]
    plan[count:, 6] = plan[count - 1, 6]
    asked, most = plan[:, :6].copy(), np.repeat([ACTION_TRANSLATION_M, ACTION_ROTATION_RAD], 3).astype(np.float32)
    plan[:, :6] = asked.clip(-most, most)
    plan[:, 6] = plan[:, 6].clip(0.0, 1.0)
    return Plan(plan, int((np.abs(asked) > 1.001 * most).any(axis=1).sum()))


def _columns(actions: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    if actions.ndim != 2 or not len(actions) or actions.shape[1] < count:
        raise PolicyFault(f"the server's plan has shape {actions.shape}, expected (steps, {count})")
    return actions
