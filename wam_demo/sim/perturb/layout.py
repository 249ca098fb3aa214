"""layout: confounding objects, and the target outside the region that training knows."""

from typing import TYPE_CHECKING, Any

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.sim.language import COLOURS
from wam_demo.sim.perturb.base import Parameters, numbers, rounded
from wam_demo.sim.perturb.distractor import POOL
from wam_demo.sim.perturb.spots import DROP_BOX, clearance, free_spot, occupied
from wam_demo.sim.tasks.placement import OBJECT_HALF_M

if TYPE_CHECKING:
    from wam_demo.sim.world import World

CONFOUNDERS = (1, 2, 3, 4, 5)
OUTSIDE_M = (0.0, 0.02, 0.04, 0.06, 0.08)
TABLE_EDGE_M = 0.011
"""What the edge of the visible table may take from that distance."""
GOAL_REACH_M = 0.05
"""Half the width of a goal [m]; beyond it the open gripper needs as much room as between any two things."""
_OTHER_COLOURS = ([0.55, 0.2, 0.75], [0.98, 0.5, 0.1], [0.1, 0.75, 0.78], [0.95, 0.5, 0.7])


class Layout:
    """Parameters: ``confounders``, each ``object``, ``position``, ``shape``, ``rgb``; ``target`` (x, y) or none."""

    name, during = "layout", False

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """Bodies that look like the objects in other colours; the target beyond the region's edge."""
        self.clear(world)
        target = _outside(world, rng, OUTSIDE_M[severity - 1])
        taken = [] if target is None else [target]
        used = world.assignment.colours.values()
        colours = [*_OTHER_COLOURS, *(list(rgb) for name, rgb in COLOURS.items() if name not in used)]
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

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Put them on the table."""
        scene, confounders = world.scene, parameters.get("confounders", [])
        if not isinstance(confounders, list) or len(confounders) > len(POOL):
            raise InvalidInputError(f"parameter 'confounders': valid is a list of at most {len(POOL)}")
        applied = [_put(confounder, world) for confounder in confounders]
        target = parameters.get("target")
        if target is not None:
            place = np.clip(numbers(parameters, "target", 2, -1, 1), *DROP_BOX)
            scene.slide(world.assignment.target, place - scene.position(world.assignment.target)[:2])
            target = rounded(place)
        return {"confounders": applied, "target": target}

    def clear(self, world: "World") -> None:
        """Park the confounders; the target stays."""
        for name in POOL:
            world.scene.park(name)


def _put(confounder: Parameters, world: "World") -> dict[str, Any]:
    scene, name, shape = world.scene, str(confounder.get("object")), confounder.get("shape")
    if name not in POOL or shape not in ("box", "cylinder"):
        raise InvalidInputError(f"confounder {name[:20]!r}: valid is {', '.join(POOL)} as box or cylinder")
    position = np.clip(numbers(confounder, "position", 2, -1, 1), *DROP_BOX)
    rgb = numbers(confounder, "rgb", 3, 0, 1)
    scene.set_solid(name, True)
    scene.reshape(name, shape, OBJECT_HALF_M)
    scene.paint(name, rgb)
    scene.place(name, np.array([*position, OBJECT_HALF_M[2]]))
    scene.refresh()
    return {"object": name, "position": rounded(position), "shape": shape, "rgb": rounded(rgb)}


def _outside(world: "World", rng: np.random.Generator, distance: float) -> np.ndarray | None:
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
    return max(points, key=lambda point: min(0.1, clearance(point, places), _clear_of_goal(point, world)))


def _clear_of_goal(point: np.ndarray, world: "World") -> float:
    """How far a point lies from where a finger would meet the goal instead of going down beside the target [m]."""
    if world.assignment.goal is None:
        return np.inf
    return float(np.linalg.norm(point - world.scene.position(world.assignment.goal)[:2])) - GOAL_REACH_M
