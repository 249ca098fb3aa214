"""From a 7-DoF action to a joint goal: caps of a control step, workspace, what the arm can follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bridge.driver import ArmLimits, Array, Kinematics
from bridge.rotation import exponential, logarithm
from wam_demo.robots.arm.wire import CONTROL_S

TRANSLATION_M, ROTATION_RAD = 0.05, 0.2
"""Largest translation and rotation of one control step, per axis."""
LEAD_M = 0.04
"""The goal stays this close to the measured TCP [m], so that a blocked arm does not wind up."""


@dataclass(frozen=True)
class Goal:
    """Where a command leads.

    Attributes:
        positions: (n + 1,) joint goal and opening.
        applied: (7,) motion from the goal before to this one, as the kinematics can do it; opening last.
    """

    positions: Array
    applied: Array


class Allowance:
    """What may still be commanded: a control step's translation and rotation, refilled as time passes.

    However an action is cut into commands, and however fast they come, the caps of a control step hold.
    """

    def __init__(self, now: float) -> None:
        self._left: Array = np.repeat([TRANSLATION_M, ROTATION_RAD], 3)
        self._since = now

    def take(self, motion: Array, now: float, scale: float) -> tuple[Array, bool]:
        """The part of a (6,) motion that the caps let through, and whether that is less than all."""
        full = scale * np.repeat([TRANSLATION_M, ROTATION_RAD], 3)
        self._left = np.minimum(self._left + full * max(0.0, now - self._since) / CONTROL_S, full)
        self._since = now
        taken = np.clip(motion, -self._left, self._left)
        self._left = self._left - np.abs(taken)
        return taken, bool(np.any(taken != motion))


def next_goal(
    goal: Array,
    measured: Array,
    motion: Array,
    limits: ArmLimits,
    kinematics: Kinematics,
    clamp: Callable[[str], None],
) -> Goal:
    """The joint goal after one more motion.

    It starts from the pose that the goal before really has, so that what five joints could not follow is lost once
    and reported in ``applied``, instead of piling up.

    Args:
        goal: (n + 1,) goal before.
        measured: (n + 1,) measured positions.
        motion: (7,) within the caps of a control step.
        clamp: Told the name of each limit that changed something.
    """
    before, facing = kinematics.tcp(goal[:-1])
    actual, _ = kinematics.tcp(measured[:-1])
    wanted = before + motion[:3]
    lead = wanted - actual
    if (distance := float(np.linalg.norm(lead))) > LEAD_M + 1e-9 and distance > np.linalg.norm(before - actual):
        wanted = actual + lead * (LEAD_M / distance)
        clamp("lead")
    boxed = np.clip(wanted, *limits.workspace)
    if np.any(np.abs(boxed - wanted) > 1e-9):
        clamp("workspace")
    joints = kinematics.solve(goal[:-1], boxed, exponential(motion[3:6]) @ facing)
    positions = np.append(joints, np.clip(motion[6], 0.0, 1.0))
    within = np.clip(positions, limits.lower, limits.upper)
    if np.any(within[:-1] != positions[:-1]):
        clamp("position")
    after, turned = kinematics.tcp(within[:-1])
    applied = np.concatenate([after - before, logarithm(turned @ facing.T), within[-1:]])
    return Goal(within, applied)
