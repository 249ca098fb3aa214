"""Grasping and carrying for memoryless experts."""

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.motion import Hand, fall, grasp_yaw, hand, mix, move, rise
from wam_demo.sim.scene import Scene
from wam_demo.types import Vector

TRANSIT_Z = 0.14
"""TCP height [m] far from the object."""
CARRY_Z = 0.135
"""TCP height [m] at which an object travels above the others."""
_CLEAR_M = 0.055


def fetch(scene: Scene, state: Hand, name: str) -> Vector:
    """Approach an object through a funnel, aligned with its faces, and close on it.

    The wanted height falls with the horizontal distance; a gripper that is low beside the object,
    or not open, rises before it travels.
    """
    centre, yaw = scene.position(name), grasp_yaw(scene, name)
    distance = float(np.hypot(*(centre - state.position)[:2]))
    turn = abs(yaw - state.yaw)
    low = max(0.02, float(centre[2]) - 0.003)
    clear = low + _CLEAR_M
    error = distance + 0.05 * max(0.0, turn - 0.1)
    height = low + (clear - low) * rise(error, 0.006, 0.016) + (TRANSIT_Z - 0.077) * rise(error, 0.015, 0.10)
    near = fall(distance, 0.012, 0.018) * fall(abs(float(state.position[2]) - low), 0.014, 0.024)
    shut = fall(state.opening, 0.72, 0.9) * (1 - near)
    height = mix(height, max(height, clear), shut)
    close = fall(distance, 0.008, 0.013) * fall(float(state.position[2]) - low, 0.007, 0.014) * fall(turn, 0.15, 0.3)
    travel = max(near, fall(min(height, clear) - float(state.position[2]), 0.008, 0.03))
    target = np.array([*centre[:2], height])
    return move(state, target, yaw, 1 - close, horizontal=travel)


def carry(state: Hand, offset: NDArray, release_z: float, tolerance: float) -> Vector:
    """Lift a held object, travel above the others, lower over its goal, let go.

    Args:
        state: Of the hand.
        offset: (2,) from the object to its goal [m].
        release_z: TCP height [m] at which to let go.
        tolerance: Horizontal error [m] at which to let go.
    """
    distance, z = float(np.hypot(*offset)), float(state.position[2])
    height = mix(release_z, CARRY_Z, rise(distance, 0.85 * tolerance, 3.5 * tolerance))
    over = fall(distance, 0.05, 0.06)
    travel = max(over, rise(z, 0.065, 0.105))
    release = fall(distance, tolerance, 1.9 * tolerance) * fall(z - release_z, 0.008, 0.02)
    target = np.array([*(state.position[:2] + offset), height])
    return move(state, target, 0.0, release, horizontal=travel)


def let_go(scene: Scene, name: str) -> bool:
    """Whether an object is at rest and the hand is open or away from it."""
    state = hand(scene)
    apart = np.linalg.norm(scene.position(name) - state.position) > 0.05 or state.opening > 0.75
    return bool(apart and np.linalg.norm(scene.velocity(name)) < 0.1)
