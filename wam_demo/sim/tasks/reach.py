"""reach: hold the closed fingers just above the named coloured object."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.motion import fall, hand, move, rise
from wam_demo.sim.scene import Scene
from wam_demo.sim.tasks.base import Assignment
from wam_demo.sim.tasks.placement import OBJECTS, OBJECTS_APART_M, OBJECTS_TOUCH_M, dress_objects, stand
from wam_demo.sim.tasks.specs import TASKS
from wam_demo.types import Vector

REGION = np.array([[0.40, -0.21], [0.60, 0.20]])
"""Corners [m] of the rectangle in which objects start."""
OBJECT_GAP_M = 0.10
HOVER_M = 0.026
"""The TCP hovers this far above the object's top: the finger tips 17 mm."""
TOLERANCE_M = 0.02
_TRANSIT_Z = 0.14


class Reach:
    """Layout, success and expert of reach."""

    spec = TASKS["reach"]
    scene = "blocks"
    region = REGION
    apart, touching, opens = OBJECTS_APART_M, OBJECTS_TOUCH_M, 0.0

    def layout(self, scene: Scene, rng: np.random.Generator) -> Assignment:
        """Three objects apart from each other."""
        colours, nouns = dress_objects(scene, OBJECTS, rng)
        stand(scene, OBJECTS, rng, REGION, OBJECT_GAP_M)
        return Assignment(str(rng.choice(OBJECTS)), None, colours, nouns, OBJECTS)

    def concepts(self, assignment: Assignment) -> Mapping[str, str]:
        """Colour and noun of the target."""
        return assignment.named()

    def success(self, scene: Scene, assignment: Assignment) -> bool:
        """The TCP is at the hovering point."""
        return _error(scene, assignment.target) < TOLERANCE_M

    def distance(self, scene: Scene, assignment: Assignment) -> float:
        """From the TCP to the ball about the hovering point [m]."""
        return max(0.0, _error(scene, assignment.target) - TOLERANCE_M)

    def act(self, scene: Scene, assignment: Assignment) -> Vector:
        """Through a funnel to the hovering point, then stay."""
        state, point = hand(scene), _hover(scene, assignment.target)
        distance = float(np.hypot(*(point - state.position)[:2]))
        height = point[2] + (_TRANSIT_Z - point[2]) * rise(distance, 0.01, 0.10)
        travel = max(fall(distance, 0.02, 0.03), fall(float(point[2] - state.position[2]), 0.004, 0.02))
        return move(state, np.array([*point[:2], height]), 0.0, 0.0, horizontal=travel)


def _error(scene: Scene, name: str) -> float:
    return float(np.linalg.norm(hand(scene).position - _hover(scene, name)))


def _hover(scene: Scene, name: str) -> NDArray[np.float64]:
    return scene.position(name) + np.array([0, 0, scene.half_extents(name)[2] + HOVER_M])
