"""One finished episode of a grid as a line of JSON that also replays it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import get_args

import numpy as np

from wam_demo.errors import DataError
from wam_demo.evaluate.specs.evaluation import EpisodeResult, Outcome
from wam_demo.evaluate.specs.grid import Cell, EpisodeKey
from wam_demo.evaluate.specs.scene import SceneSpec
from wam_demo.types import ACTION_DIM, Vector


@dataclass(frozen=True)
class PlayedEpisode:
    """A finished episode and what replays it.

    Attributes:
        scene: Where it was played.
        result: How it ended.
        actions: (T, 7) float32, as given to the simulator; the scene and they replay it exactly.
        goal_distances_m: As in `RoundReport`.
        panel_means: Mean over its plans of every number that the policy showed beside them, by title and name.
    """

    scene: SceneSpec
    result: EpisodeResult
    actions: Vector
    goal_distances_m: tuple[float, ...] = ()
    panel_means: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class EpisodeRecord:
    """How one episode of a cell ended, and what was done in it.

    Attributes:
        policy: As in `Cell`.
        task: Task name.
        axis: Perturbation axis or ``none``.
        severity: 1 .. 5; 0 on ``none``.
        seed: Seed of the scene.
        success: The success predicate held for 0.5 s at some time.
        success_final: It held at the end.
        steps: Control steps played.
        outcome: As in `EpisodeResult`.
        fault: One line if the simulator or the policy failed.
        goal_distances_m: As in `RoundReport`; empty in journals of version 1.
        actions: Base64 of (steps, 7) little-endian float32, as given to the simulator.
        panel_means: As in `PlayedEpisode`; a line has it only where there are any.
    """

    policy: str
    task: str
    axis: str
    severity: int
    seed: int
    success: bool
    success_final: bool
    steps: int
    outcome: Outcome
    fault: str | None
    goal_distances_m: tuple[float, ...]
    actions: str
    panel_means: Mapping[str, float] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, policy: str, episode: PlayedEpisode) -> EpisodeRecord:
        """The record of an episode that was just played."""
        return cls(
            policy=policy,
            axis=episode.scene.axis,
            severity=episode.scene.severity,
            **asdict(episode.result),
            goal_distances_m=episode.goal_distances_m,
            actions=base64.b64encode(episode.actions.astype("<f4").tobytes()).decode(),
            panel_means=dict(episode.panel_means),
        )

    @property
    def cell(self) -> Cell:
        """The cell that it belongs to."""
        return Cell(self.policy, self.task, self.axis, self.severity)

    @property
    def key(self) -> EpisodeKey:
        """What identifies it within the grid."""
        return self.cell.key(self.seed)

    @property
    def counts(self) -> bool:
        """Whether it says something about the policy."""
        return self.result.counts

    @property
    def goal_distance_m(self) -> float | None:
        """How far the task was from done at the end [m]; ``None`` when it is not known."""
        return self.goal_distances_m[-1] if self.goal_distances_m else None

    @property
    def closest_m(self) -> float | None:
        """The smallest distance of the episode [m]; ``None`` when it is not known."""
        return min(self.goal_distances_m, default=None)

    @property
    def result(self) -> EpisodeResult:
        """As in a result document."""
        return EpisodeResult(**{each.name: getattr(self, each.name) for each in fields(EpisodeResult)})

    def plan(self) -> Vector:
        """(steps, 7) float32: the actions."""
        return np.frombuffer(base64.b64decode(self.actions), "<f4").reshape(-1, ACTION_DIM).astype(np.float32)

    def to_line(self) -> str:
        """One line of JSON, without its end."""
        values = asdict(self)
        if not self.panel_means:
            del values["panel_means"]
        return json.dumps(values, allow_nan=False)

    @classmethod
    def from_line(cls, line: str) -> EpisodeRecord:
        """Read what `to_line` wrote.

        Raises:
            DataError: It is not such a line.
        """
        try:
            values = json.loads(line)
            if "miss_m" in values:  # version 1: another distance, at the end only
                del values["miss_m"]
                values["goal_distances_m"] = ()
            means = values.get("panel_means", {})
            values["panel_means"] = {name: float(mean) for name, mean in dict(means).items()}
            record = cls(**{**values, "goal_distances_m": tuple(map(float, values["goal_distances_m"]))})
            steps = len(record.plan())
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"not an episode: {error}") from None
        if record.outcome not in get_args(Outcome) or steps != record.steps:
            raise DataError(f"not an episode: outcome {str(record.outcome)[:20]!r}, {steps} of {record.steps} actions")
        return record


def worst_first(record: EpisodeRecord) -> tuple[int, float, int]:
    """Sorting key: failures by how far the task was from done, then successes that were not held, then others.

    What does not count comes last: it says nothing about the policy.
    """
    if not record.counts:
        rank = 3
    elif not record.success:
        rank = 0
    else:
        rank = 2 if record.success_final else 1
    return rank, -(record.goal_distance_m or 0.0), -record.steps
