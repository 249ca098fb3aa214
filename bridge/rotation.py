"""Rotations: matrices and rotation vectors."""

import numpy as np

from bridge.driver import Array


def exponential(vector: Array) -> Array:
    """(3, 3) rotation by the rotation vector (3,) [rad]."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)


def logarithm(matrix: Array) -> Array:
    """(3,) rotation vector [rad] of a (3, 3) rotation; exact below pi."""
    axis = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    sine, cosine = 0.5 * float(np.linalg.norm(axis)), 0.5 * (float(np.trace(matrix)) - 1)
    return axis * (0.5 if sine < 1e-9 else 0.5 * float(np.arctan2(sine, cosine)) / sine)
