"""A policy acts until a person touches a control; then the arm is the person's until they give it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from wam_demo.limits import ACTION_ROTATION_RAD, ACTION_TRANSLATION_M
from wam_demo.policies.receding import PlayedStep
from wam_demo.runtime.agents import Agent
from wam_demo.runtime.dragging import Dragging
from wam_demo.runtime.person import Person, PersonCommand
from wam_demo.types import CONTROL_HZ, OPENING_INDEX, CameraPose, Observation, Vector

_LIMITS = np.array([*[ACTION_TRANSLATION_M] * 3, *[ACTION_ROTATION_RAD] * 3], np.float32)
"""What one control step moves at most, and by how much the motion of one step may differ from that of the next."""


class PolicyAgent(Agent, Protocol):
    """An agent that plans, and can be told that its plan is void."""

    def replan(self, gripper: float) -> None:
        """Forget every plan; until the next one comes the gripper stays at this opening."""


@dataclass(frozen=True)
class DriveState:
    """Who drives.

    Attributes:
        person: The arm is the person's.
        share: Weight of the person's motion while a control is held, 0..1; what is left is the policy's.
        held: A control is held.
        acted: Number of the newest command that a control step has begun with.
        takeovers: How many times the person took the arm in this episode.
        gripper: Opening that was commanded last.
    """

    person: bool = False
    share: float = 1.0
    held: bool = False
    acted: int = 0
    takeovers: int = 0
    gripper: float = 1.0


class TakeoverAgent:
    """Joins a policy's agent and a person.

    The policy goes on planning beside the person, so that both can be compared. Its motion and the person's are
    blended by the person's share; between two control steps the motion changes by one step's limit at most, so
    neither taking the arm nor giving it back jerks it. Without a share of the policy the arm stands while nothing
    is held; with one, the policy goes on alone.

    Args:
        policy: Acts while the person does not.
        person: What they ask for.
        poses: Camera poses by name, for commands in the camera's axes and for dragging; empty where unknown.
    """

    def __init__(
        self,
        policy: PolicyAgent,
        person: Person,
        poses: Callable[[], Mapping[str, CameraPose]] = dict,
    ) -> None:
        self.state = DriveState()
        self._policy = policy
        self._person = person
        self._poses = poses
        self._dragging = Dragging()
        self._before: Vector | None = None
        self._handing_back = False

    @property
    def wait_steps(self) -> int:
        """Nobody waits for a plan while the person drives."""
        return 0 if self.state.person else self._policy.wait_steps

    def go_on(self, before: DriveState) -> None:
        """Another episode begins: who has the arm keeps it, with the same share."""
        self.state = DriveState(person=before.person, share=before.share, acted=before.acted)

    def replan(self, gripper: float) -> None:
        """The arm stood still meanwhile: forget every plan, and the motion before."""
        self._before = None
        self._policy.replan(gripper)

    def share(self, weight: float) -> None:
        """How much of the motion is the person's from now on, 0..1."""
        self.state = replace(self.state, share=weight)

    def take(self) -> None:
        """The arm is the person's from the next control step on."""
        if not self.state.person:
            self.state = replace(self.state, person=True, takeovers=self.state.takeovers + 1)

    def give_back(self) -> None:
        """The policy acts again, with a new plan from where the arm is now."""
        if self.state.person:
            self.state = replace(self.state, person=False, held=False)
            self._handing_back = True
            self._person.release()
            self._policy.replan(self.state.gripper)

    def act(self, step: int, observation: Observation) -> PlayedStep:
        """What to do at a control step: the policy's step with the person's part in its action."""
        command = self._person.take()
        if command.held:
            self.take()
        played = self._policy.act(step, observation)
        if self.state.person:
            played = self._blended(played, command, observation)
        elif self._handing_back:
            played = replace(played, action=_steadied(played.action, self._last(observation)))
            self._handing_back = False
        self._before = played.action
        self.state = replace(
            self.state,
            held=command.held,
            acted=command.number or self.state.acted,
            gripper=float(played.action[-1]),
        )
        return played

    def close(self) -> None:
        """Withdraw what was asked of the policy."""
        self._policy.close()

    def _blended(self, played: PlayedStep, command: PersonCommand, observation: Observation) -> PlayedStep:
        share, before = self.state.share, self._last(observation)
        weight = share if command.held or share == 1 else 0.0
        motion = self._motion(command, observation) * weight + played.action[:6] * (1 - weight)
        own = before[-1] if share == 1 else played.action[-1]
        action = np.append(motion, own if command.gripper is None else command.gripper).astype(np.float32)
        fault = None if weight == 1 else played.fault
        return replace(played, action=_steadied(action, before), fault=fault, person_weight=weight)

    def _last(self, observation: Observation) -> Vector:
        """(7,) action of the step before; standing still at the first one."""
        if self._before is not None:
            return self._before
        standing = np.zeros(7, np.float32)
        standing[-1] = np.clip(observation.state[OPENING_INDEX], 0.0, 1.0)
        return standing

    def _motion(self, command: PersonCommand, observation: Observation) -> Vector:
        """(6,) of one control step, base frame."""
        front = self._poses().get("front")
        if command.drag is not None:
            return self._dragging.motion(command.drag, front, observation.state[:3])
        motion = np.asarray(command.twist, np.float32) / np.float32(CONTROL_HZ)
        if command.frame == "camera" and front is not None:
            motion[:2] = level_axes(front) @ motion[:2]
        return motion


def _steadied(action: Vector, before: Vector) -> Vector:
    """(7,) within one step's limits, and its motion within those of the step before."""
    steady = action.astype(np.float32)
    steady[:6] = np.clip(np.clip(action[:6], before[:6] - _LIMITS, before[:6] + _LIMITS), -_LIMITS, _LIMITS)
    return steady


def level_axes(camera: CameraPose) -> Vector:
    """(2, 2): columns are the directions away from a camera and to its left, along the table, in the base frame."""
    away = -camera.rotation[:2, 2]
    if np.linalg.norm(away) < 0.1:  # it looks straight down: up in the picture is away
        away = camera.rotation[:2, 1]
    x, y = away / np.linalg.norm(away)
    return np.array([[x, -y], [y, x]], np.float32)
