"""push: push the named coloured object into the marked zone."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.motion import Hand, fall, half_width, hand, mix, move, retreat, rise
from wam_demo.sim.rotation import wrap
from wam_demo.sim.scene import Scene
from wam_demo.sim.tasks.base import Assignment
from wam_demo.sim.tasks.placement import OBJECTS, OBJECTS_APART_M, OBJECTS_TOUCH_M, dress_objects, stand
from wam_demo.sim.tasks.specs import TASKS
from wam_demo.types import Vector

REGION = np.array([[0.40, -0.17], [0.47, 0.17]])
"""Corners [m] of the rectangle in which objects start."""
ZONE = np.array([0.60, 0.0])
ZONE_SPREAD_M = np.array([0.015, 0.06])
ZONE_HALF_M = np.array([0.06, 0.10])
"""Half size [m] of the marked rectangle."""
OBJECT_GAP_M = 0.11

_INSIDE_M = ZONE_HALF_M - 0.01
_RAKE_OPENING = 0.25
_RAKE_HALF_M = 0.010
_LOW_Z, _CLEAR_Z, _TRANSIT_Z = 0.02, 0.082, 0.13
_PUSH_STEP_M = 0.02


class Push:
    """Layout, success and expert of push."""

    spec = TASKS["push"]
    scene = "push"
    region = REGION
    apart, touching, opens = OBJECTS_APART_M, OBJECTS_TOUCH_M, 0.0

    def layout(self, scene: Scene, rng: np.random.Generator) -> Assignment:
        """A zone away from the robot, three objects on the robot's side of it."""
        zone = ZONE + rng.uniform(-ZONE_SPREAD_M, ZONE_SPREAD_M)
        scene.place("zone", np.array([*zone, 0.0]))
        colours, nouns = dress_objects(scene, OBJECTS, rng)
        stand(scene, OBJECTS, rng, REGION, OBJECT_GAP_M)
        return Assignment(str(rng.choice(OBJECTS)), "zone", colours, nouns, OBJECTS)

    def concepts(self, assignment: Assignment) -> Mapping[str, str]:
        """Colour and noun of the target, and the zone."""
        return {**assignment.named(), "area": "zone"}

    def success(self, scene: Scene, assignment: Assignment) -> bool:
        """The object stands in the zone, at rest on the table."""
        offset = scene.position(assignment.target) - scene.position("zone")
        inside = (np.abs(offset[:2]) < _INSIDE_M).all()
        resting = np.linalg.norm(scene.velocity(assignment.target)) < 0.1
        return bool(inside and resting and offset[2] < 0.05)

    def distance(self, scene: Scene, assignment: Assignment) -> float:
        """From the object to the inner part of the zone [m], on the table."""
        offset = (scene.position(assignment.target) - scene.position("zone"))[:2]
        return float(np.linalg.norm(np.maximum(0.0, np.abs(offset) - _INSIDE_M)))

    def act(self, scene: Scene, assignment: Assignment) -> Vector:
        """Retreat when it stands well inside, else rake it from behind."""
        state, centre = hand(scene), scene.position(assignment.target)
        offset = np.abs(centre - scene.position("zone"))[:2]
        if (offset < ZONE_HALF_M - (0.03, 0.025)).all():
            return retreat(state, _RAKE_OPENING)
        return _rake(scene, state, assignment.target, _aim(centre, scene.position("zone")))


def _aim(centre: NDArray, zone: NDArray) -> NDArray[np.float64]:
    """The point [m] of the zone that an object is pushed to: sideways no farther than it has to."""
    return np.array([zone[0], np.clip(centre[1], zone[1] - 0.05, zone[1] + 0.05)])


def _rake(scene: Scene, state: Hand, name: str, aim: NDArray) -> Vector:
    """Half-open fingers across the direction of the push: go behind the object, lower, push.

    In the corridor behind the object the hand is low and moves on; anywhere else it rises first.
    """
    centre = scene.position(name)
    direction = (aim - centre[:2]) / max(float(np.linalg.norm(aim - centre[:2])), 1e-6)
    across = np.array([-direction[1], direction[0]])
    offset = state.position[:2] - centre[:2]
    along, lateral = float(offset @ direction), float(offset @ across)
    contact = _RAKE_HALF_M + half_width(scene, name, np.array([*direction, 0.0]))
    behind = contact + 0.022
    yaw = wrap(float(np.arctan2(direction[1], direction[0])), np.pi)
    turn = abs(wrap(yaw - state.yaw, np.pi))

    # 0 in the corridor: behind the object, in line with it, turned across the push.
    ahead = max(0.0, along + contact - 0.013)
    error = float(np.hypot(max(0.0, abs(lateral) - 0.006), ahead)) + 0.05 * max(0.0, turn - 0.12)
    ready = fall(error, 0.002, 0.012)
    low = _LOW_Z + (_CLEAR_Z - _LOW_Z) * (1 - ready)
    far = float(np.linalg.norm(offset + behind * direction))
    height = low + (_TRANSIT_Z - _CLEAR_Z) * rise(far, 0.03, 0.10) * (1 - ready)
    lowered = ready * fall(float(state.position[2]) - _LOW_Z, 0.004, 0.014)

    waiting = centre[:2] - behind * direction
    pushing = state.position[:2] + 2 * _PUSH_STEP_M * direction - lateral * across
    target = np.array([*mix(waiting, pushing, lowered), height])
    travel = max(ready, fall(_CLEAR_Z - float(state.position[2]), 0.008, 0.03))
    return move(state, target, yaw, _RAKE_OPENING, horizontal=travel)
