"""shove: an object is displaced while the arm approaches it."""

import numpy as np

from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, rounded
from wam_demo.sim.perturb.checks import choice, numbers
from wam_demo.sim.perturb.spots import DROP_BOX, clearance, displaced, occupied
from wam_demo.sim.scene import Scene

DISTANCE_M = (0.01, 0.02, 0.04, 0.06, 0.09)


class Shove:
    """Parameters: ``object`` and ``offset`` (x, y) [m]."""

    name, during = "shove", True
    parameters = ("object", "offset")

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """The target, by the severity's distance, to where it stands free."""
        target = world.assignment.target
        offset = displaced(world, rng, target, DISTANCE_M[severity - 1], gap=0.09)
        return {"object": target, "offset": rounded(offset)}

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        name = choice(parameters, "object", scene.things())
        return {"object": name, "offset": numbers(parameters, "offset", 2, -0.3, 0.3)}

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Displace it as far as the table and the other objects allow; what is not on the table stays."""
        name = values["object"]
        done = shift(world, name, values["offset"]) if world.scene.is_present(name) else np.zeros(2)
        return {"object": name, "offset": rounded(done)}

    def clear(self, world: DisturbedWorld) -> None:
        """Nothing: it stays where it was shoved."""


def shift(world: DisturbedWorld, name: str, offset: np.ndarray) -> np.ndarray:
    """Displace a body by (2,) [m] or by the part of it that is free; returns what was done."""
    scene = world.scene
    start, places = scene.position(name)[:2], occupied(world, but=name)
    end = np.clip(start + offset, *DROP_BOX)
    for part in np.linspace(1, 0, 21):
        point = start + part * (end - start)
        if clearance(point, places) > min(world.logic.touching, clearance(start, places)):
            break
    scene.slide(name, point - start)
    return point - start
