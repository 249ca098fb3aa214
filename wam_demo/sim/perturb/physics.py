"""physics: friction and mass."""

import numpy as np

from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, either_way, rounded
from wam_demo.sim.perturb.checks import number
from wam_demo.sim.scene import Scene

MASS_FIELDS = ("body_mass", "body_inertia", "body_subtreemass", "body_invweight0", "dof_invweight0")
FACTOR = (1.25, 1.5, 2.0, 3.0, 4.0)


class Physics:
    """Parameters: ``friction`` and ``mass``, factors on all contacts and on everything movable."""

    name, during = "physics", False
    parameters = ("friction", "mass")

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """The severity's factor or its inverse, for each."""
        factor = FACTOR[severity - 1]
        return {"friction": rounded(either_way(factor, rng)), "mass": rounded(either_way(factor, rng))}

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        return {name: number(parameters, name, 0.2, 5) for name in self.parameters}

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Scale friction, mass and inertia relative to the training scene."""
        self.clear(world)
        world.scene.model.geom_friction[:] *= values["friction"]
        world.scene.scale_mass(values["mass"])
        return {name: rounded(value) for name, value in values.items()}

    def clear(self, world: DisturbedWorld) -> None:
        """The training friction and masses."""
        world.scene.revert("geom_friction", *MASS_FIELDS)
