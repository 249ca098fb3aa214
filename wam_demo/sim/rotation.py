"""Rotations: matrices, rotation vectors, yaw."""

import numpy as np
from numpy.typing import NDArray

POINTING_DOWN = np.diag([1.0, -1.0, -1.0])
"""TCP rotation in the base frame with the gripper pointing straight down at yaw 0."""


def exponential(vector: NDArray) -> NDArray:
    """(3, 3) rotation by the rotation vector (3,) [rad]."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)


def logarithm(matrix: NDArray) -> NDArray:
    """(3,) rotation vector [rad] of a (3, 3) rotation; exact below pi."""
    axis = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    sine = 0.5 * float(np.linalg.norm(axis))
    cosine = 0.5 * (float(np.trace(matrix)) - 1)
    angle = float(np.arctan2(sine, cosine))
    return axis * (0.5 if sine < 1e-9 else 0.5 * angle / sine)


def of_columns(columns: NDArray) -> NDArray[np.float64]:
    """(3, 3) rotation of its first two columns, (6,) one after the other."""
    first, second = np.asarray(columns, np.float64).reshape(2, 3)
    return np.stack([first, second, np.cross(first, second)], axis=1)


def about_z(yaw: float) -> NDArray:
    """(3, 3) rotation about the base frame's vertical axis."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def wrap(angle: float, period: float) -> float:
    """``angle`` modulo ``period``, in [-period / 2, period / 2)."""
    return (angle + period / 2) % period - period / 2


def yaw_quaternion(yaw: float) -> NDArray:
    """(4,) wxyz quaternion of a rotation about the vertical axis."""
    return np.array([np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)])
