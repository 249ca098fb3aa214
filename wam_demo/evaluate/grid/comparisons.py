"""Two policies of one grid on the same scenes: difference, interval, tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, Literal

from wam_demo.evaluate.specs.grid import Cell, EpisodeKey, GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.evaluate.statistics.multiple import holm
from wam_demo.evaluate.statistics.paired import PairedComparison, compare_paired
from wam_demo.evaluate.statistics.sequential import SequentialResult, compare_sequentially

Condition = tuple[str, str, int]
"""Task, axis, severity."""
Scene = tuple[bool, bool] | Literal["unfinished", "fault"]
"""Whether the first and the second policy succeeded in one scene, or why that is not known."""


@dataclass(frozen=True)
class ConditionComparison:
    """Two policies under one condition; scenes that do not count for either are left out.

    Attributes:
        condition: Task, axis, severity; ``None`` for all conditions together.
        paired: `PairedComparison`; ``None`` without a pair.
        sequential: The same as an anytime-valid test.
        p_holm: The p-value corrected for all conditions that were tested one by one; ``None`` for all together.
    """

    condition: Condition | None
    paired: PairedComparison | None
    sequential: SequentialResult
    p_holm: float | None = None

    def document(self) -> dict[str, Any]:
        """JSON-serialisable."""
        task, axis, severity = self.condition or (None, None, None)
        return {
            "task": task,
            "axis": axis,
            "severity": severity,
            **paired_document(self.paired),
            "p_holm": self.p_holm,
            "anytime_p": self.sequential.p_value,
        }


def paired_document(paired: PairedComparison | None) -> dict[str, Any]:
    """JSON-serialisable; ``None`` where there is no pair."""
    return {
        "pairs": paired.pairs if paired else 0,
        "seeds": paired.seeds if paired else 0,
        "difference": paired.difference if paired else None,
        "difference_ci95": [paired.interval.low, paired.interval.high] if paired else None,
        "p_value": paired.p_value if paired else None,
    }


def compare_policies(
    spec: GridSpec, records: Iterable[EpisodeRecord], first: str, second: str, alpha: float = 0.05
) -> list[ConditionComparison]:
    """First minus second: all conditions together, then one by one.

    Args:
        spec: The grid.
        records: Its finished episodes.
        first: A policy of the grid.
        second: Another one.
        alpha: Level of the sequential test.
    """
    by_key = {record.key: record for record in records}
    together = compare_together(spec, by_key.values(), first, second, alpha)
    one_by_one = [
        _comparison(condition, _scenes(spec, by_key, [condition], first, second), alpha)
        for condition in _conditions(spec)
    ]
    corrected = iter(holm([row.paired.p_value for row in one_by_one if row.paired]))
    return [together, *(replace(row, p_holm=next(corrected)) if row.paired else row for row in one_by_one)]


def compare_together(
    spec: GridSpec, records: Iterable[EpisodeRecord], first: str, second: str, alpha: float = 0.05
) -> ConditionComparison:
    """The first row of `compare_policies`: all conditions together."""
    by_key = {record.key: record for record in records}
    return _comparison(None, _scenes(spec, by_key, _conditions(spec), first, second), alpha)


def _conditions(spec: GridSpec) -> list[Condition]:
    return [(cell.task, cell.axis, cell.severity) for cell in spec.cells() if cell.policy == spec.policies[0]]


def _scenes(
    spec: GridSpec, by_key: Mapping[EpisodeKey, EpisodeRecord], conditions: Sequence[Condition], first: str, second: str
) -> dict[int, list[Scene]]:
    """The scenes of each seed, in the order that was fixed before they were played."""
    return {seed: [_scene(by_key, one, seed, first, second) for one in conditions] for seed in spec.seeds()}


def _scene(
    by_key: Mapping[EpisodeKey, EpisodeRecord], condition: Condition, seed: int, first: str, second: str
) -> Scene:
    one, other = (by_key.get(Cell(policy, *condition).key(seed)) for policy in (first, second))
    if one is None or other is None:
        return "unfinished"
    if not (one.counts and other.counts):
        return "fault"
    return one.success, other.success


def _comparison(
    condition: Condition | None, scenes: Mapping[int, Sequence[Scene]], alpha: float
) -> ConditionComparison:
    """One comparison from the scenes of each seed."""
    pairs = [(seed, pair[0], pair[1]) for seed, row in scenes.items() for pair in row if isinstance(pair, tuple)]
    paired = compare_paired(pairs) if pairs else None
    complete = takewhile(lambda row: "unfinished" not in row, scenes.values())
    counted = [[pair for pair in row if isinstance(pair, tuple)] for row in complete]
    sums = [sum(a - b for a, b in row) for row in counted if row]
    return ConditionComparison(condition, paired, compare_sequentially(sums, alpha))
