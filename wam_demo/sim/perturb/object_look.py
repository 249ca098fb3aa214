"""object_look: colour, pattern, size and proportions of the target, within what its words say."""

from dataclasses import replace
from itertools import product

import numpy as np

from wam_demo.sim.colours import colour_word, shifted
from wam_demo.sim.marking import PATTERNS, Marking
from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, rounded
from wam_demo.sim.perturb.checks import choice, number
from wam_demo.sim.perturb.distractor import POOL
from wam_demo.sim.scene import Scene

HUE_DEG, LIGHTNESS, CHROMA = (2, 4, 6, 8, 10), (3, 6, 9, 12, 15), (0.94, 0.88, 0.82, 0.76, 0.7)
"""Turn of the hue, change of L* (0..100) and factor on the saturation, in CIELAB."""
CONTRAST = (0, 0, 8, 12, 16)
"""L* between an object and its stripes; 0 is no pattern."""
SIZE = (0.05, 0.10, 0.15, 0.20, 0.25)
STRETCH = (0.0, 0.04, 0.08, 0.12, 0.16)
"""Share by which the height changes, besides the size."""
_FIELDS = ("geom_rgba", "geom_size", "geom_type", "geom_rbound", "geom_aabb")
_COLOUR = ("hue_deg", "lightness", "chroma", "contrast")
_UNCHANGED = (0.0, 0.0, 1.0, 0.0)
_STEPS = 40


class ObjectLook:
    """Parameters: ``object``; ``hue_deg``, ``lightness`` and ``chroma`` of its colour; ``pattern`` with its
    ``contrast``; ``scale`` of its size and ``stretch`` of its height.

    However much is asked for, the word for the object's colour stays the one that the reset gave it.
    """

    name, during = "object_look", False
    parameters = ("object", *_COLOUR, "pattern", "scale", "stretch")

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """The severity's changes, in a direction in which the colour keeps its word."""
        index, target = severity - 1, world.assignment.target
        signs = rng.permutation(list(product((-1, 1), repeat=3)))
        amounts = [(HUE_DEG[index] * a, LIGHTNESS[index] * b, CHROMA[index], CONTRAST[index] * c) for a, b, c in signs]
        rgb = _own_colour(world.scene, target)
        colour = next((values for values in amounts if _keeps_its_word(rgb, values)), amounts[0])
        return {
            "object": target,
            **dict(zip(_COLOUR, map(rounded, colour), strict=True)),
            "pattern": str(rng.choice(list(PATTERNS))) if CONTRAST[index] else "none",
            "scale": rounded(1 + SIZE[index] * rng.choice([-1, 1])),
            "stretch": rounded(1 + STRETCH[index] * rng.choice([-1, 1])),
        }

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        return {
            "object": choice(parameters, "object", dressed(scene)),
            "hue_deg": number(parameters, "hue_deg", -180, 180, default=0),
            "lightness": number(parameters, "lightness", -100, 100, default=0),
            "chroma": number(parameters, "chroma", 0, 2, default=1),
            "contrast": number(parameters, "contrast", -50, 50, default=0),
            "pattern": choice({"pattern": "none", **parameters}, "pattern", ("none", *PATTERNS)),
            "scale": number(parameters, "scale", 0.6, 1.4, default=1),
            "stretch": number(parameters, "stretch", 0.8, 1.2, default=1),
        }

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Repaint the object and, if it is movable, resize it where it stands."""
        scene, name = world.scene, values["object"]
        self.clear(world)
        rgb = _own_colour(scene, name)
        colour = _within_its_word(rgb, [values[key] for key in _COLOUR])
        body, plain, stripes = _painted(scene, name), *_surface(rgb, colour)
        scene.paint(body, plain)
        if values["pattern"] != "none":
            marking = Marking(scene.geoms(body)[0], values["pattern"], tuple(stripes.tolist()))
            world.effects = replace(world.effects, marking=marking)
        applied = {**values, **dict(zip(_COLOUR, colour, strict=True))}
        if not scene.is_free(name):
            return {**applied, "scale": 1.0, "stretch": 1.0}
        half = scene.half_extents(name)
        new = half * values["scale"] * (1, 1, values["stretch"])
        scene.reshape(name, "cylinder" if scene.is_shape(name, "cylinder") else "box", new)
        scene.lift(name, max(0.0, new[2] - half[2]))
        return applied

    def clear(self, world: DisturbedWorld) -> None:
        """The looks that the reset drew."""
        world.effects = replace(world.effects, marking=None)
        for name in dressed(world.scene):
            world.scene.revert(*_FIELDS, rows=world.scene.geoms(_painted(world.scene, name)))


def dressed(scene: Scene) -> list[str]:
    """The things whose looks can be changed: those of the task."""
    return [name for name in scene.things() if name not in POOL]


def _painted(scene: Scene, name: str) -> str:
    """The body that has a thing's colour."""
    return next(body for body in (f"{name}_cap", f"{name}_tray", name) if scene.has_body(body))


def _own_colour(scene: Scene, name: str) -> np.ndarray:
    return scene.model.geom_rgba[scene.geoms(_painted(scene, name))[0], :3].astype(float)


def _surface(rgb: np.ndarray, colour: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """RGB of the object and of its stripes."""
    hue, lightness, chroma, contrast = colour
    return shifted(rgb, hue, lightness, chroma), shifted(rgb, hue, lightness + contrast, chroma)


def _keeps_its_word(rgb: np.ndarray, colour: tuple[float, ...]) -> bool:
    return {colour_word(shown) for shown in _surface(rgb, colour)} == {colour_word(rgb)}


def _within_its_word(rgb: np.ndarray, wanted: list[float]) -> tuple[float, ...]:
    """The largest share of a wanted change that leaves the word for the colour as it is."""
    for share in np.linspace(1, 0, _STEPS + 1):
        change = [start + share * (end - start) for start, end in zip(_UNCHANGED, wanted, strict=True)]
        colour = tuple(rounded(value) for value in change)
        if _keeps_its_word(rgb, colour):
            return colour
    return _UNCHANGED
