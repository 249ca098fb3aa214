"""Semantic classes of what a pixel shows."""

import mujoco
import numpy as np
from numpy.typing import NDArray

SEGMENTS = ("background", "table", "arm", "gripper", "object", "container", "zone", "button", "drawer")
"""Class names; a class's id is its index."""

_PREFIXES = {
    "table": "table",
    "link": "arm",
    "hand": "gripper",
    "left": "gripper",
    "right": "gripper",
    "object": "object",
    "distractor": "object",
    "bowl": "container",
    "zone": "zone",
    "button": "button",
    "drawer": "drawer",
}


def segment_of(name: str) -> int:
    """Class id of a geom or body by its name's prefix; unknown names are background."""
    for prefix, segment in _PREFIXES.items():
        if name.startswith(prefix):
            return SEGMENTS.index(segment)
    return 0


def segment_table(model: mujoco.MjModel) -> NDArray[np.int32]:
    """(ngeom + 1,) int32 class id by geom id + 1; entry 0 is what shows no geom."""
    table = np.zeros(model.ngeom + 1, np.int32)
    for geom in range(model.ngeom):
        table[geom + 1] = segment_of(model.geom(geom).name)
    return table
