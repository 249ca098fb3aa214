"""delay: actions arrive late."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.sim.perturb.base import Parameters, number
from wam_demo.types import CONTROL_HZ

if TYPE_CHECKING:
    from wam_demo.sim.world import World

SECONDS = (0.1, 0.2, 0.3, 0.5, 0.8)


class Delay:
    """Parameters: ``seconds``, rounded to control steps."""

    name, during = "delay", False

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """The severity's latency."""
        return {"seconds": SECONDS[severity - 1]}

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Queue actions for that long; until the first arrives, the arm holds."""
        steps = round(number(parameters, "seconds", 0, 2) * CONTROL_HZ)
        world.effects = replace(world.effects, delay_steps=steps)
        return {"seconds": steps / CONTROL_HZ}

    def clear(self, world: "World") -> None:
        """Act at once again; what was queued is dropped."""
        world.effects = replace(world.effects, delay_steps=0, queue=())
