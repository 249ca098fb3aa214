"""background: table and scene textures that training never sees."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from wam_demo.sim.backdrop import STYLES, Backdrop
from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, rounded
from wam_demo.sim.perturb.checks import choice, flag, number, numbers
from wam_demo.sim.scene import Scene
from wam_demo.sim.textures import TRAINING_WOOD

_Rng = np.random.Generator


class Background:
    """Parameters: ``style``, ``light`` and ``dark`` RGB, ``cells``, ``sky`` RGB factor, ``moving``, ``pattern``."""

    name, during = "background", False
    parameters = ("style", "light", "dark", "cells", "sky", "moving", "pattern")

    def draw(self, severity: int, rng: _Rng, world: DisturbedWorld) -> Parameters:
        """From a near tint of the same wood to a moving pattern."""
        light, dark, style = _MATERIALS[severity - 1](rng)
        return {
            "style": style,
            "light": rounded(np.clip(light, 0, 1)),
            "dark": rounded(np.clip(dark, 0, 1)),
            "cells": int(rng.integers(3, 7)),
            "sky": rounded(1 + 0.12 * severity * rng.uniform(-1, 1, 3)),
            "moving": severity == 5,
            "pattern": int(rng.integers(2**16)),
        }

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        return {
            "style": choice(parameters, "style", STYLES),
            "light": rounded(numbers(parameters, "light", 3, 0, 1)),
            "dark": rounded(numbers(parameters, "dark", 3, 0, 1)),
            "cells": int(number(parameters, "cells", 1, 16)),
            "sky": rounded(numbers(parameters, "sky", 3, 0.2, 2)),
            "moving": flag(parameters, "moving"),
            "pattern": int(number(parameters, "pattern", 0, 2**31)),
        }

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Paint the table and tint the sky; it shows in the next picture."""
        world.effects = replace(world.effects, backdrop=Backdrop.of(values))
        return values

    def clear(self, world: DisturbedWorld) -> None:
        """The training table."""
        world.effects = replace(world.effects, backdrop=Backdrop())


def _near(rng: _Rng) -> tuple[np.ndarray, np.ndarray, str]:
    tint = 1 + rng.choice([-1, 1]) * rng.uniform(0.06, 0.12, 3)
    return TRAINING_WOOD[0] * tint, TRAINING_WOOD[1] * tint, "wood"


def _other_wood(rng: _Rng) -> tuple[np.ndarray, np.ndarray, str]:
    woods = np.array([[0.42, 0.29, 0.2], [0.82, 0.74, 0.6], [0.6, 0.36, 0.24], [0.5, 0.47, 0.44]])
    light = woods[rng.integers(len(woods))] * rng.uniform(0.9, 1.1)
    return light, 0.82 * light, "wood"


def _other_material(rng: _Rng) -> tuple[np.ndarray, np.ndarray, str]:
    light = np.clip(rng.uniform(0.25, 0.85) + rng.normal(0, 0.06, 3), 0, 1)
    return light, light * rng.uniform(0.7, 0.9), "speckle"


def _pattern(rng: _Rng) -> tuple[np.ndarray, np.ndarray, str]:
    return rng.uniform(0.3, 0.95, 3), rng.uniform(0.1, 0.7, 3), str(rng.choice(["checker", "stripes"]))


_MATERIALS: tuple[Callable[[_Rng], tuple[np.ndarray, np.ndarray, str]], ...] = (
    _near,
    _other_wood,
    _other_material,
    _pattern,
    _pattern,
)
