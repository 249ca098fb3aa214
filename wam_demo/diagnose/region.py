"""The interaction region: the cells of the images that show what hand and things do to each other.

It comes from the simulator's segmentation and is used to measure, never as an input of a policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wam_demo.policies.tokens import TokenGrid
from wam_demo.types import IMAGE_SIZE

if TYPE_CHECKING:
    from wam_demo.sim.scene import Scene
    from wam_demo.sim.world import World

PARTS = ("gripper", "target", "goal")
"""What the interaction region consists of; not every task has a goal."""
COVER = 0.1
"""Share of a cell's pixels that must show the region for the cell to belong to it."""
GRIPPER = ("hand", "left_finger", "right_finger")

CellMap = NDArray[np.bool_]
"""(side, side) bool."""


def interaction_parts(world: World) -> dict[str, list[str]]:
    """Bodies that take part: ``gripper``, ``target`` that the instruction names, and ``goal`` where it belongs, if any.

    Of a thing with moving parts (the cap of a button, the tray and handle of a drawer) only those count.
    """
    target, goal = world.assignment.target, world.assignment.goal
    parts = {"gripper": list(GRIPPER), "target": moving_parts(world.scene, target)}
    return parts if goal is None else {**parts, "goal": moving_parts(world.scene, goal)}


def moving_parts(scene: Scene, name: str) -> list[str]:
    """Bodies attached to a body, or the body itself when there are none."""
    model, root = scene.model, scene.body(name)
    inside = {root}
    for body in range(root + 1, model.nbody):  # a parent's index is smaller than its children's
        if int(model.body_parentid[body]) in inside:
            inside.add(body)
    return [model.body(body).name for body in sorted(inside - {root})] or [name]


def interaction_region(world: World, grid: TokenGrid) -> dict[str, CellMap]:
    """The interaction region now, by camera, in cells of the policy's video tokens."""
    return shown_cells(world, [body for bodies in interaction_parts(world).values() for body in bodies], grid)


def shown_cells(world: World, bodies: Sequence[str], grid: TokenGrid) -> dict[str, CellMap]:
    """Cells that show some bodies, by camera."""
    return {camera: cells_of(world.mask(camera, bodies, IMAGE_SIZE), grid.side) for camera in grid.cameras}


def cells_of(mask: NDArray[np.bool_], side: int) -> CellMap:
    """(S, S) pixels to (side, side) cells: those of which at least `COVER` is shown."""
    step = mask.shape[0] // side
    return mask.reshape(side, step, side, step).mean((1, 3)) >= COVER


def touches(world: World) -> bool:
    """Whether the gripper is in contact with the target."""
    scene = world.scene
    hand = [scene.body(name) for name in GRIPPER]
    target = [scene.body(name) for name in moving_parts(scene, world.assignment.target)]
    pairs = scene.model.geom_bodyid[scene.data.contact.geom[: scene.data.ncon]]  # (contacts, 2)
    return bool((np.isin(pairs, hand).any(1) & np.isin(pairs, target).any(1)).any())
