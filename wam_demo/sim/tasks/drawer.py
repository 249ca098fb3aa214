"""drawer: open the named coloured one of two drawers."""

from collections.abc import Mapping

import numpy as np

from wam_demo.sim.colours import COLOURS
from wam_demo.sim.motion import Hand, grip, hand, move, retreat
from wam_demo.sim.scene import Scene
from wam_demo.sim.tasks.base import Assignment
from wam_demo.sim.tasks.grasp import fetch
from wam_demo.sim.tasks.specs import TASKS
from wam_demo.types import Vector

DRAWERS = ("drawer0", "drawer1")
PLACES = np.array([[0.40, -0.11], [0.40, 0.13]])
SPREAD_M = np.array([0.02, 0.025])
REGION = np.array([[0.38, -0.135], [0.42, 0.155]])
"""Corners [m] of the rectangle in which cabinets stand."""
OPEN_M = 0.08
"""Travel [m] at which a drawer is open."""
_FULLY_OPEN_M = 0.10
_PULL_STEP_M = 0.022


class Drawer:
    """Layout, success and expert of drawer."""

    spec = TASKS["drawer"]
    scene = "drawer"
    region = REGION
    apart = 0.20  # cabinets are 15 cm wide, and what is pulled out of one may not meet the other
    touching = 0.155
    opens = 0.24

    def layout(self, scene: Scene, rng: np.random.Generator) -> Assignment:
        """Two cabinets side by side, drawers of distinct colours."""
        colours = dict(zip(DRAWERS, rng.permutation(list(COLOURS)).tolist(), strict=False))
        for name, place in zip(DRAWERS, PLACES, strict=True):
            scene.place(name, np.array([*(place + rng.uniform(-SPREAD_M, SPREAD_M)), 0.0]))
            scene.paint(f"{name}_tray", np.array(COLOURS[colours[name]]))
        return Assignment(str(rng.choice(DRAWERS)), None, colours, dict.fromkeys(DRAWERS, "drawer"), DRAWERS)

    def concepts(self, assignment: Assignment) -> Mapping[str, str]:
        """Colour of the target, and the word for a drawer."""
        return {"colour": assignment.colours[assignment.target], "part": "drawer"}

    def success(self, scene: Scene, assignment: Assignment) -> bool:
        """The named drawer is open."""
        return _travel(scene, assignment.target) > OPEN_M

    def distance(self, scene: Scene, assignment: Assignment) -> float:
        """What is missing of the opening [m]."""
        return max(0.0, OPEN_M - _travel(scene, assignment.target))

    def act(self, scene: Scene, assignment: Assignment) -> Vector:
        """Retreat when it is open, else pull the handle when it is held, else fetch the handle."""
        state, handle = hand(scene), f"{assignment.target}_handle"
        if _travel(scene, assignment.target) > _FULLY_OPEN_M:
            return retreat(state)
        held = grip(scene, state, handle)
        action = fetch(scene, state, handle)
        return ((1 - held) * action + held * _pull(scene, state, handle)).astype(np.float32)


def _pull(scene: Scene, state: Hand, handle: str) -> Vector:
    """Straight along the rail, at the handle's height."""
    centre = scene.position(handle)
    target = np.array([state.position[0] + 2 * _PULL_STEP_M, centre[1], centre[2] - 0.003])
    return move(state, target, 0.0, 0.0)


def _travel(scene: Scene, name: str) -> float:
    return float(scene.data.joint(name).qpos[0])
