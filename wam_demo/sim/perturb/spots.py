"""Free places on the table."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.perturb.base import DisturbedWorld

DROP_BOX = np.array([[0.33, -0.26], [0.66, 0.28]])
"""Corners [m] of what the front camera sees of the table."""
HAND_M = 0.07


def occupied(world: DisturbedWorld, but: str | None = None) -> list[NDArray[np.float64]]:
    """(2,) places [m] of everything that stands on the table, except one body."""
    names = [name for name in world.scene.things() if name != but]
    return [world.scene.position(name)[:2] for name in names if world.scene.is_present(name)]


def clearance(point: NDArray, places: Sequence[NDArray]) -> float:
    """Distance [m] from a point to the nearest place."""
    return min((float(np.linalg.norm(point - place)) for place in places), default=np.inf)


def free_spot(
    world: DisturbedWorld, rng: np.random.Generator, box: NDArray, gap: float, taken: Sequence[NDArray] = ()
) -> NDArray[np.float64]:
    """The first of 200 random points that is ``gap`` away from everything, else the freest of them."""
    places = [*occupied(world), *taken]
    points = [rng.uniform(*box) for _ in range(200)]
    good = (point for point in points if clearance(point, places) >= gap)
    return next(good, max(points, key=lambda point: clearance(point, places)))


def displaced(
    world: DisturbedWorld, rng: np.random.Generator, name: str, distance: float, gap: float
) -> NDArray[np.float64]:
    """(2,) offset [m] of a given length that takes a body to a free place, or to the freest on that circle."""
    start, places = world.scene.position(name)[:2], occupied(world, but=name)
    angles = rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi, 24, endpoint=False)
    offsets = [distance * np.array([np.cos(angle), np.sin(angle)]) for angle in angles]

    def score(offset: NDArray) -> float:
        end = start + offset
        outside = float(np.abs(end - np.clip(end, *DROP_BOX)).sum())
        return min(gap, clearance(end, places)) - 10 * outside

    return max(offsets, key=score)
