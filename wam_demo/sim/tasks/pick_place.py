"""pick_place: put the named coloured object into the bowl."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.motion import Hand, fall, grasp_yaw, grip, hand, mix, move, retreat, rise
from wam_demo.sim.scene import Scene
from wam_demo.sim.tasks.base import Assignment
from wam_demo.sim.tasks.placement import OBJECTS, dress_objects, scatter
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

_TRANSIT_Z = 0.14
_CARRY_Z = 0.135
_RELEASE_Z = 0.065


class PickPlace:
    """Layout, success and expert of pick_place."""

    spec = TASKS["pick_place"]
    scene = "pick_place"
    region = REGION

    def layout(self, scene: Scene, rng: np.random.Generator) -> Assignment:
        """Bowl within 3 cm of its place, three objects apart from it and from each other."""
        bowl = BOWL + rng.uniform(-BOWL_SPREAD_M, BOWL_SPREAD_M, 2)
        scene.place("bowl", np.array([*bowl, 0.0]))
        colours, nouns = dress_objects(scene, OBJECTS, rng)
        points = scatter(rng, len(OBJECTS), REGION, OBJECT_GAP_M, [(bowl, BOWL_GAP_M)])
        for name, point in zip(OBJECTS, points, strict=True):
            height = scene.half_extents(name)[2]
            scene.place(name, np.array([*point, height]), rng.uniform(-0.4, 0.4))
        return Assignment(str(rng.choice(OBJECTS)), "bowl", colours, nouns, OBJECTS)

    def concepts(self, assignment: Assignment) -> Mapping[str, str]:
        """Colour and noun of the target, and the bowl."""
        return {
            "colour": assignment.colours[assignment.target],
            "a_noun": assignment.nouns[assignment.target],
            "container": "bowl",
        }

    def success(self, scene: Scene, assignment: Assignment) -> bool:
        """The object lies in the bowl, let go and at rest."""
        state = hand(scene)
        apart = np.linalg.norm(scene.position(assignment.target) - state.position) > 0.05 or state.opening > 0.75
        resting = np.linalg.norm(scene.velocity(assignment.target)) < 0.1
        return bool(_in_bowl(scene, assignment) and apart and resting)

    def act(self, scene: Scene, assignment: Assignment) -> Vector:
        """Retreat when it is in the bowl, else carry it when it is held, else fetch it."""
        state = hand(scene)
        if _in_bowl(scene, assignment):
            return retreat(state)
        held = grip(scene, state, assignment.target)
        action = fetch(scene, state, assignment.target)
        if held > 0:
            carried = _carry(scene, state, assignment)
            action = ((1 - held) * action + held * carried).astype(np.float32)
        return action


def fetch(scene: Scene, state: Hand, name: str) -> Vector:
    """Approach an object through a funnel, aligned with its faces, and close on it.

    The wanted height falls with the horizontal distance; a gripper that is low beside the object,
    or not open, rises before it travels.
    """
    centre, yaw = scene.position(name), grasp_yaw(scene, name)
    distance = float(np.hypot(*(centre - state.position)[:2]))
    turn = abs(yaw - state.yaw)
    low = max(0.02, float(centre[2]) - 0.003)
    clear = low + 0.055
    error = distance + 0.05 * max(0.0, turn - 0.1)
    height = low + (clear - low) * rise(error, 0.006, 0.016) + (_TRANSIT_Z - 0.077) * rise(error, 0.015, 0.10)
    near = fall(distance, 0.012, 0.018) * fall(abs(float(state.position[2]) - low), 0.014, 0.024)
    shut = fall(state.opening, 0.72, 0.9) * (1 - near)
    height = mix(height, max(height, clear), shut)
    close = fall(distance, 0.008, 0.013) * fall(float(state.position[2]) - low, 0.007, 0.014) * fall(turn, 0.15, 0.3)
    travel = max(near, fall(min(height, clear) - float(state.position[2]), 0.008, 0.03))
    target = np.array([*centre[:2], height])
    return move(state, target, yaw, 1 - close, horizontal=travel)


def _carry(scene: Scene, state: Hand, assignment: Assignment) -> Vector:
    """Lift, travel above the other objects, lower over the bowl, let go."""
    offset = (scene.position("bowl") - scene.position(assignment.target))[:2]
    distance, z = float(np.hypot(*offset)), float(state.position[2])
    height = mix(_RELEASE_Z, _CARRY_Z, rise(distance, 0.012, 0.05))
    over = fall(distance, 0.05, 0.06)
    travel = max(over, rise(z, 0.065, 0.105))
    release = fall(distance, 0.014, 0.026) * fall(z - _RELEASE_Z, 0.008, 0.02)
    target = np.array([*(state.position[:2] + offset), height])
    return move(state, target, 0.0, release, horizontal=travel)


def _in_bowl(scene: Scene, assignment: Assignment) -> bool:
    """Inside the rim and low, or let go above it."""
    position: NDArray = scene.position(assignment.target)
    above = np.hypot(*(position - scene.position("bowl"))[:2]) < BOWL_RADIUS_M
    low = position[2] < scene.half_extents(assignment.target).max() + 0.02
    falling = position[2] < 0.12 and grip(scene, hand(scene), assignment.target) == 0
    return bool(above and (low or falling))
