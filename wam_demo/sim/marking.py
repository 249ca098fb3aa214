"""Patterns on an object, drawn by the renderer only: the physics knows nothing of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from wam_demo.sim.scene import geom_half_extents, geom_size

PATTERNS: Mapping[str, Sequence[tuple[float, float]]] = {
    "rings": ((-0.5, 0.15), (0.5, 0.15)),
    "belt": ((0.0, 0.3),),
    "cap": ((0.7, 0.3),),
}
"""Pattern -> its stripes around the object: height of the middle and half the width, in half heights of the object."""
_PROUD_M = 0.0012
"""How far a stripe stands out of the surface [m]; less would flicker."""


@dataclass(frozen=True)
class Marking:
    """Stripes around one geom.

    Attributes:
        geom: Index of the geom; a box or an upright cylinder.
        pattern: A key of `PATTERNS`.
        rgb: Of the stripes, 0..1.
    """

    geom: int
    pattern: str
    rgb: tuple[float, float, float]

    def draw(self, model: mujoco.MjModel, data: mujoco.MjData, shown: mujoco.MjvScene) -> None:
        """Add the stripes to what a renderer is about to show."""
        rotation = data.geom_xmat[self.geom].reshape(3, 3)
        shape, half = int(model.geom_type[self.geom]), geom_half_extents(model, self.geom)
        for middle, width in PATTERNS[self.pattern]:
            position = data.geom_xpos[self.geom] + rotation[:, 2] * middle * half[2]
            size = geom_size(shape, half * (1, 1, width) + _PROUD_M)
            stripe = shown.geoms[shown.ngeom]
            mujoco.mjv_initGeom(stripe, shape, size, position, rotation.ravel(), np.array([*self.rgb, 1], np.float32))
            shown.ngeom += 1
