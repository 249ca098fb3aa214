"""The scene of the day: one that every policy of the challenge is known to solve undisturbed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from wam_demo.config import REFERENCE
from wam_demo.evaluate.specs.evaluation import NOMINAL
from wam_demo.ui.shared.reference import reference_grid


@dataclass(frozen=True)
class Scenes:
    """What the challenge is played on.

    Attributes:
        task: Task name.
        policies: Whom one can play against.
        seeds: Scenes that each of them solves undisturbed.
    """

    task: str
    policies: Sequence[str]
    seeds: Sequence[int]

    def seed(self, day: date) -> int:
        """The scene of a day, the same for everybody."""
        return self.seeds[day.toordinal() % len(self.seeds)]


def today() -> date:
    """The day everywhere, whatever the clock of the server says."""
    return datetime.now(UTC).date()


def known_scenes(packed: Path = REFERENCE) -> Scenes | None:
    """The undisturbed episodes of the shipped grid that all its policies solved; ``None`` without one.

    Args:
        packed: The grid's journal, xz.
    """
    grid = reference_grid(packed)
    if grid is None:
        return None
    policies = tuple(grid.weights)
    solved = {(e["policy"], e["seed"]) for e in grid.episodes if e["axis"] == NOMINAL and e["success"]}
    seeds = sorted({seed for _, seed in solved if all((policy, seed) in solved for policy in policies)})
    return Scenes(grid.task, policies, tuple(seeds)) if seeds else None
