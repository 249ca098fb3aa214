"""object_look: colour, size and shape of the target."""

import colorsys
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.sim.perturb.base import Parameters, number, rounded

if TYPE_CHECKING:
    from wam_demo.sim.world import World

SHIFT = (0.05, 0.10, 0.15, 0.20, 0.25)
NEW_SHAPE_SEVERITY = 4
"""From this severity on the shape may change as well."""
_FIELDS = ("geom_rgba", "geom_size", "geom_type", "geom_rbound", "geom_aabb")


class ObjectLook:
    """Parameters: ``object``, ``hue`` shift in turns, ``scale`` of its size, ``shape`` or none."""

    name, during = "object_look", False

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """Hue and size of the target shifted by the severity's share, either way."""
        share = SHIFT[severity - 1]
        target = world.assignment.target
        swap = severity >= NEW_SHAPE_SEVERITY and rng.random() < 0.5
        other = "cylinder" if world.scene.is_shape(target, "box") else "box"
        return {
            "object": target,
            "hue": rounded(share * rng.choice([-1, 1])),
            "scale": rounded(1 + share * rng.choice([-1, 1])),
            "shape": other if swap else None,
        }

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Repaint the object and, if it is movable, resize and reshape it where it stands."""
        scene, name = world.scene, str(parameters.get("object", world.assignment.target))
        hue, scale = number(parameters, "hue", -0.5, 0.5), number(parameters, "scale", 0.6, 1.4)
        shape = parameters.get("shape")
        if shape not in (None, "box", "cylinder"):
            raise InvalidInputError(f"shape is {str(shape)[:20]!r}: valid is box, cylinder or none")
        scene.body(name)
        self.clear(world)
        painted = next(body for body in (f"{name}_cap", f"{name}_tray", name) if scene.has_body(body))
        colour = scene.model.geom_rgba[scene.geoms(painted)[0], :3]
        scene.paint(painted, _turned(colour, hue))
        if not scene.is_free(name):
            return {"object": name, "hue": rounded(hue), "scale": 1.0, "shape": None}
        half = scene.half_extents(name)
        kind = shape or ("cylinder" if scene.is_shape(name, "cylinder") else "box")
        scene.reshape(name, kind, half * scale)
        scene.lift(name, max(0.0, (scale - 1) * half[2]))
        return {"object": name, "hue": rounded(hue), "scale": rounded(scale), "shape": shape}

    def clear(self, world: "World") -> None:
        """The looks that the reset drew."""
        for name in world.assignment.candidates:
            for body in filter(world.scene.has_body, (name, f"{name}_cap", f"{name}_tray")):
                world.scene.revert(*_FIELDS, geoms=world.scene.geoms(body))


def _turned(rgb: np.ndarray, turns: float) -> np.ndarray:
    hue, saturation, value = colorsys.rgb_to_hsv(*rgb)
    return np.array(colorsys.hsv_to_rgb((hue + turns) % 1, saturation, value))
