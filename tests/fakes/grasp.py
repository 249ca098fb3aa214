"""A scripted reach and grasp on the SO-101's block, memoryless, through 7-DoF actions; it may see the block."""

import numpy as np

BETWEEN_M = 0.016
"""From the fixed jaw, where the TCP is, to the middle between the jaws [m]."""
ABOVE_M, STEP_M = 0.06, 0.02
EMPTY = 0.1
"""Jaws closed further than this hold nothing."""


CLOSING_STEPS = 6
"""Control steps that the jaws get to close before the arm lifts."""


def grasp_action(state, block, closed: int):
    """The (7,) action for a state (17,) and the block's position (3,).

    Args:
        closed: Control steps for which the jaws have been closing.

    Returns:
        The action, and ``closed`` for the next one.
    """
    position, opening = state[:3].astype(float), state[9]
    jaws = state[6:9].astype(float)  # TCP y: where the jaws open
    jaws[2] = 0
    goal = np.asarray(block) - BETWEEN_M * jaws / np.linalg.norm(jaws)
    goal[2] = 0.012
    aside = np.linalg.norm((goal - position)[:2])
    at_block = aside < 0.006 and position[2] < 0.016
    if closed and (opening > EMPTY or closed < CLOSING_STEPS):
        closed += 1
    else:
        closed = 1 if at_block else 0
    if closed > CLOSING_STEPS:
        goal = np.array([*position[:2], 0.1])
    elif closed:
        goal = position
    elif aside > (0.004 if position[2] > 0.045 else 0.008):
        goal[2] = ABOVE_M
    action = np.zeros(7, np.float32)
    action[:3] = np.clip(0.5 * (goal - position), -STEP_M, STEP_M)
    action[6] = 0.0 if closed else 0.5
    return action, closed


def main(episodes: int) -> None:
    """Grasp the blocks of the first scenes in simulated time and print what came of it."""
    from bridge.drivers.so101_sim import So101Sim
    from tests.fakes.arm import Workbench

    bench = Workbench(So101Sim(camera_hz=0))
    source, successes, errors = bench.source(), 0, []
    for seed in range(episodes):
        source.reset(seed)
        closed = 0
        for _ in range(120):
            observation = source.observe()
            action, closed = grasp_action(observation.state, bench.driver.report()["block"], closed)
            source.apply(action)
            if source.success:
                break
        successes += source.success
        bench.sleep(0.5)
        answer = source.client.ask("observe")
        wanted = bench.driver.kinematics.tcp(answer["commanded"][:-1])[0]
        errors.append(1e3 * np.linalg.norm(wanted - answer["state"][:3]))
    print(f"{successes} of {episodes}; TCP at rest {np.median(errors):.1f} mm median, {max(errors):.1f} mm at most")


if __name__ == "__main__":
    import sys

    main(int(sys.argv[1]))
