"""light: intensity, direction and colour."""

import numpy as np

from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, either_way, rounded
from wam_demo.sim.perturb.checks import number, numbers
from wam_demo.sim.rotation import exponential
from wam_demo.sim.scene import Scene

INTENSITY = (0.8, 0.65, 0.5, 0.4, 0.3)
TILT_DEG = (10, 20, 35, 50, 60)
COLOUR_SHIFT = (0.1, 0.2, 0.3, 0.4, 0.5)
CENTRE = np.array([0.48, 0.02, 0.0])
"""The point [m] about which the light is turned."""


class Light:
    """Parameters: ``intensity`` factor, ``tilt_deg``, ``azimuth_deg`` and ``colour`` (3,) factors."""

    name, during = "light", False
    parameters = ("intensity", "tilt_deg", "azimuth_deg", "colour")

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """Darker or brighter, from another side, tinted."""
        shift = COLOUR_SHIFT[severity - 1] * rng.uniform(-1, 1, 3)
        return {
            "intensity": rounded(either_way(INTENSITY[severity - 1], rng)),
            "tilt_deg": TILT_DEG[severity - 1],
            "azimuth_deg": rounded(rng.uniform(0, 360)),
            "colour": rounded(1 + shift - shift.mean()),
        }

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        return {
            "intensity": number(parameters, "intensity", 0.1, 4),
            "tilt_deg": number(parameters, "tilt_deg", 0, 80),
            "azimuth_deg": number(parameters, "azimuth_deg", 0, 360),
            "colour": numbers(parameters, "colour", 3, 0.2, 2),
        }

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Change all lights of the scene relative to the training light."""
        intensity, tilt, azimuth, colour = (values[name] for name in self.parameters)
        self.clear(world)
        model = world.scene.model
        for field in (model.light_diffuse, model.vis.headlight.ambient, model.vis.headlight.diffuse):
            field[:] = field * intensity * colour
        axis = np.array([np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth)), 0.0])
        turn = exponential(np.radians(tilt) * axis)
        model.light_pos[:] = (model.light_pos - CENTRE) @ turn.T + CENTRE
        model.light_dir[:] = model.light_dir @ turn.T
        world.scene.touch()
        return {name: rounded(value) for name, value in values.items()}

    def clear(self, world: DisturbedWorld) -> None:
        """The training light."""
        world.scene.revert("light_diffuse", "light_pos", "light_dir", "vis.headlight.ambient", "vis.headlight.diffuse")
