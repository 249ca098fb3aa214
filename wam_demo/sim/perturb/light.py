"""light: intensity, direction and colour."""

from typing import TYPE_CHECKING

import numpy as np

from wam_demo.sim.perturb.base import Parameters, either_way, number, numbers, rounded
from wam_demo.sim.rotation import exponential

if TYPE_CHECKING:
    from wam_demo.sim.world import World

INTENSITY = (0.8, 0.65, 0.5, 0.4, 0.3)
TILT_DEG = (10, 20, 35, 50, 60)
COLOUR_SHIFT = (0.1, 0.2, 0.3, 0.4, 0.5)
CENTRE = np.array([0.48, 0.02, 0.0])
"""The point [m] about which the light is turned."""


class Light:
    """Parameters: ``intensity`` factor, ``tilt_deg``, ``azimuth_deg`` and ``colour`` (3,) factors."""

    name, during = "light", False

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """Darker or brighter, from another side, tinted."""
        shift = COLOUR_SHIFT[severity - 1] * rng.uniform(-1, 1, 3)
        return {
            "intensity": rounded(either_way(INTENSITY[severity - 1], rng)),
            "tilt_deg": TILT_DEG[severity - 1],
            "azimuth_deg": rounded(rng.uniform(0, 360)),
            "colour": rounded(1 + shift - shift.mean()),
        }

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Change all lights of the scene relative to the training light."""
        intensity, colour = number(parameters, "intensity", 0.1, 4), numbers(parameters, "colour", 3, 0.2, 2)
        tilt, azimuth = number(parameters, "tilt_deg", 0, 80), number(parameters, "azimuth_deg", 0, 360)
        self.clear(world)
        model = world.scene.model
        for field in (model.light_diffuse, model.vis.headlight.ambient, model.vis.headlight.diffuse):
            field[:] = field * intensity * colour
        axis = np.array([np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth)), 0.0])
        turn = exponential(np.radians(tilt) * axis)
        model.light_pos[:] = (model.light_pos - CENTRE) @ turn.T + CENTRE
        model.light_dir[:] = model.light_dir @ turn.T
        world.scene.touch()
        applied = {"intensity": intensity, "tilt_deg": tilt, "azimuth_deg": azimuth}
        return {**{name: rounded(value) for name, value in applied.items()}, "colour": rounded(colour)}

    def clear(self, world: "World") -> None:
        """The training light."""
        world.scene.revert("light_diffuse", "light_pos", "light_dir", "vis.headlight.ambient", "vis.headlight.diffuse")
