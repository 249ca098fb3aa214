"""What is known about each cell of a grid so far: counts and intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from wam_demo.evaluate.specs.grid import Cell
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.evaluate.statistics.rates import Interval, wilson


@dataclass(frozen=True)
class CellSnapshot:
    """One cell at one moment.

    Attributes:
        cell: Which one.
        planned: Episodes that the grid wants.
        n: Finished episodes that count; simulator faults do not.
        successes: Of ``n``: the success predicate held for 0.5 s at some time.
        held: Of ``n``: it also held at the end.
        sim_faults: Episodes that the simulator could not finish; neither success nor failure.
        policy_faults: Of ``n``: the policy's answer was not usable; a failure.
    """

    cell: Cell
    planned: int
    n: int = 0
    successes: int = 0
    held: int = 0
    sim_faults: int = 0
    policy_faults: int = 0

    @property
    def finished(self) -> int:
        """Episodes that will not be played again."""
        return self.n + self.sim_faults

    @property
    def rate(self) -> float | None:
        """Share of successes; ``None`` without an episode."""
        return self.successes / self.n if self.n else None

    @property
    def ci95(self) -> Interval | None:
        """Wilson interval of the success rate; ``None`` without an episode."""
        return wilson(self.successes, self.n) if self.n else None

    @property
    def held_rate(self) -> float | None:
        """Share of episodes that end in success; ``None`` without an episode."""
        return self.held / self.n if self.n else None

    @property
    def held_ci95(self) -> Interval | None:
        """Wilson interval of that share; ``None`` without an episode."""
        return wilson(self.held, self.n) if self.n else None

    def document(self) -> dict[str, Any]:
        """JSON-serialisable."""
        cell = self.cell
        return {
            "policy": cell.policy,
            "task": cell.task,
            "axis": cell.axis,
            "severity": cell.severity,
            "planned": self.planned,
            "n": self.n,
            "successes": self.successes,
            "rate": self.rate,
            "ci95": _pair(self.ci95),
            "held": self.held,
            "held_rate": self.held_rate,
            "held_ci95": _pair(self.held_ci95),
            "sim_faults": self.sim_faults,
            "policy_faults": self.policy_faults,
        }


def tally(cells: Sequence[Cell], records: Iterable[EpisodeRecord], planned: int) -> tuple[CellSnapshot, ...]:
    """The cells in their order, with everything that the records say about them.

    Args:
        cells: Of the grid.
        records: Finished episodes; those of other cells are left out.
        planned: Episodes that the grid wants in each cell.
    """
    by_cell: dict[Cell, list[EpisodeRecord]] = {cell: [] for cell in cells}
    for record in records:
        by_cell.get(record.cell, []).append(record)
    return tuple(snapshot(cell, episodes, planned) for cell, episodes in by_cell.items())


def snapshot(cell: Cell, episodes: Sequence[EpisodeRecord], planned: int) -> CellSnapshot:
    """One cell from its episodes."""
    counted = [episode for episode in episodes if episode.counts]
    return CellSnapshot(
        cell=cell,
        planned=planned,
        n=len(counted),
        successes=sum(episode.success for episode in counted),
        held=sum(episode.success_final for episode in counted),
        sim_faults=len(episodes) - len(counted),
        policy_faults=sum(episode.outcome == "policy_fault" for episode in counted),
    )


def pooled(cells: Iterable[CellSnapshot], policy: str, axis: str) -> list[CellSnapshot]:
    """One policy under one axis with all tasks together, severities ascending."""
    by_severity: dict[int, list[CellSnapshot]] = {}
    for cell in cells:
        if (cell.cell.policy, cell.cell.axis) == (policy, axis):
            by_severity.setdefault(cell.cell.severity, []).append(cell)
    return [_together(group) for _, group in sorted(by_severity.items())]


def _together(group: Sequence[CellSnapshot]) -> CellSnapshot:
    first = group[0].cell
    tasks = ",".join(dict.fromkeys(cell.cell.task for cell in group))
    counts = ("planned", "n", "successes", "held", "sim_faults", "policy_faults")
    return CellSnapshot(
        Cell(first.policy, tasks, first.axis, first.severity),
        **{name: sum(getattr(cell, name) for cell in group) for name in counts},
    )


def _pair(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
