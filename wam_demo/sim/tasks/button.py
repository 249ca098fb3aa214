"""button: press the named one of three coloured buttons."""

from collections.abc import Mapping

import numpy as np

from wam_demo.sim.colours import COLOURS
from wam_demo.sim.motion import fall, hand, move, rise
from wam_demo.sim.scene import Scene
from wam_demo.sim.tasks.base import Assignment
from wam_demo.sim.tasks.placement import OBJECTS_APART_M, OBJECTS_TOUCH_M, scatter
from wam_demo.sim.tasks.specs import TASKS
from wam_demo.types import Vector

BUTTONS = ("button0", "button1", "button2")
REGION = np.array([[0.40, -0.19], [0.60, 0.23]])
"""Corners [m] of the rectangle in which buttons stand."""
BUTTON_GAP_M = 0.12
PRESSED_M, RELEASED_M = 0.006, 0.003
"""Travel [m] of a cap that counts as pressed, and below which it does not."""

_CAP_TOP_M, _CAP_RADIUS_M = 0.044, 0.024
_TIP_M = 0.009
_PRESS_Z = _CAP_TOP_M + _TIP_M - 0.011
_CLEAR_Z, _TRANSIT_Z = _CAP_TOP_M + _TIP_M + 0.02, 0.14


class Button:
    """Layout, success and expert of button."""

    spec = TASKS["button"]
    scene = "button"
    region = REGION
    apart, touching, opens = OBJECTS_APART_M, OBJECTS_TOUCH_M, 0.0

    def layout(self, scene: Scene, rng: np.random.Generator) -> Assignment:
        """Three buttons of distinct colours, apart from each other."""
        colours = dict(zip(BUTTONS, rng.permutation(list(COLOURS)).tolist(), strict=False))
        for name, point in zip(BUTTONS, scatter(rng, len(BUTTONS), REGION, BUTTON_GAP_M), strict=True):
            scene.place(name, np.array([*point, 0.0]))
            scene.paint(f"{name}_cap", np.array(COLOURS[colours[name]]))
        return Assignment(str(rng.choice(BUTTONS)), None, colours, dict.fromkeys(BUTTONS, "button"), BUTTONS)

    def concepts(self, assignment: Assignment) -> Mapping[str, str]:
        """Colour of the target, and the word for a button."""
        return {"colour": assignment.colours[assignment.target], "b_noun": "button"}

    def success(self, scene: Scene, assignment: Assignment) -> bool:
        """The named cap is down and the others are up."""
        travel = {name: _travel(scene, name) for name in BUTTONS}
        others = max(value for name, value in travel.items() if name != assignment.target)
        return travel[assignment.target] > PRESSED_M and others < RELEASED_M

    def distance(self, scene: Scene, assignment: Assignment) -> float:
        """From the finger tips to the cap, and from there what is missing of its travel [m]."""
        travel = _travel(scene, assignment.target)
        offset = hand(scene).position - scene.position(assignment.target)
        beside = max(0.0, float(np.hypot(*offset[:2])) - _CAP_RADIUS_M)
        above = max(0.0, float(offset[2]) - _TIP_M - (_CAP_TOP_M - travel))
        return float(np.hypot(beside, above)) + max(0.0, PRESSED_M - travel)

    def act(self, scene: Scene, assignment: Assignment) -> Vector:
        """Above the button with closed fingers, then down on it, and stay."""
        state, centre = hand(scene), scene.position(assignment.target)
        distance = float(np.hypot(*(centre - state.position)[:2]))
        error = distance + 0.02 * rise(state.opening, 0.12, 0.4)
        height = _PRESS_Z + (_CLEAR_Z - _PRESS_Z) * rise(error, 0.008, 0.018)
        height += (_TRANSIT_Z - _CLEAR_Z) * rise(error, 0.018, 0.10)
        travel = max(fall(distance, 0.012, 0.018), fall(min(height, _CLEAR_Z) - float(state.position[2]), 0.008, 0.03))
        return move(state, np.array([*centre[:2], height]), 0.0, 0.0, horizontal=travel)


def _travel(scene: Scene, name: str) -> float:
    """How far a cap is down [m]."""
    return -float(scene.data.joint(name).qpos[0])
