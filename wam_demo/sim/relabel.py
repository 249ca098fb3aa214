"""Episodes driven by a learner and labelled by the expert: DAgger (arXiv 1011.0686)."""

from collections.abc import Callable, Iterator

import numpy as np

from wam_demo.sim.demo_noise import scatter_start
from wam_demo.sim.labels import DemoFrame, expert_chunk
from wam_demo.sim.wide import Scenery, vary
from wam_demo.sim.world import World
from wam_demo.types import Observation, Vector

Driver = Callable[[Observation], Vector]
"""Maps an observation to (16, 7) actions; sees nothing else."""

SCATTERED = 0.25
"""Share of episodes that start from a random pose."""
AFTER_SUCCESS_PLANS = 2


def relabel(
    world: World, seed: int, driver: Driver, *, every: int = 4, scenery: Scenery = "plain"
) -> Iterator[DemoFrame]:
    """One episode in which ``driver`` acts and the expert says what it would have done.

    The frames show where the learner gets to by itself, with the way back as the label.

    Args:
        world: Is reset and stepped.
        seed: Of the scene.
        driver: Plans from the observation; its first ``every`` actions are executed.
        every: Control steps between two plans, each of which is one frame.
        scenery: What varies besides the task, see `vary`.
    """
    rng = np.random.default_rng([seed, 29])
    world.draw(seed)
    vary(world, seed, scenery)
    world.calibration = "followed"
    if rng.random() < SCATTERED:
        scatter_start(world, rng)
    remaining = AFTER_SUCCESS_PLANS
    for step in range(0, world.logic.spec.horizon, every):
        observation, label = world.observe(), expert_chunk(world)
        plan = driver(observation)
        results = [world.step(action) for action in plan[:every]]
        yield DemoFrame(observation, results[0].applied, label, results[-1].success, step)
        remaining -= results[-1].success
        if any(result.fault for result in results) or remaining < 0:
            return
