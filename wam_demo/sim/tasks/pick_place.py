"""pick_place: put the named coloured object into the bowl."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.motion import grip, hand, retreat
from wam_demo.sim.scene import Scene
from wam_demo.sim.tasks.base import Assignment
from wam_demo.sim.tasks.grasp import carry, fetch, let_go
from wam_demo.sim.tasks.placement import OBJECTS, OBJECTS_APART_M, OBJECTS_TOUCH_M, dress_objects, stand
from wam_demo.sim.tasks.specs import TASKS
from wam_demo.types import Vector

REGION = np.array([[0.40, -0.21], [0.60, 0.06]])
"""Corners [m] of the rectangle in which objects start."""
BOWL = np.array([0.50, 0.20])
BOWL_SPREAD_M = 0.03
OBJECT_GAP_M = 0.09
BOWL_GAP_M = 0.145
BOWL_RADIUS_M = 0.055
"""An object whose centre is closer than this to the bowl's is in it."""

_RELEASE_Z, _TOLERANCE_M = 0.065, 0.014


class PickPlace:
    """Layout, success and expert of pick_place."""

    spec = TASKS["pick_place"]
    scene = "pick_place"
    region = REGION
    apart, touching, opens = OBJECTS_APART_M, OBJECTS_TOUCH_M, 0.0

    def layout(self, scene: Scene, rng: np.random.Generator) -> Assignment:
        """Bowl within 3 cm of its place, three objects apart from it and from each other."""
        bowl = BOWL + rng.uniform(-BOWL_SPREAD_M, BOWL_SPREAD_M, 2)
        scene.place("bowl", np.array([*bowl, 0.0]))
        colours, nouns = dress_objects(scene, OBJECTS, rng)
        stand(scene, OBJECTS, rng, REGION, OBJECT_GAP_M, [(bowl, BOWL_GAP_M)])
        return Assignment(str(rng.choice(OBJECTS)), "bowl", colours, nouns, OBJECTS)

    def concepts(self, assignment: Assignment) -> Mapping[str, str]:
        """Colour and noun of the target, and the bowl."""
        return {**assignment.named(), "container": "bowl"}

    def success(self, scene: Scene, assignment: Assignment) -> bool:
        """The object lies in the bowl, let go and at rest."""
        return _in_bowl(scene, assignment) and let_go(scene, assignment.target)

    def distance(self, scene: Scene, assignment: Assignment) -> float:
        """From the object to the inside of the bowl [m]."""
        offset = scene.position(assignment.target) - scene.position("bowl")
        beside = max(0.0, float(np.hypot(*offset[:2])) - BOWL_RADIUS_M)
        return float(np.hypot(beside, max(0.0, offset[2] - _low(scene, assignment.target))))

    def act(self, scene: Scene, assignment: Assignment) -> Vector:
        """Retreat when it is in the bowl, else carry it when it is held, else fetch it."""
        state = hand(scene)
        if _in_bowl(scene, assignment):
            return retreat(state)
        held = grip(scene, state, assignment.target)
        action = fetch(scene, state, assignment.target)
        if held > 0:
            offset = (scene.position("bowl") - scene.position(assignment.target))[:2]
            carried = carry(state, offset, _RELEASE_Z, _TOLERANCE_M)
            action = ((1 - held) * action + held * carried).astype(np.float32)
        return action


def _in_bowl(scene: Scene, assignment: Assignment) -> bool:
    """Inside the rim and low, or let go above it."""
    position: NDArray = scene.position(assignment.target)
    above = np.hypot(*(position - scene.position("bowl"))[:2]) < BOWL_RADIUS_M
    low = position[2] < _low(scene, assignment.target)
    falling = position[2] < 0.12 and grip(scene, hand(scene), assignment.target) == 0
    return bool(above and (low or falling))


def _low(scene: Scene, name: str) -> float:
    """Height [m] of its centre below which an object over the bowl lies in it."""
    return float(scene.half_extents(name).max()) + 0.02
