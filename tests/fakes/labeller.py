"""A labeller that knows the paths of `tests.fakes.recordings`: 1 cm to the right a step, closed from the middle on."""

import numpy as np

from tests.fakes.recordings import FRAMES
from wam_demo.policies.labelling import Footage, Label

LOST = 5
"""The step ahead, from 1, that cannot be read off while ``lossy``."""


def label(footage: Footage, lossy: bool = False) -> Label:
    """The truth, and points on a line through the middle of the front picture; nothing is seen in the wrist's."""
    state = footage.observation.state
    ahead = np.arange(1, 17)
    position = state[:3] + np.outer(ahead, [0, 0.01, 0]).astype(np.float32)
    turn = np.stack([state[3:6], state[6:9], np.cross(state[3:6], state[6:9])], 1)
    rotation = np.tile(turn, (16, 1, 1)).astype(np.float32)
    opening = (round(footage.observation.time * 10) + ahead < FRAMES // 2).astype(np.float32)
    line = np.stack([0.2 + 0.04 * ahead, np.full(16, 0.5)], 1).astype(np.float32)
    below = np.float32([0, 0.1])
    front = np.stack([line, line - below, line + below], 1)
    if lossy:
        position[LOST - 1], rotation[LOST - 1], front[LOST - 1] = np.nan, np.nan, np.nan
    points = {"front": front, "wrist": np.full((16, 3, 2), np.nan, np.float32)}
    return Label(position, rotation, opening, np.ones(16, np.float32), points)
