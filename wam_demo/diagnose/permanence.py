"""Object permanence in a dream: is what has left the wrist's view there again when the hand comes back?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from wam_demo.diagnose.dream import where_looked_at
from wam_demo.errors import CheckpointError, InvalidInputError
from wam_demo.policies.dreaming import Dreamer
from wam_demo.robots.dream import DreamSource, at_once
from wam_demo.sim.tasks.placement import OBJECTS
from wam_demo.types import ACTION_DIM, Image, Vector

if TYPE_CHECKING:
    from wam_demo.sim.world import World

ABOVE = np.array([-0.03, 0.0, 0.24])
"""Where the hand looks at an object from, relative to it [m]; the height is that above the table."""
ASIDE_M = 0.26
"""How far it looks away."""
APPROACH_STEPS = 60
"""Control steps on the way to it."""
STEPS = 16
"""Control steps on the way aside, and back."""
STEP_M = 0.02
"""Of a control step, at most."""
MARGIN = 0.1
"""Share of the picture at each side in which an object does not count as looked at."""
NEAR_CM = 2.0
"""An object that is dreamt closer than this to where it is, is there."""
AREAS = (0.4, 2.5)
"""Share of the pixels that it really has, from and to."""
_COLOUR = np.array([0.5, 1.0, 1.0])
_ALIKE = 40.0
"""Weighted distance in CIELAB (8 bit) below which a pixel is of an object's colour."""


@dataclass(frozen=True)
class LookAway:
    """One look away and back.

    Attributes:
        seed: Scene.
        object: Name of the body.
        there: It is dreamt within `NEAR_CM` of where it is, of its colour and of about its size.
        apart_cm: How far away its colour's middle is dreamt; ``None`` where nothing has its colour.
        area: Pixels of its colour in the dream over those in the simulator.
        pictures: Wrist views (H, W, 3): before; away, real and dreamt; back, real and dreamt.
    """

    seed: int
    object: str
    there: bool
    apart_cm: float | None
    area: float
    pictures: tuple[Image, ...]


def look_away(world: World, policy: Dreamer, seed: int) -> LookAway | None:
    """Look at an object, dream, look aside until it has left the view, and come back, in both alike.

    Returns:
        What is there; ``None`` where the arm could not reach such poses, the object was in view all the time, or it
        was not to be seen by its colour in the simulator either.

    Raises:
        InvalidInputError: There are no such objects in this task.
        CheckpointError: These weights cannot dream.
    """
    if not world.scene.has_body(OBJECTS[0]):
        raise InvalidInputError(f"{world.task} has no objects that leave the view; pick_place has")
    if policy.calibration is None:
        raise CheckpointError("these weights have no imagination model to dream with")
    world.reset(seed)
    name = OBJECTS[int(np.random.default_rng(seed).integers(len(OBJECTS)))]
    place = world.scene.data.xpos[world.scene.body(name)].copy()
    _go(world, np.array([*(place + ABOVE)[:2], ABOVE[2]]), APPROACH_STEPS, world.step)
    before, there = world.observe(), _place(world, place)
    if not ((there > MARGIN) & (there < 1 - MARGIN)).all():
        return None
    source = DreamSource(before, where_looked_at(at_once(policy)), policy.calibration)

    def both(action: Vector) -> None:
        world.step(action)
        source.apply(action)

    here = before.state[:3].astype(np.float64)
    _go(world, here - [0, ASIDE_M * np.sign(here[1] or 1.0), 0], STEPS, both)
    away, gone = (world.observe(), source.observe()), _place(world, place)
    if ((gone > -0.5 * MARGIN) & (gone < 1 + 0.5 * MARGIN)).all():
        return None
    _go(world, here, STEPS, both)
    back = (world.observe(), source.observe())
    pictures = tuple(each.images["wrist"] for each in (before, *away, *back))
    return _compared(world, place, seed, name, pictures)


def _compared(world: World, place: NDArray, seed: int, name: str, pictures: tuple[Image, ...]) -> LookAway | None:
    real, dreamt = pictures[-2:]
    column, row = (_place(world, place) * real.shape[0]).astype(int)
    near = real[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3].reshape(-1, 3)
    if not len(near):
        return None
    colour = np.median(near, 0).astype(np.uint8)
    (area, middle), (dreamt_area, dreamt_middle) = blob(real, colour), blob(dreamt, colour)
    if middle is None:
        return None
    share, apart = dreamt_area / area, None
    if dreamt_middle is not None:
        camera = world.camera_poses()["wrist"]
        width_m = 2 * camera.half * float(np.linalg.norm(camera.position - place))
        apart = 100 * width_m * float(np.linalg.norm(middle - dreamt_middle)) / real.shape[0]
    there = apart is not None and apart < NEAR_CM and AREAS[0] < share < AREAS[1]
    return LookAway(seed, name, there, apart, share, pictures)


def blob(picture: Image, colour: NDArray[np.uint8]) -> tuple[int, NDArray[np.float64] | None]:
    """Pixels and middle (column, row) of the largest connected area of a colour; 0 and ``None`` without one."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float64)
    wanted = cv2.cvtColor(colour.reshape(1, 1, 3), cv2.COLOR_RGB2LAB).astype(np.float64)
    alike = ((np.abs(lab - wanted) * _COLOUR).sum(-1) < _ALIKE).astype(np.uint8)
    count, _, areas, middles = cv2.connectedComponentsWithStats(alike)
    if count < 2:
        return 0, None
    largest = 1 + int(np.argmax(areas[1:, cv2.CC_STAT_AREA]))
    return int(areas[largest, cv2.CC_STAT_AREA]), middles[largest]


def _place(world: World, point: NDArray) -> NDArray[np.float64]:
    """(2,) where a point is in the wrist's picture, 0..1."""
    return world.project("wrist", point[None])[0]


def _go(world: World, target: NDArray, steps: int, act: Callable[[Vector], object]) -> None:
    """Steer the open hand to a point, for so many control steps."""
    for _ in range(steps):
        action = np.zeros(ACTION_DIM, np.float32)
        action[:3] = np.clip(target - world.state_vector()[:3], -STEP_M, STEP_M)
        action[-1] = 1.0
        act(action)


def looks_away(
    world: World, policy: Dreamer, seeds: Sequence[int], on_scene: Callable[[], None] = lambda: None
) -> list[LookAway]:
    """Those of the scenes in which an object left the view."""
    found = []
    for seed in seeds:
        looked = look_away(world, policy, seed)
        if looked is not None:
            found.append(looked)
        on_scene()
    return found
