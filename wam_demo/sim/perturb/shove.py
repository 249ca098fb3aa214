"""shove: an object is displaced while the arm approaches it."""

from typing import TYPE_CHECKING

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.sim.perturb.base import Parameters, numbers, rounded
from wam_demo.sim.perturb.spots import DROP_BOX, clearance, displaced, occupied

if TYPE_CHECKING:
    from wam_demo.sim.world import World

DISTANCE_M = (0.01, 0.02, 0.04, 0.06, 0.09)
TOUCHING_M = 0.06
"""Two objects nearer than this may overlap."""


class Shove:
    """Parameters: ``object`` and ``offset`` (x, y) [m]."""

    name, during = "shove", True

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """The target, by the severity's distance, to where it stands free."""
        target = world.assignment.target
        offset = displaced(world, rng, target, DISTANCE_M[severity - 1], gap=0.09)
        return {"object": target, "offset": rounded(offset)}

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Displace it as far as the table and the other objects allow."""
        name, offset = str(parameters.get("object")), numbers(parameters, "offset", 2, -0.3, 0.3)
        if name not in world.scene.things() or not world.scene.is_present(name):
            raise InvalidInputError(f"{name[:20]!r} cannot be shoved: it is not a movable object on the table")
        offset = shift(world, name, offset)
        return {"object": name, "offset": rounded(offset)}

    def clear(self, world: "World") -> None:
        """Nothing: it stays where it was shoved."""


def shift(world: "World", name: str, offset: np.ndarray) -> np.ndarray:
    """Displace a body by (2,) [m] or by the part of it that is free; returns what was done."""
    scene = world.scene
    start, places = scene.position(name)[:2], occupied(world, but=name)
    end = np.clip(start + offset, *DROP_BOX)
    for part in np.linspace(1, 0, 21):
        point = start + part * (end - start)
        if clearance(point, places) > min(TOUCHING_M, clearance(start, places)):
            break
    scene.slide(name, point - start)
    return point - start
