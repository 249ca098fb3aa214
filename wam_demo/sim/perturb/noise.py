"""noise: the cameras' images are blurred or fogged."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.errors import UnknownNameError
from wam_demo.sim.lens import BLURS, Blur
from wam_demo.sim.perturb.base import Parameters, number

if TYPE_CHECKING:
    from wam_demo.sim.world import World

STRENGTH = (2, 4, 6, 8, 10)
"""Severity on the 10-point scale of LIBERO-Plus."""


class Noise:
    """Parameters: ``blur`` (motion, gaussian, zoom, glass or fog), ``strength`` 0..10, ``angle_deg``, ``pattern``."""

    name, during = "noise", False

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """One kind of noise at the severity's strength."""
        return {
            "blur": str(rng.choice(list(BLURS))),
            "strength": STRENGTH[severity - 1],
            "angle_deg": int(rng.integers(0, 180)),
            "pattern": int(rng.integers(2**16)),
        }

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Disturb observations and pictures of the policy's cameras alike."""
        if parameters.get("blur") not in BLURS:
            raise UnknownNameError("blur", parameters.get("blur"), BLURS)
        blur = Blur(
            kind=parameters["blur"],
            strength=number(parameters, "strength", 0, 10),
            angle_deg=number({"angle_deg": 0, **parameters}, "angle_deg", 0, 360),
            pattern=int(number({"pattern": 0, **parameters}, "pattern", 0, 2**31)),
        )
        world.effects = replace(world.effects, blur=blur)
        return {"blur": blur.kind, "strength": blur.strength, "angle_deg": blur.angle_deg, "pattern": blur.pattern}

    def clear(self, world: "World") -> None:
        """Clean images."""
        world.effects = replace(world.effects, blur=None)
