"""Drawing the looks and places of objects."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.colours import COLOURS
from wam_demo.sim.scene import Scene

OBJECTS = ("object0", "object1", "object2")
"""Bodies of the movable objects in scenes that have them."""
OBJECT_HALF_M = np.array([0.0225, 0.0225, 0.025])
"""Half extents [m] of every movable object: 4.5 cm wide, 5 cm tall."""
OBJECTS_APART_M = 0.09
"""Between the middles of two objects, so that the open gripper finds room."""
OBJECTS_TOUCH_M = 0.06
"""Two objects whose middles are nearer than this may overlap."""
YAW_RAD = 0.4


def dress_objects(
    scene: Scene, names: Sequence[str], rng: np.random.Generator
) -> tuple[dict[str, str], dict[str, str]]:
    """Give objects distinct colours and a random shape; returns colour and noun by body."""
    colours = dict(zip(names, rng.permutation(list(COLOURS)).tolist(), strict=False))
    nouns = {name: str(rng.choice(["cube", "cylinder"])) for name in names}
    for name in names:
        scene.paint(name, np.array(COLOURS[colours[name]]))
        scene.reshape(name, "box" if nouns[name] == "cube" else "cylinder", OBJECT_HALF_M)
    return colours, nouns


def stand(
    scene: Scene,
    names: Sequence[str],
    rng: np.random.Generator,
    region: NDArray,
    gap: float,
    keep_away: Sequence[tuple[NDArray, float]] = (),
) -> None:
    """Stand objects upright at random points of a rectangle, turned by up to `YAW_RAD`; see `scatter`."""
    points = scatter(rng, len(names), region, gap, keep_away)
    for name, point in zip(names, points, strict=True):
        height = scene.half_extents(name)[2]
        scene.place(name, np.array([*point, height]), rng.uniform(-YAW_RAD, YAW_RAD))


def scatter(
    rng: np.random.Generator,
    count: int,
    region: NDArray,
    gap: float,
    keep_away: Sequence[tuple[NDArray, float]] = (),
    attempts: int = 2000,
) -> list[NDArray]:
    """Random points [m] in a rectangle, ``gap`` apart and away from given (point, radius) discs.

    Args:
        rng: Draws the points.
        count: Number of points.
        region: (2, 2) lower and upper corner.
        gap: Least distance between two points.
        keep_away: Discs that no point may lie in.
        attempts: Draws of a whole set before giving up.

    Raises:
        ValueError: The rectangle is too small for these gaps.
    """
    for _ in range(attempts):
        points = [rng.uniform(*region) for _ in range(count)]
        apart = all(np.linalg.norm(a - b) >= gap for i, a in enumerate(points) for b in points[:i])
        free = all(np.linalg.norm(p - c) >= radius for p in points for c, radius in keep_away)
        if apart and free:
            return points
    raise ValueError(f"no room for {count} points {gap} m apart in {region.tolist()}")
