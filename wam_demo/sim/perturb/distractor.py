"""distractor: unseen objects dropped in."""

from typing import TYPE_CHECKING, Any

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.sim.perturb.base import Parameters, number, numbers, rounded
from wam_demo.sim.perturb.spots import DROP_BOX, free_spot

if TYPE_CHECKING:
    from wam_demo.sim.world import World

COUNT = (1, 2, 4, 6, 8)
POOL = tuple(f"distractor{index}" for index in range(8))
DROP_HEIGHT_M = 0.12


class Distractor:
    """Parameters: ``drops``, each ``object``, ``position`` (x, y) [m] and ``yaw`` [rad]; or one ``position``."""

    name, during = "distractor", False

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """The severity's number of bodies, where nothing else stands."""
        self.clear(world)
        drops: list[dict[str, Any]] = []
        for name in rng.permutation(POOL)[: COUNT[severity - 1]]:
            taken = [np.array(drop["position"]) for drop in drops]
            spot = free_spot(world, rng, DROP_BOX, 0.06, taken)
            drops.append({"object": str(name), "position": rounded(spot), "yaw": rounded(rng.uniform(-3, 3))})
        return {"drops": drops}

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Let parked bodies fall onto the table; a single one takes the next of the pool."""
        drops = parameters.get("drops", [parameters])
        if not isinstance(drops, list) or not 1 <= len(drops) <= len(POOL):
            raise InvalidInputError(f"parameter 'drops': valid is a list of 1..{len(POOL)}")
        return {"drops": [_drop(drop, world) for drop in drops]}

    def clear(self, world: "World") -> None:
        """Park all of them again."""
        for name in POOL:
            world.scene.park(name)


def _drop(drop: Parameters, world: "World") -> dict[str, Any]:
    position = np.clip(numbers(drop, "position", 2, -1, 1), *DROP_BOX)
    name = str(drop.get("object", _next(world)))
    if name not in POOL:
        raise InvalidInputError(f"{name[:20]!r} cannot be dropped: valid is {', '.join(POOL)}")
    yaw = number({"yaw": 0.0, **drop}, "yaw", -3.2, 3.2)
    world.scene.set_solid(name, True)
    world.scene.place(name, np.array([*position, DROP_HEIGHT_M]), yaw)
    world.scene.refresh()
    return {"object": name, "position": rounded(position), "yaw": rounded(yaw)}


def _next(world: "World") -> str:
    """The first parked body; when all are in use, the one that was used first."""
    parked = [name for name in POOL if not world.scene.is_solid(name)]
    dropped = sum(event.kind == Distractor.name for event in world.events)
    return parked[0] if parked else POOL[dropped % len(POOL)]
