"""What is known about each cell of a grid so far: counts and intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from wam_demo.evaluate.specs.grid import Cell
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.evaluate.statistics.rates import Interval
from wam_demo.evaluate.statistics.seeds import rate_interval


@dataclass(frozen=True)
class CellSnapshot:
    """One cell at one moment.

    Attributes:
        cell: Which one.
        planned: Episodes that the grid wants.
        n: Finished episodes that count.
        successes: Of ``n``: the success predicate held for 0.5 s at some time.
        held: Of ``n``: it also held at the end.
        sim_faults: Episodes that the simulator could not finish; neither success nor failure.
        policy_busy: Episodes in which a loaded policy server did not answer in time; neither, too.
        policy_faults: Of ``n``: the policy's answer was not usable; a failure.
        goal_distance_m: Mean of how far the task was from done at the end [m]; ``None`` if that is not known.
        closest_m: Mean of the smallest distance of each episode [m].
        ci95: Interval of the success rate, see `rate_interval`; ``None`` without an episode.
        held_ci95: Interval of the share of episodes that end in success.
    """

    cell: Cell
    planned: int
    n: int = 0
    successes: int = 0
    held: int = 0
    sim_faults: int = 0
    policy_busy: int = 0
    policy_faults: int = 0
    goal_distance_m: float | None = None
    closest_m: float | None = None
    ci95: Interval | None = None
    held_ci95: Interval | None = None

    @property
    def finished(self) -> int:
        """Episodes that will not be played again."""
        return self.n + self.sim_faults + self.policy_busy

    @property
    def rate(self) -> float | None:
        """Share of successes; ``None`` without an episode."""
        return self.successes / self.n if self.n else None

    @property
    def held_rate(self) -> float | None:
        """Share of episodes that end in success; ``None`` without an episode."""
        return self.held / self.n if self.n else None

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
            "goal_distance_m": self.goal_distance_m,
            "closest_m": self.closest_m,
            "sim_faults": self.sim_faults,
            "policy_busy": self.policy_busy,
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
        sim_faults=sum(episode.outcome == "sim_fault" for episode in episodes),
        policy_busy=sum(episode.outcome == "policy_busy" for episode in episodes),
        policy_faults=sum(episode.outcome == "policy_fault" for episode in counted),
        goal_distance_m=_mean([episode.goal_distance_m for episode in counted]),
        closest_m=_mean([episode.closest_m for episode in counted]),
        ci95=rate_interval([(episode.seed, episode.success) for episode in counted]) if counted else None,
        held_ci95=rate_interval([(episode.seed, episode.success_final) for episode in counted]) if counted else None,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 4) if known else None


def pooled(records: Iterable[EpisodeRecord], policy: str, axis: str) -> list[CellSnapshot]:
    """One policy under one axis with all tasks together, severities ascending."""
    by_severity: dict[int, list[EpisodeRecord]] = {}
    for record in records:
        if (record.policy, record.axis) == (policy, axis):
            by_severity.setdefault(record.severity, []).append(record)
    return [
        snapshot(Cell(policy, ",".join(dict.fromkeys(r.task for r in group)), axis, severity), group, len(group))
        for severity, group in sorted(by_severity.items())
    ]


def _pair(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
