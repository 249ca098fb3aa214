"""occlusion: part of the front image is covered."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.sim.lens import Cover
from wam_demo.sim.perturb.base import Parameters, number, numbers, rounded

if TYPE_CHECKING:
    from wam_demo.sim.world import World

SHARE = (0.02, 0.05, 0.10, 0.15, 0.25)


class Occlusion:
    """Parameters: ``share`` of the image, ``centre`` (u, v) 0..1, ``aspect`` width over height, ``grey`` 0..1."""

    name, during = "occlusion", False

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """A grey rectangle of the severity's area, somewhere over the table."""
        return {
            "share": SHARE[severity - 1],
            "centre": rounded(rng.uniform([0.2, 0.35], [0.8, 0.75])),
            "aspect": rounded(rng.uniform(0.6, 1.7)),
            "grey": rounded(rng.uniform(0.1, 0.6)),
        }

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Cover that part in observations and in pictures of the front camera alike."""
        cover = Cover(
            share=number(parameters, "share", 0, 0.5),
            centre=tuple(rounded(numbers(parameters, "centre", 2, 0, 1))),
            aspect=number(parameters, "aspect", 0.25, 4),
            grey=number(parameters, "grey", 0, 1),
        )
        world.effects = replace(world.effects, cover=cover)
        return {"share": cover.share, "centre": list(cover.centre), "aspect": cover.aspect, "grey": cover.grey}

    def clear(self, world: "World") -> None:
        """A free view."""
        world.effects = replace(world.effects, cover=None)
