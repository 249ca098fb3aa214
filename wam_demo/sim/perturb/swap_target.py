"""swap_target: the target or its goal is moved during the episode."""

import numpy as np

from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, rounded
from wam_demo.sim.perturb.shove import Shove
from wam_demo.sim.perturb.spots import displaced

DISTANCE_M = (0.03, 0.05, 0.08, 0.12, 0.16)


class SwapTarget(Shove):
    """Parameters: ``object`` and ``offset`` (x, y) [m]."""

    name, during = "swap_target", True

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """Target or goal, by the severity's distance, to where it stands free."""
        choices = [name for name in (world.assignment.target, world.assignment.goal) if name is not None]
        name = str(rng.choice(choices))
        gap = max(0.14 if name == world.assignment.goal else 0.09, world.logic.apart)
        return {"object": name, "offset": rounded(displaced(world, rng, name, DISTANCE_M[severity - 1], gap))}
