"""Which demonstrations a dataset consists of: task and seed of every episode, cut into shards."""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from math import isfinite
from pathlib import Path

from wam_demo.errors import DataError, InvalidInputError, UnknownNameError
from wam_demo.sim.regions import REGIONS, Region

FIRST_SEED = 1_000_000
"""Demonstrations take reset seeds from here on, evaluations the ones below: they never meet."""

SHARD_EPISODES = 50
SCENERIES = ("plain", "rooms", "wide", "far", "degraded", "attempts", "glances")
_GOLDEN = 0.6180339887498949
_PLAN_FILE = "demonstrations.json"


@dataclass(frozen=True)
class CollectionPlan:
    """The whole recipe of a dataset; equal plans give equal datasets.

    Attributes:
        weights: Share of episodes by task, any positive scale.
        episodes: Episodes of all tasks together.
        seed: Chooses the block of a million reset seeds.
        every: Control steps from one stored frame to the next.
        noise: Scale of the noise on the expert's actions; 1 is the training distribution.
        scenery: What varies besides the task: ``plain``, ``rooms``, ``wide``, ``far`` or ``degraded``, see
            `wam_demo.sim.wide.vary`; or ``attempts`` and ``glances``, which are judged and not to be imitated, see
            `wam_demo.sim.attempts`.
        region: Where targets stand; see `wam_demo.sim.regions`.
        steps: Control steps after which an episode is left, so that the same time shows more scenes; 0: when it ends.
        shard_episodes: Episodes that are written, and redone after a crash, as one.
    """

    weights: Mapping[str, float]
    episodes: int
    seed: int = 0
    every: int = 1
    noise: float = 1.0
    scenery: str = SCENERIES[0]
    region: Region = "whole"
    steps: int = 0
    shard_episodes: int = SHARD_EPISODES

    def __post_init__(self) -> None:
        if not self.weights:
            raise InvalidInputError("demonstrations need at least one task")
        for task, weight in self.weights.items():
            if not (isfinite(weight) and weight > 0):
                raise InvalidInputError(f"the weight of task {task!r} is {weight}, not above 0")
        for name, least in (("episodes", 1), ("seed", 0), ("every", 1), ("steps", 0), ("shard_episodes", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise InvalidInputError(f"{name} is {value!r}, not an integer of at least {least}")
        if self.scenery not in SCENERIES:
            raise UnknownNameError("scenery", self.scenery, SCENERIES)
        if 0 < self.steps < self.every:
            raise InvalidInputError(f"an episode of {self.steps} steps may hold no frame: one in {self.every} is kept")
        if self.region not in REGIONS:
            raise UnknownNameError("region", self.region, REGIONS)
        if not (isfinite(self.noise) and self.noise >= 0):
            raise InvalidInputError(f"noise is {self.noise}, not a finite value of at least 0")

    def episode(self, number: int) -> tuple[str, int]:
        """Task and reset seed of an episode; every prefix of episodes keeps the task shares."""
        edges = list(accumulate(self.weights.values()))
        place = (number * _GOLDEN + 0.5) % 1.0 * edges[-1]
        task = list(self.weights)[min(bisect_right(edges, place), len(edges) - 1)]
        return task, FIRST_SEED * (1 + self.seed) + number

    def shards(self) -> list[range]:
        """Episode numbers of every shard."""
        starts = range(0, self.episodes, self.shard_episodes)
        return [range(i, min(i + self.shard_episodes, self.episodes)) for i in starts]

    def claim(self, folder: Path, *, begun: bool) -> None:
        """Mark ``folder`` as the place of this plan, or see that it is marked so.

        Args:
            folder: Of the dataset.
            begun: It holds episodes; without any, another plan's mark is replaced.

        Raises:
            DataError: The folder holds another plan's demonstrations or something else.
        """
        path = folder / _PLAN_FILE
        described = json.loads(json.dumps(asdict(self)))
        if path.exists() and begun:
            there = json.loads(path.read_text())
            differing = [
                name for name in described if there.get(name, getattr(CollectionPlan, name, None)) != described[name]
            ]
            if differing:
                raise DataError(
                    f"{folder} holds demonstrations with another {', '.join(differing)}: "
                    "repeat the same command to resume them, or name a new folder"
                )
        elif not path.exists() and folder.exists() and any(folder.iterdir()):
            raise DataError(f"{folder} holds something else: demonstrations need a new folder")
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(described, indent=2) + "\n")


def task_weights(tasks: Mapping[str, float] | Sequence[str]) -> dict[str, float]:
    """Weights by task name; equal ones when only names are given."""
    return dict(tasks) if isinstance(tasks, Mapping) else dict.fromkeys(tasks, 1.0)
