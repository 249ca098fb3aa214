"""Which frames of a demonstration are interaction, and which are transit: what the gate learns."""

import numpy as np
from numpy.typing import NDArray

WINDOW_STEPS = 4
"""Control steps before and after a change of the gripper that are interaction.

The paper's window is 20 frames; at its 48 Hz those are 0.42 s."""
LOW_M = 0.09
"""TCP height [m] below which the hand is at work: above what a hand over an object has, below that of travel."""


def interaction(
    openings: NDArray[np.float32], heights: NDArray[np.float32], episode: NDArray[np.int64], every: int
) -> NDArray[np.bool_]:
    """The paper's labels: near a change of the commanded gripper, or low.

    Args:
        openings: (N, 16) commanded gripper openings 0..1 of the chunk that labels each frame.
        heights: (N,) TCP height [m] of each frame.
        episode: (N,) episode of each frame, ascending.
        every: Control steps from one frame to the next.

    Returns:
        (N,) bool: True where the predictive expert drives.
    """
    commands = np.asarray(openings) > 0.5
    around = [commands[:, : WINDOW_STEPS + 1]]
    for back in range(1, -(-WINDOW_STEPS // every) + 1):
        rows = np.maximum(np.arange(len(commands)) - back, 0)
        earlier = commands[rows][:, : min(every, WINDOW_STEPS)]
        same = episode[rows] == episode
        around.append(np.where(same[:, None], earlier, commands[:, :1]))
    window = np.concatenate(around, 1)
    changes = window.any(1) & ~window.all(1)
    return changes | (np.asarray(heights) < LOW_M)
