"""layout: confounding objects, and the target outside the region that training knows."""

from typing import Any

import numpy as np

from wam_demo.sim.colours import COLOURS, CONFOUNDER_COLOURS
from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, rounded
from wam_demo.sim.perturb.checks import choice, entries, mapping, numbers
from wam_demo.sim.perturb.distractor import POOL
from wam_demo.sim.perturb.spots import DROP_BOX, clearance, free_spot, occupied
from wam_demo.sim.scene import Scene
from wam_demo.sim.tasks.placement import OBJECT_HALF_M

CONFOUNDERS = (1, 2, 3, 4, 5)
OUTSIDE_M = (0.0, 0.02, 0.04, 0.06, 0.08)
TABLE_EDGE_M = 0.011
"""What the edge of the visible table may take from that distance."""
GOAL_REACH_M = 0.05
"""Half the width of a goal [m]; beyond it the open gripper needs as much room as between any two things."""
OPENING_STEP_M = 0.04
"""Between points that are kept free where a target opens, along and beside its middle."""


class Layout:
    """Parameters: ``confounders``, each ``object``, ``position``, ``shape``, ``rgb``; ``target`` (x, y) or none."""

    name, during = "layout", False
    parameters = ("confounders", "target")

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """Bodies that look like the objects in other colours; the target beyond the region's edge."""
        self.clear(world)
        target = _outside(world, rng, OUTSIDE_M[severity - 1])
        taken = [] if target is None else [target]
        taken += _opening(world, target)
        used = world.assignment.colours.values()
        colours = [*CONFOUNDER_COLOURS.values(), *(rgb for name, rgb in COLOURS.items() if name not in used)]
        confounders: list[dict[str, Any]] = []
        for index in range(CONFOUNDERS[severity - 1]):
            spot = free_spot(world, rng, DROP_BOX, 0.09, taken)
            taken.append(spot)
            confounders.append(
                {
                    "object": POOL[-1 - index],
                    "position": rounded(spot),
                    "shape": str(rng.choice(["box", "cylinder"])),
                    "rgb": list(colours[rng.integers(len(colours))]),
                }
            )
        return {"confounders": confounders, "target": None if target is None else rounded(target)}

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        confounders = entries(parameters.get("confounders", []), "confounders", 0, len(POOL))
        place = parameters.get("target")
        return {
            "confounders": [_checked(confounder) for confounder in confounders],
            "target": None if place is None else np.clip(numbers(parameters, "target", 2, -1, 1), *DROP_BOX),
        }

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Put them on the table."""
        scene, name, place = world.scene, world.assignment.target, values["target"]
        applied = [_put(confounder, scene) for confounder in values["confounders"]]
        if place is not None:
            scene.slide(name, place - scene.position(name)[:2])
        return {"confounders": applied, "target": None if place is None else rounded(place)}

    def clear(self, world: DisturbedWorld) -> None:
        """Park the confounders; the target stays."""
        for name in POOL:
            world.scene.park(name)


def _checked(confounder: object) -> dict[str, Any]:
    values = mapping(confounder, "confounder", ("object", "position", "shape", "rgb"))
    return {
        "object": choice(values, "object", POOL),
        "position": np.clip(numbers(values, "position", 2, -1, 1), *DROP_BOX),
        "shape": choice(values, "shape", ("box", "cylinder")),
        "rgb": numbers(values, "rgb", 3, 0, 1),
    }


def _put(confounder: Parameters, scene: Scene) -> dict[str, Any]:
    name, position, shape, rgb = (confounder[key] for key in ("object", "position", "shape", "rgb"))
    scene.set_solid(name, True)
    scene.reshape(name, shape, OBJECT_HALF_M)
    scene.paint(name, rgb)
    scene.place(name, np.array([*position, OBJECT_HALF_M[2]]))
    scene.refresh()
    return {"object": name, "position": rounded(position), "shape": shape, "rgb": rounded(rgb)}


def _outside(world: DisturbedWorld, rng: np.random.Generator, distance: float) -> np.ndarray | None:
    """A free point ``distance`` beyond a random edge of the task's region, an edge with that much table beyond it."""
    if distance <= 0:
        return None
    low, high = world.logic.region
    places = occupied(world, but=world.assignment.target)
    points = []
    for _ in range(60):
        point, side, axis = rng.uniform(low, high), rng.integers(2), rng.integers(2)
        point[axis] = high[axis] + distance if side else low[axis] - distance
        points.append(point)
    lost = [float(np.linalg.norm(point - np.clip(point, *DROP_BOX))) for point in points]
    allowed = max(min(lost), TABLE_EDGE_M)  # else a higher severity would move it less far
    points = [np.clip(point, *DROP_BOX) for point, short in zip(points, lost, strict=True) if short <= allowed]
    gap = max(0.1, world.logic.apart)
    return max(points, key=lambda point: min(gap, clearance(point, places), _clear_of_goal(point, world)))


def _opening(world: DisturbedWorld, target: np.ndarray | None) -> list[np.ndarray]:
    """Points [m] that what is pulled out of the target passes, which is displaced to ``target`` unless ``None``."""
    place = world.scene.position(world.assignment.target)[:2] if target is None else target
    ahead, aside = np.arange(OPENING_STEP_M, world.logic.opens, OPENING_STEP_M), (-OPENING_STEP_M, OPENING_STEP_M)
    return [place + np.array([x, y]) for x in ahead for y in aside]


def _clear_of_goal(point: np.ndarray, world: DisturbedWorld) -> float:
    """How far a point lies from where a finger would meet the goal instead of going down beside the target [m]."""
    if world.assignment.goal is None:
        return np.inf
    return float(np.linalg.norm(point - world.scene.position(world.assignment.goal)[:2])) - GOAL_REACH_M
