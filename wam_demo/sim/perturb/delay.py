"""delay: actions arrive late."""

from dataclasses import replace

import numpy as np

from wam_demo.sim.perturb.base import DisturbedWorld, Parameters
from wam_demo.sim.perturb.checks import number
from wam_demo.sim.scene import Scene
from wam_demo.types import CONTROL_HZ

SECONDS = (0.1, 0.2, 0.3, 0.5, 0.8)


class Delay:
    """Parameters: ``seconds``, rounded to control steps."""

    name, during = "delay", False
    parameters = ("seconds",)

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """The severity's latency."""
        return {"seconds": SECONDS[severity - 1]}

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        return {"seconds": round(number(parameters, "seconds", 0, 2) * CONTROL_HZ) / CONTROL_HZ}

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Queue actions for that long; until the first arrives, the arm holds."""
        world.effects = replace(world.effects, delay_steps=round(values["seconds"] * CONTROL_HZ))
        return values

    def clear(self, world: DisturbedWorld) -> None:
        """Act at once again; what was queued is dropped."""
        world.effects = replace(world.effects, delay_steps=0, queue=())
