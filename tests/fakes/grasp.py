"""A scripted reach and grasp on the SO-101's block, memoryless, through 7-DoF actions; it may see the block."""

import numpy as np

BETWEEN_M = 0.016
"""From the fixed jaw, where the TCP is, to the middle between the jaws [m]."""
ABOVE_M, STEP_M = 0.06, 0.03


def grasp_action(state, block, holding: bool):
    """The (7,) action for a state (17,) and the block's position (3,)."""
    position, opening = state[:3].astype(float), state[9]
    jaws = state[6:9].astype(float)  # TCP y: where the jaws open
    jaws[2] = 0
    goal = np.asarray(block) - BETWEEN_M * jaws / np.linalg.norm(jaws)
    goal[2] = 0.012
    aside = np.linalg.norm((goal - position)[:2])
    closing = holding or (aside < 0.008 and position[2] < 0.02)
    if closing and opening < 0.35:
        goal = np.array([*position[:2], 0.1])
    elif closing:
        goal = position
    elif aside > 0.01:
        goal[2] = ABOVE_M
    action = np.zeros(7, np.float32)
    action[:3] = np.clip(goal - position, -STEP_M, STEP_M)
    action[6] = 0.0 if closing else 0.6
    return action, closing
