"""distractor: unseen objects dropped in."""

from typing import Any

import numpy as np

from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, rounded
from wam_demo.sim.perturb.checks import choice, entries, mapping, number, numbers
from wam_demo.sim.perturb.spots import DROP_BOX, displaced, free_spot
from wam_demo.sim.scene import Scene
from wam_demo.sim.tasks.placement import OBJECT_HALF_M

COUNT = (1, 2, 4, 6, 8)
BESIDE_M = (0.14, 0.12, 0.1, 0.085, 0.07)
"""How far from the middle of an object [m] the first one falls beside the target; the others fall anywhere."""
POOL = tuple(f"distractor{index}" for index in range(8))
DROP_HEIGHT_M, GAP_M = 0.12, 0.06
_DROP = ("object", "position", "yaw")


class Distractor:
    """Parameters: ``drops``, each ``object``, ``position`` (x, y) [m] and ``yaw`` [rad]; or one ``position``."""

    name, during = "distractor", False
    parameters = ("drops", *_DROP)

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """The severity's number of bodies where nothing else stands, the first of them beside the target."""
        self.clear(world)
        drops: list[dict[str, Any]] = []
        for name in rng.permutation(POOL)[: COUNT[severity - 1]]:
            taken = [np.array(drop["position"]) for drop in drops]
            spot = free_spot(world, rng, DROP_BOX, GAP_M, taken) if drops else _beside(severity, rng, world)
            drops.append({"object": str(name), "position": rounded(spot), "yaw": rounded(rng.uniform(-3, 3))})
        return {"drops": drops}

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        drops = entries(parameters.get("drops", [parameters]), "drops", 1, len(POOL))
        return {"drops": [_checked(drop) for drop in drops]}

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Let parked bodies fall onto the table; one without a name is the next of the pool."""
        return {"drops": [_drop(drop, world) for drop in values["drops"]]}

    def clear(self, world: DisturbedWorld) -> None:
        """Park all of them again."""
        for name in POOL:
            world.scene.park(name)


def _beside(severity: int, rng: np.random.Generator, world: DisturbedWorld) -> np.ndarray:
    target = world.assignment.target
    wider = max(0.0, world.scene.half_extents(target)[:2].max() - OBJECT_HALF_M[0])
    distance = BESIDE_M[severity - 1] + wider
    return world.scene.position(target)[:2] + displaced(world, rng, target, distance, GAP_M)


def _checked(drop: object) -> dict[str, Any]:
    values = mapping(drop, "drop", _DROP)
    return {
        "object": choice(values, "object", POOL) if "object" in values else None,
        "position": np.clip(numbers(values, "position", 2, -1, 1), *DROP_BOX),
        "yaw": number(values, "yaw", -3.2, 3.2, default=0.0),
    }


def _drop(drop: Parameters, world: DisturbedWorld) -> dict[str, Any]:
    name, position, yaw = drop["object"] or _next(world), drop["position"], drop["yaw"]
    world.scene.set_solid(name, True)
    world.scene.place(name, np.array([*position, DROP_HEIGHT_M]), yaw)
    world.scene.refresh()
    return {"object": name, "position": rounded(position), "yaw": rounded(yaw)}


def _next(world: DisturbedWorld) -> str:
    """The first parked body; when all are in use, the one that was used first."""
    parked = [name for name in POOL if not world.scene.is_solid(name)]
    dropped = sum(event.kind == Distractor.name for event in world.events)
    return parked[0] if parked else POOL[dropped % len(POOL)]
