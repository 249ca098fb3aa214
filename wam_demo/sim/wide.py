"""Wide demonstrations: the training scene in other rooms, under other camera mounts, with other looks, in other words.

The evaluation's axes vary the same things, but the ranges, the draws and the words are apart. Who is trained on these
meets `camera`, `hand_eye`, `light`, `background`, `object_look` and part of `language` in distribution.
"""

from typing import TYPE_CHECKING

import numpy as np

from wam_demo.sim.cameras import displace
from wam_demo.sim.perturb.object_look import ObjectLook, dressed
from wam_demo.sim.room import furnish
from wam_demo.sim.wide_words import say

if TYPE_CHECKING:
    from wam_demo.sim.world import World

PLAIN = 0.2
"""Probability that the room, a mount or a thing's look stays as in the training scene: that stays in distribution."""
SHIFT_M, TURN_RAD = {"front": 0.045, "wrist": 0.03}, {"front": 0.035, "wrist": 0.035}
"""Standard deviations, by axis, of how a camera is mounted."""
LARGEST_SHIFT_M = 0.14


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
