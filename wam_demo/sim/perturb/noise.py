"""noise: the cameras' images are blurred or fogged."""

from dataclasses import replace

import numpy as np

from wam_demo.sim.lens import BLURS, Blur
from wam_demo.sim.perturb.base import DisturbedWorld, Parameters
from wam_demo.sim.perturb.checks import choice, number
from wam_demo.sim.scene import Scene

STRENGTH = (2, 4, 6, 8, 10)
"""Severity on the 10-point scale of LIBERO-Plus."""


class Noise:
    """Parameters: ``blur`` (motion, gaussian, zoom, glass or fog), ``strength`` 0..10, ``angle_deg``, ``pattern``."""

    name, during = "noise", False
    parameters = ("blur", "strength", "angle_deg", "pattern")

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """One kind of noise at the severity's strength."""
        return {
            "blur": str(rng.choice(list(BLURS))),
            "strength": STRENGTH[severity - 1],
            "angle_deg": int(rng.integers(0, 180)),
            "pattern": int(rng.integers(2**16)),
        }

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        return {
            "blur": choice(parameters, "blur", BLURS),
            "strength": number(parameters, "strength", 0, 10),
            "angle_deg": number(parameters, "angle_deg", 0, 360, default=0),
            "pattern": int(number(parameters, "pattern", 0, 2**31, default=0)),
        }

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Disturb observations and pictures of the policy's cameras alike."""
        world.effects = replace(world.effects, blur=Blur(*(values[name] for name in self.parameters)))
        return values

    def clear(self, world: DisturbedWorld) -> None:
        """Clean images."""
        world.effects = replace(world.effects, blur=None)
