"""occlusion: part of one of the policy's views is covered."""

from dataclasses import replace

import numpy as np

from wam_demo.sim.lens import Cover
from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, rounded
from wam_demo.sim.perturb.checks import choice, number, numbers
from wam_demo.sim.scene import Scene
from wam_demo.types import POLICY_CAMERAS

SHARE = (0.02, 0.05, 0.10, 0.15, 0.25)


class Occlusion:
    """Parameters: ``share`` of the image, its ``centre`` (u, v) and ``aspect`` (w / h), ``grey`` 0..1, ``camera``."""

    name, during = "occlusion", False
    parameters = ("share", "centre", "aspect", "grey", "camera")

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """A grey rectangle of the severity's area, somewhere over the table, in either view."""
        return {
            "share": SHARE[severity - 1],
            "centre": rounded(rng.uniform([0.2, 0.35], [0.8, 0.75])),
            "aspect": rounded(rng.uniform(0.6, 1.7)),
            "grey": rounded(rng.uniform(0.1, 0.6)),
            "camera": str(rng.choice(POLICY_CAMERAS)),
        }

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        return {
            "share": number(parameters, "share", 0, 0.5),
            "centre": rounded(numbers(parameters, "centre", 2, 0, 1)),
            "aspect": number(parameters, "aspect", 0.25, 4),
            "grey": number(parameters, "grey", 0, 1),
            "camera": choice({"camera": POLICY_CAMERAS[0], **parameters}, "camera", POLICY_CAMERAS),
        }

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Cover that part in observations and in pictures alike."""
        share, (u, v), aspect, grey, camera = (values[name] for name in self.parameters)
        world.effects = replace(world.effects, cover=Cover(share, (u, v), aspect, grey, camera))
        return values

    def clear(self, world: DisturbedWorld) -> None:
        """A free view."""
        world.effects = replace(world.effects, cover=None)
