"""view_loss: one of the policy's views freezes or goes dark for a while, in mid-approach."""

from dataclasses import replace

import numpy as np

from wam_demo.sim.lens import LostView
from wam_demo.sim.perturb.base import DisturbedWorld, Parameters
from wam_demo.sim.perturb.checks import choice, number
from wam_demo.sim.scene import Scene
from wam_demo.types import CONTROL_HZ, POLICY_CAMERAS

SECONDS = (0.4, 0.8, 1.6, 3.2, 60.0)
"""The last one outlives every episode."""
WAYS = ("frozen", "dark")


class ViewLoss:
    """Parameters: ``camera``, ``way`` (``frozen`` or ``dark``), ``seconds``, rounded to control steps."""

    name, during = "view_loss", True
    parameters = ("camera", "way", "seconds")

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """Either view, either way, for the severity's time."""
        return {
            "camera": str(rng.choice(POLICY_CAMERAS)),
            "way": str(rng.choice(WAYS)),
            "seconds": SECONDS[severity - 1],
        }

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        return {
            "camera": choice(parameters, "camera", POLICY_CAMERAS),
            "way": choice(parameters, "way", WAYS),
            "seconds": round(number(parameters, "seconds", 0, SECONDS[-1]) * CONTROL_HZ) / CONTROL_HZ,
        }

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Lose the view from now on; a frozen one keeps showing what it shows now."""
        self.clear(world)
        camera = values["camera"]
        picture = world.render(camera) if values["way"] == "frozen" else None
        until = world.step_count + round(values["seconds"] * CONTROL_HZ)
        world.effects = replace(world.effects, lost=LostView(camera, until, picture))
        return values

    def clear(self, world: DisturbedWorld) -> None:
        """The view is back."""
        world.effects = replace(world.effects, lost=None)
