"""The split of the table: where actions are labelled, and where they never are.

Everything that speaks of the split (demonstrations, training, evaluation) asks here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from wam_demo.sim.world import World

Region = Literal["whole", "training", "held-out"]
REGIONS: tuple[Region, ...] = get_args(Region)

BOUNDARY_Y_M = -0.07
"""The held-out region is the robot's right side of the table: y below this [m], base frame. Both sides are convex, so
the way from one place of a side to another stays on it."""
MARGIN_M = 0.02
"""What is named stands at least this far from the boundary, so that no hand over it crosses."""
ATTEMPTS = 1000
SEED_STRIDE = 10**9
"""Between the seeds that are tried for one episode; further than any two episodes are apart."""


def held_out(points: NDArray) -> NDArray[np.bool_]:
    """Whether points (..., 2 or 3) [m] lie in the held-out region."""
    return np.asarray(points)[..., 1] < BOUNDARY_Y_M


def stands_in(region: Region, points: NDArray) -> bool:
    """Whether all things at points (..., 2 or 3) [m] stand in a region, clear of its boundary."""
    y = np.asarray(points)[..., 1]
    if region == "whole":
        return True
    return bool((y >= BOUNDARY_Y_M + MARGIN_M if region == "training" else y <= BOUNDARY_Y_M - MARGIN_M).all())


def labels_in_training(states: NDArray, chunks: NDArray, episode: NDArray) -> NDArray[np.bool_]:
    """Frames that may be learned from: those of episodes that never leave the training region.

    An episode counts as leaving it when the TCP of one of its frames is held out, or when one of its labels would take
    it there; so the way towards a held-out object is no label either.

    Args:
        states: (N, 17), see `Observation.state`.
        chunks: (N, 16, 7) labels.
        episode: (N,) episode of each frame.

    Returns:
        (N,) bool.
    """
    path = states[:, None, :3] + np.concatenate([np.zeros_like(chunks[:, :1, :3]), chunks[..., :3].cumsum(1)], 1)
    return ~np.isin(episode, np.unique(episode[held_out(path).any(1)]))


def draw_in(world: World, seed: int, region: Region) -> None:
    """`World.draw` with the first scene from this seed on whose target (and goal) stand in a region.

    Args:
        world: Is reset.
        seed: Of the episode; scene and words follow from it and the region alone.
        region: ``held-out``: the target stands there, wherever it belongs.

    Raises:
        ValueError: There is no such scene.
    """
    if region == "whole":
        world.draw(seed)
        return
    for attempt in range(ATTEMPTS):
        world.draw(seed + attempt * SEED_STRIDE)
        if stands_in(region, named_points(world, goal=region == "training")):
            return
    raise ValueError(f"no scene of {world.task} has its target in the region {region!r}")


def named_points(world: World, *, goal: bool) -> NDArray[np.float64]:
    """(1 or 2, 3) where the target stands [m], and with ``goal`` where it belongs, if the task has such a thing."""
    names = [world.assignment.target, *([world.assignment.goal] if goal and world.assignment.goal else [])]
    return np.stack([world.scene.position(name) for name in names])
