"""Building blocks of memoryless experts: smooth switches and bounded steps toward a pose."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.controller import FINGER_TRAVEL_M, FINGERS
from wam_demo.sim.rotation import POINTING_DOWN, about_z, logarithm, wrap
from wam_demo.sim.scene import Scene
from wam_demo.types import Vector

GAIN = 0.5
MAX_HORIZONTAL_M, MAX_VERTICAL_M = 0.03, 0.026
MAX_TURN_RAD = 0.18
RETREAT_Z = 0.20
"""TCP height [m] at which an expert rests when it is done."""


@dataclass(frozen=True)
class Hand:
    """What an expert sees of the arm.

    Attributes:
        position: (3,) measured TCP position [m].
        rotation: (3, 3) measured TCP rotation, base frame.
        opening: Measured gripper opening 0..1.
    """

    position: NDArray
    rotation: NDArray
    opening: float

    @property
    def yaw(self) -> float:
        """Angle [rad] of the TCP's x axis about the vertical."""
        return float(np.arctan2(self.rotation[1, 0], self.rotation[0, 0]))

    @property
    def half_gap(self) -> float:
        """Half the distance [m] between the fingers' pads."""
        return self.opening * FINGER_TRAVEL_M


def hand(scene: Scene) -> Hand:
    """The measured TCP pose and gripper opening."""
    site, data = scene.model.site("tcp").id, scene.data
    opening = float(np.clip(data.qpos[FINGERS].mean() / FINGER_TRAVEL_M, 0, 1))
    return Hand(data.site_xpos[site].copy(), data.site_xmat[site].reshape(3, 3).copy(), opening)


def rise(value: float, low: float, high: float) -> float:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = min(1.0, max(0.0, (value - low) / (high - low)))
    return t * t * (3 - 2 * t)


def fall(value: float, low: float, high: float) -> float:
    """1 below ``low``, 0 above ``high``, smooth between."""
    return 1 - rise(value, low, high)


def mix(a: Any, b: Any, weight: float) -> Any:
    """``a`` at weight 0, ``b`` at weight 1."""
    return a + (b - a) * weight


def move(
    hand_: Hand, target: NDArray, yaw: float, opening: float, *, horizontal: float = 1.0, vertical: float = 1.0
) -> Vector:
    """(7,) float32 action: a bounded step toward a TCP position and yaw, pointing down.

    Args:
        hand_: Present pose.
        target: (3,) wanted TCP position [m].
        yaw: Wanted yaw [rad].
        opening: Wanted gripper opening 0..1.
        horizontal: Factor 0..1 on the horizontal step.
        vertical: Factor 0..1 on the vertical step.
    """
    step = GAIN * (target - hand_.position)
    length = float(np.hypot(step[0], step[1]))
    step[:2] *= horizontal * min(1.0, MAX_HORIZONTAL_M / max(length, 1e-9))
    step[2] = vertical * np.clip(step[2], -MAX_VERTICAL_M, MAX_VERTICAL_M)
    turn = GAIN * logarithm(about_z(yaw) @ POINTING_DOWN @ hand_.rotation.T)
    angle = float(np.linalg.norm(turn))
    turn *= min(1.0, MAX_TURN_RAD / max(angle, 1e-9))
    return np.concatenate([step, turn, [opening]]).astype(np.float32)


def retreat(hand_: Hand, opening: float = 1.0) -> Vector:
    """Open the gripper, then rise to the resting height."""
    target = np.array([*hand_.position[:2], RETREAT_Z])
    ready = fall(opening - hand_.opening, 0.2, 0.38)
    return move(hand_, target, 0.0, opening, vertical=ready)


def grasp_yaw(scene: Scene, name: str) -> float:
    """Yaw [rad] in [-pi/4, pi/4) at which the pads meet an object's faces; 0 if any yaw does."""
    rotation = scene.rotation(name)
    if scene.is_shape(name, "box"):
        axis = max(rotation.T, key=lambda a: round(float(np.hypot(a[0], a[1])), 2))
    else:
        axis = rotation[:, 2]
    if np.hypot(axis[0], axis[1]) < 0.5:
        return 0.0
    return wrap(float(np.arctan2(axis[1], axis[0])), np.pi / 2)


def half_width(scene: Scene, name: str, direction: NDArray) -> float:
    """Half extent [m] of an object along a unit vector of the base frame."""
    local, half = scene.rotation(name).T @ direction, scene.half_extents(name)
    if scene.is_shape(name, "cylinder"):
        return float(half[0] * np.hypot(local[0], local[1]) + half[2] * abs(local[2]))
    if scene.is_shape(name, "box"):
        return float(half @ np.abs(local))
    return float(np.linalg.norm(half * local))


def grip(scene: Scene, hand_: Hand, name: str) -> float:
    """How much an object is held, 0..1: it stands between the pads and they touch it."""
    offset = hand_.rotation.T @ (scene.position(name) - hand_.position)
    across, along, below = np.abs(offset)
    between = fall(across, 0.018, 0.026) * fall(along, 0.008, 0.014) * fall(below, 0.022, 0.034)
    slack = hand_.half_gap - half_width(scene, name, hand_.rotation[:, 1])
    return between * fall(slack, 0.002, 0.006)
