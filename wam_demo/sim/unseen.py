"""Sets up the scenes of the three unseen settings, see `wam_demo.sim.suites`.

A part changes nothing but its one factor: scene, start and instruction are those of the seed in both, but for the words
of an unseen object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.colours import CONFOUNDER_COLOURS
from wam_demo.sim.language import SYNONYMS
from wam_demo.sim.perturb import sample
from wam_demo.sim.perturb.spots import clearance, occupied
from wam_demo.sim.regions import BOUNDARY_Y_M, MARGIN_M, Region, stands_in

if TYPE_CHECKING:
    from wam_demo.sim.world import World

BACKGROUND_SEVERITY = 3
"""Of the ``background`` axis: a table of another material."""
SHAPES: Mapping[str, tuple[str, tuple[float, float, float]]] = {
    "slab": ("box", (0.03, 0.03, 0.019)),
    "post": ("box", (0.017, 0.017, 0.032)),
    "disc": ("cylinder", (0.031, 0.031, 0.018)),
    "rod": ("cylinder", (0.016, 0.016, 0.032)),
}
"""Noun to shape and half extents [m] of objects that no demonstration holds: those are 4.5 cm wide and 5 cm
tall, and vary by a quarter at most."""
GAP_M = 0.09
"""Free room around a thing that is put elsewhere."""
DRAWS = 400


def set_up(world: World, part: str) -> None:
    """Make a world that was just drawn a scene of a part; the same seed gives the same scene.

    Args:
        world: At its start.
        part: One of `wam_demo.sim.suites.PARTS`.
    """
    _SET_UP[part](world, np.random.default_rng([abs(world.seed), 41]))


def _as_drawn(world: World, rng: np.random.Generator) -> None:
    """The seed's scene is one that training shows."""


def _background(world: World, rng: np.random.Generator) -> None:
    world.apply(sample("background", BACKGROUND_SEVERITY, world.seed, world))


def _in_training(world: World, rng: np.random.Generator) -> None:
    _goal(world, rng)
    _stand(world, world.assignment.target, "training", rng)


def _in_held_out(world: World, rng: np.random.Generator) -> None:
    _goal(world, rng)
    _stand(world, world.assignment.target, "held-out", rng)


def _goal(world: World, rng: np.random.Generator) -> None:
    """A goal that is an object of the task stands in the training region in both parts."""
    if world.assignment.goal in world.assignment.candidates:
        _stand(world, str(world.assignment.goal), "training", rng)


def _stand(world: World, name: str, region: Region, rng: np.random.Generator) -> None:
    """Have a thing stand in a region: it stays, changes places with one that stands there, or goes to a free spot."""
    scene, roles = world.scene, (world.assignment.target, world.assignment.goal)
    place = scene.position(name)[:2].copy()
    if stands_in(region, place):
        return
    there = [other for other in world.assignment.candidates if other not in roles]
    there = [other for other in there if stands_in(region, scene.position(other))]
    if there:
        offset = scene.position(there[0])[:2] - place
        scene.slide(there[0], -offset)
        scene.slide(name, offset)
    else:
        scene.slide(name, _free(world, name, place, region, rng) - place)


def _free(
    world: World, name: str, place: NDArray[np.float64], region: Region, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(2,) the nearest place of a region, else a random one of the task's that is free, else the freest."""
    low, high = world.logic.region.copy()
    if region == "training":
        low[1] = BOUNDARY_Y_M + MARGIN_M
    else:
        high[1] = BOUNDARY_Y_M - MARGIN_M
    taken = occupied(world, but=name)
    points = [np.clip(place, low, high), *(rng.uniform(low, high) for _ in range(DRAWS))]
    free = (point for point in points if clearance(point, taken) >= GAP_M)
    return next(free, max(points, key=lambda point: clearance(point, taken)))


def _new_object(world: World, rng: np.random.Generator) -> None:
    """The target has a colour that no demonstration names, and if it is movable a shape of `SHAPES`."""
    scene, target = world.scene, world.assignment.target
    colour = str(rng.choice(list(CONFOUNDER_COLOURS)))
    scene.paint(_painted(world), np.array(CONFOUNDER_COLOURS[colour]))
    words = {slot: SYNONYMS[concept][0] for slot, concept in world.logic.concepts(world.assignment).items()}
    words["colour"] = colour
    if scene.is_free(target):
        words["a_noun"] = str(rng.choice(list(SHAPES)))
        shape, half = SHAPES[words["a_noun"]]
        height = float(scene.half_extents(target)[2])
        scene.reshape(target, shape, np.array(half))
        scene.lift(target, half[2] - height)
    scene.settle()
    world.instruction = str(rng.choice(world.logic.spec.templates)).format(**words)


def _painted(world: World) -> str:
    """The body that has the target's colour."""
    target = world.assignment.target
    return next(body for body in (f"{target}_cap", f"{target}_tray", target) if world.scene.has_body(body))


_SET_UP: Mapping[str, Callable[[World, np.random.Generator], None]] = {
    "seen-background": _as_drawn,
    "unseen-background": _background,
    "seen-position": _in_training,
    "unseen-position": _in_held_out,
    "seen-object": _as_drawn,
    "unseen-object": _new_object,
}
