"""Chunks of recordings that nobody labelled: what the arm then did, read off the recorded states.

A recording has no expert to ask. Where the arm went in the next 1.6 s is the plan that leads there: the tracked pose
follows the commanded one within two millimetres here, and a recording at another rate or from another controller
has no action that could be used as it is.
"""

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from wam_demo.types import ACTION_DIM, CHUNK_STEPS, CONTROL_HZ, OPENING_INDEX

WIDE_OPEN = 0.8
"""A gripper opened further than this holds nothing and was not commanded to close."""
_TIMES = np.arange(CHUNK_STEPS + 1) / CONTROL_HZ
"""When a chunk's poses lie after its observation [s]."""


def chunks_from_states(
    states: NDArray, episode: NDArray, fps: float, opening: NDArray | None = None
) -> NDArray[np.float32]:
    """The chunk that every frame of a recording was followed by; past its episode's end the arm stays.

    Args:
        states: (N, 17) as in `Observation.state`.
        episode: (N,) episode index, ascending.
        fps: Frames a second of the recording; poses between two frames are interpolated.
        opening: (N,) commanded gripper opening 0..1; without it, a gripper that is not wide open was closed.

    Returns:
        (N, 16, 7) per-step actions at 10 Hz, as in `ActionChunk.actions`.
    """
    if opening is None:
        opening = (states[:, OPENING_INDEX] > WIDE_OPEN).astype(np.float64)
    chunks = np.empty((len(states), CHUNK_STEPS, ACTION_DIM), np.float32)
    edges = np.flatnonzero(np.diff(episode, prepend=episode[:1] - 1, append=episode[-1:] + 1))
    for first, stop in itertools.pairwise(edges):
        rows = slice(first, stop)
        chunks[rows] = _episode_chunks(states[rows].astype(np.float64), opening[rows], fps)
    return chunks


def _episode_chunks(states: NDArray, opening: NDArray, fps: float) -> NDArray[np.float64]:
    """(n, 16, 7) of one episode."""
    count = len(states)
    at = np.minimum(np.arange(count)[:, None] + _TIMES * fps, count - 1)
    """(n, 17) frame, with its fraction, of every pose."""
    position = np.stack([np.interp(at, np.arange(count), states[:, axis]) for axis in range(3)], -1)
    turned = _rotations_at(states, at)
    step = turned[:, 1:] @ np.swapaxes(turned[:, :-1], -1, -2)
    vector = Rotation.from_matrix(step.reshape(-1, 3, 3)).as_rotvec().reshape(count, CHUNK_STEPS, 3)
    # An action is in force from its frame on; the small number keeps rounding from reading the frame before.
    command = opening[np.floor(at[:, :-1] + 1e-6).astype(int)]
    return np.concatenate([np.diff(position, axis=1), vector, command[..., None]], -1)


def _rotations_at(states: NDArray, at: NDArray) -> NDArray[np.float64]:
    """(n, 17, 3, 3) TCP rotations at fractional frames."""
    first, second = states[:, 3:6], states[:, 6:9]
    matrices = Rotation.from_matrix(np.stack([first, second, np.cross(first, second)], -1))
    if len(states) == 1:
        return np.broadcast_to(matrices.as_matrix()[0], (*at.shape, 3, 3))
    return Slerp(np.arange(len(states)), matrices)(at.ravel()).as_matrix().reshape(*at.shape, 3, 3)
