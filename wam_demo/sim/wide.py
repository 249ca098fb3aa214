"""Wide demonstrations: the training scene in other rooms, under other camera mounts, with other looks, in other words.

The evaluation's axes vary the same things, but the ranges, the draws and the words are apart. Who is trained on these
meets `camera`, `hand_eye`, `light`, `background`, `object_look` and part of `language` in distribution; where things
stand far (`scatter_far`), `layout` in kind too; where images are degraded, `noise` in kind.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.cameras import displace
from wam_demo.sim.degradation import Degradation
from wam_demo.sim.perturb.distractor import POOL
from wam_demo.sim.perturb.layout import Layout
from wam_demo.sim.perturb.object_look import ObjectLook, dressed
from wam_demo.sim.perturb.spots import DROP_BOX, clearance, free_spot, occupied
from wam_demo.sim.room import furnish
from wam_demo.sim.wide_words import say

if TYPE_CHECKING:
    from wam_demo.sim.world import World

Scenery = Literal["plain", "rooms", "wide", "far", "degraded"]
PLAIN = 0.2
"""Probability that the room, a mount or a thing's look stays as in the training scene: that stays in distribution."""
SHIFT_M, TURN_RAD = {"front": 0.045, "wrist": 0.03}, {"front": 0.035, "wrist": 0.035}
"""Standard deviations, by axis, of how a camera is mounted."""
LARGEST_SHIFT_M = 0.14
MOVED = 0.5
"""How often each thing that may be named stands elsewhere in far scenes."""
BEYOND_M = 0.10
"""How far beyond the edges of the task's region that may be."""
BYSTANDERS = {
    "brown": [0.42, 0.24, 0.10],
    "lime": [0.62, 0.85, 0.20],
    "teal": [0.05, 0.45, 0.45],
    "indigo": [0.25, 0.15, 0.50],
    "magenta": [0.85, 0.10, 0.60],
    "salmon": [0.95, 0.55, 0.45],
    "white": [0.92, 0.92, 0.92],
    "grey": [0.45, 0.45, 0.45],
    "black": [0.08, 0.08, 0.08],
}
"""RGB 0..1 of things that nobody names in far scenes; none is of `CONFOUNDER_COLOURS`, which evaluations use."""
MOST_BYSTANDERS = 4
APART_M, FROM_GOAL_M = 0.10, 0.145
"""Between any two things, and a thing and a goal, at least."""


def vary(world: "World", seed: int, scenery: Scenery) -> np.random.Generator:
    """Vary a world that was just drawn, from the episode's seed; returns what its words are drawn from later on.

    Args:
        world: What has to be done stays what it was.
        seed: Of the episode.
        scenery: ``plain``: nothing; ``rooms``: the room (`furnish`); ``wide``: everything (`widen`); ``far``: where
            things stand as well (`scatter_far`); ``degraded``: what the cameras deliver as well (`Degradation`).
    """
    looks = np.random.default_rng([seed, 31])
    if scenery in ("far", "degraded"):
        scatter_far(world, np.random.default_rng([seed, 43]))
    if scenery == "rooms":
        furnish(world, looks)
    elif scenery != "plain":
        widen(world, looks)
    if scenery == "degraded":
        camera = Degradation.draw(np.random.default_rng([seed, 47]))
        world.effects = replace(world.effects, blur=camera)
    return looks


def widen(world: "World", rng: np.random.Generator) -> None:
    """Vary a world that was just drawn; what has to be done stays what it was."""
    if rng.random() > PLAIN:
        furnish(world, rng, mounts=False)
    for camera, shift in SHIFT_M.items():
        if rng.random() > PLAIN:
            offset = np.clip(rng.normal(0, shift, 3), -LARGEST_SHIFT_M, LARGEST_SHIFT_M)
            displace(world.scene.model, camera, offset, rng.normal(0, TURN_RAD[camera], 3))
    for name in dressed(world.scene):
        if rng.random() > PLAIN:
            _dress(world, name, rng)
    world.scene.touch()
    world.scene.refresh()
    reword(world, rng)


def scatter_far(world: "World", rng: np.random.Generator) -> None:
    """Stand things that may be named in places where the task never puts them, between others that nobody names.

    What has to be done stays what it was. A thing for which no free place is found stays where it is.
    """
    logic, scene = world.logic, world.scene
    low, high = np.clip(logic.region + np.array([[-BEYOND_M], [BEYOND_M]]), *DROP_BOX)
    gap, goal = max(APART_M, logic.apart), world.assignment.goal
    for name in world.assignment.candidates:
        if rng.random() > MOVED:
            continue
        places = occupied(world, but=name)
        for point in rng.uniform(low, high, (60, 2)):
            from_goal = np.inf if goal in (None, name) else np.linalg.norm(point - scene.position(goal)[:2])
            if clearance(point, places) >= gap and from_goal >= FROM_GOAL_M:
                scene.slide(name, point - scene.position(name)[:2])
                break
    scene.refresh()
    _add_bystanders(world, rng)


def _add_bystanders(world: "World", rng: np.random.Generator) -> None:
    """Put up to `MOST_BYSTANDERS` objects on the table that look like others in colours that nobody names."""
    axis = Layout()
    taken: list[NDArray[np.float64]] = []
    bystanders: list[dict[str, object]] = []
    for index in range(int(rng.integers(MOST_BYSTANDERS + 1))):
        spot = free_spot(world, rng, DROP_BOX, APART_M, taken)
        taken.append(spot)
        look = {"shape": str(rng.choice(["box", "cylinder"])), "rgb": BYSTANDERS[str(rng.choice(list(BYSTANDERS)))]}
        bystanders.append({"object": POOL[-1 - index], "position": spot.tolist(), **look})
    axis.apply(axis.check({"confounders": bystanders, "target": None}, world.scene), world)
    world.scene.settle()


def reword(world: "World", rng: np.random.Generator) -> None:
    """Say what has to be done in one of many ways."""
    world.instruction = say(world.logic.spec.name, world.logic.concepts(world.assignment), rng)


def _dress(world: "World", name: str, rng: np.random.Generator) -> None:
    """Another shade that the colour's word still fits, another size."""
    axis = ObjectLook()
    look = {
        "object": name,
        "hue_deg": float(rng.normal(0, 7)),
        "lightness": float(rng.normal(0, 10)),
        "chroma": float(rng.uniform(0.6, 1.1)),
        "scale": float(rng.uniform(0.78, 1.22)),
        "stretch": float(rng.uniform(0.86, 1.14)),
    }
    axis.apply(axis.check(look, world.scene), world)
    world.scene.settle()  # the axis goes back to the reset's looks before each change: take this one as such
