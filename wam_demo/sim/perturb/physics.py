"""physics: friction and mass."""

from typing import TYPE_CHECKING

import numpy as np

from wam_demo.sim.perturb.base import Parameters, either_way, number, rounded

if TYPE_CHECKING:
    from wam_demo.sim.world import World

MASS_FIELDS = ("body_mass", "body_inertia", "body_subtreemass", "body_invweight0", "dof_invweight0")
FACTOR = (1.25, 1.5, 2.0, 3.0, 4.0)


class Physics:
    """Parameters: ``friction`` and ``mass``, factors on all contacts and on everything movable."""

    name, during = "physics", False

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """The severity's factor or its inverse, for each."""
        factor = FACTOR[severity - 1]
        return {"friction": rounded(either_way(factor, rng)), "mass": rounded(either_way(factor, rng))}

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Scale friction, mass and inertia relative to the training scene."""
        friction, mass = number(parameters, "friction", 0.2, 5), number(parameters, "mass", 0.2, 5)
        self.clear(world)
        world.scene.model.geom_friction[:] *= friction
        world.scene.scale_mass(mass)
        return {"friction": rounded(friction), "mass": rounded(mass)}

    def clear(self, world: "World") -> None:
        """The training friction and masses."""
        world.scene.revert("geom_friction", *MASS_FIELDS)
