"""A scripted reach and grasp on the SO-101's block, memoryless, through 7-DoF actions; it may see the block."""

import numpy as np

BETWEEN_M = 0.016
"""From the fixed jaw, where the TCP is, to the middle between the jaws [m]."""
ABOVE_M, STEP_M = 0.06, 0.02
EMPTY = 0.1
"""Jaws closed further than this hold nothing."""


def grasp_action(state, block, holding: bool):
    """The (7,) action for a state (17,) and the block's position (3,), and whether the jaws are to stay closed."""
    position, opening = state[:3].astype(float), state[9]
    jaws = state[6:9].astype(float)  # TCP y: where the jaws open
    jaws[2] = 0
    goal = np.asarray(block) - BETWEEN_M * jaws / np.linalg.norm(jaws)
    goal[2] = 0.012
    aside = np.linalg.norm((goal - position)[:2])
    empty = opening < EMPTY
    closing = not empty and (holding or (aside < 0.01 and position[2] < 0.017))
    if closing and opening < 0.3:
        goal = np.array([*position[:2], 0.1])
    elif closing:
        goal = position
    elif aside > (0.004 if position[2] > 0.045 else 0.012):
        goal[2] = ABOVE_M
    action = np.zeros(7, np.float32)
    action[:3] = np.clip(0.5 * (goal - position), -STEP_M, STEP_M)
    action[6] = 0.0 if closing else 0.6
    return action, closing
