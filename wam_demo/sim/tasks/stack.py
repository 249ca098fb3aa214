"""stack: put the named object on top of another named one."""

from collections.abc import Mapping

import numpy as np

from wam_demo.sim.motion import Hand, fall, grip, hand, move, retreat
from wam_demo.sim.scene import Scene
from wam_demo.sim.tasks.base import Assignment
from wam_demo.sim.tasks.grasp import carry, fetch, let_go
from wam_demo.sim.tasks.placement import OBJECTS, OBJECTS_APART_M, OBJECTS_TOUCH_M, dress_objects, stand
from wam_demo.sim.tasks.specs import TASKS
from wam_demo.types import Vector

REGION = np.array([[0.40, -0.20], [0.60, 0.18]])
"""Corners [m] of the rectangle in which objects start."""
OBJECT_GAP_M = 0.12
"""Far enough for the open gripper around any of them."""
ON_TOP_M = 0.018
"""Horizontal distance of the centres below which one object is on top of the other."""
_TOLERANCE_M, _TOUCHING_M = 0.005, 0.008


class Stack:
    """Layout, success and expert of stack."""

    spec = TASKS["stack"]
    scene = "blocks"
    region = REGION
    apart, touching, opens = OBJECTS_APART_M, OBJECTS_TOUCH_M, 0.0

    def layout(self, scene: Scene, rng: np.random.Generator) -> Assignment:
        """Three objects apart from each other; two of them are named."""
        colours, nouns = dress_objects(scene, OBJECTS, rng)
        stand(scene, OBJECTS, rng, REGION, OBJECT_GAP_M)
        target, goal = rng.permutation(OBJECTS)[:2].tolist()
        return Assignment(target, goal, colours, nouns, OBJECTS)

    def concepts(self, assignment: Assignment) -> Mapping[str, str]:
        """Colours and nouns of both objects."""
        goal = str(assignment.goal)
        return {**assignment.named(), "goal_colour": assignment.colours[goal], "goal_noun": assignment.nouns[goal]}

    def success(self, scene: Scene, assignment: Assignment) -> bool:
        """The object rests on the other one, let go."""
        distance, gap = _offset(scene, assignment)
        return distance < ON_TOP_M and abs(gap) < _TOUCHING_M and let_go(scene, assignment.target)

    def distance(self, scene: Scene, assignment: Assignment) -> float:
        """From the object to a place on top of the other one [m]."""
        distance, gap = _offset(scene, assignment)
        return float(np.hypot(max(0.0, distance - ON_TOP_M), max(0.0, abs(gap) - _TOUCHING_M)))

    def act(self, scene: Scene, assignment: Assignment) -> Vector:
        """Let go when it stands on the other one, else carry it there when it is held, else fetch it."""
        state, target = hand(scene), assignment.target
        distance, gap = _offset(scene, assignment)
        if distance < ON_TOP_M and abs(gap) < 0.004:
            return _leave(state, float(scene.position(target)[2]))
        held = grip(scene, state, target)
        action = fetch(scene, state, target)
        if held > 0:
            height = float(state.position[2]) - gap - 0.002
            offset = (scene.position(str(assignment.goal)) - scene.position(target))[:2]
            action = ((1 - held) * action + held * carry(state, offset, height, _TOLERANCE_M)).astype(np.float32)
        return action


def _offset(scene: Scene, assignment: Assignment) -> tuple[float, float]:
    """Horizontal distance of the two centres, and height [m] of the one's bottom over the other's top."""
    target, goal = assignment.target, str(assignment.goal)
    apart = scene.position(target) - scene.position(goal)
    heights = scene.half_extents(target)[2] + scene.half_extents(goal)[2]
    return float(np.hypot(*apart[:2])), float(apart[2] - heights)


def _leave(state: Hand, height: float) -> Vector:
    """Open where the object stands; once the fingers are above it, retreat."""
    above = 1 - fall(float(state.position[2]) - height, 0.03, 0.05)
    action = retreat(state)
    still = move(state, state.position + np.array([0, 0, 0.1]), state.yaw, 1.0, vertical=0.0)
    opened = fall(0.95 - state.opening, 0.05, 0.2)
    return (still + max(opened, above) * (action - still)).astype(np.float32)
