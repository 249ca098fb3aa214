"""Two policies of one grid on the same scenes: difference, interval, tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Literal

from wam_demo.evaluate.specs.grid import Cell, EpisodeKey, GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.evaluate.statistics.rates import PairedComparison, compare_paired
from wam_demo.evaluate.statistics.sequential import SequentialResult, compare_sequentially

Condition = tuple[str, str, int]
"""Task, axis, severity."""
Pair = tuple[bool, bool]
"""Whether the first and the second policy succeeded in one scene."""


@dataclass(frozen=True)
class ConditionComparison:
    """Two policies under one condition; scenes with a simulator fault of either are left out.

    Attributes:
        condition: Task, axis, severity; ``None`` for all conditions together.
        pairs: Scenes that both have finished.
        paired: `PairedComparison`; ``None`` without a pair.
        sequential: The same as an anytime-valid test.
    """

    condition: Condition | None
    pairs: int
    paired: PairedComparison | None
    sequential: SequentialResult

    def document(self) -> dict[str, Any]:
        """JSON-serialisable."""
        task, axis, severity = self.condition or (None, None, None)
        paired = self.paired
        return {
            "task": task,
            "axis": axis,
            "severity": severity,
            "pairs": self.pairs,
            "difference": paired.difference if paired else None,
            "difference_ci95": [paired.interval.low, paired.interval.high] if paired else None,
            "mcnemar_p": paired.p_value if paired else None,
            "anytime_p": self.sequential.p_value,
        }


def compare_policies(
    spec: GridSpec, records: Iterable[EpisodeRecord], first: str, second: str, alpha: float = 0.05
) -> list[ConditionComparison]:
    """First minus second: all conditions together, then one by one.

    The interval over all conditions takes its scenes for independent; a seed that comes under several
    conditions makes it a little too narrow.

    Args:
        spec: The grid.
        records: Its finished episodes.
        first: A policy of the grid.
        second: Another one.
        alpha: Level of the sequential test.
    """
    by_key = {record.key: record for record in records}
    conditions = [(cell.task, cell.axis, cell.severity) for cell in spec.cells() if cell.policy == first]
    pairs = {
        condition: [_pair(by_key, condition, seed, first, second) for seed in spec.seeds()] for condition in conditions
    }
    # seed by seed, as the sweeps play them: an order that was fixed before
    together = [pairs[condition][index] for index in range(spec.episodes) for condition in conditions]
    one_by_one = [_comparison(condition, pairs[condition], alpha) for condition in conditions]
    return [_comparison(None, together, alpha), *one_by_one]


def _pair(
    by_key: Mapping[EpisodeKey, EpisodeRecord], condition: Condition, seed: int, first: str, second: str
) -> Pair | Literal["unfinished", "fault"]:
    one, other = (by_key.get(Cell(policy, *condition).key(seed)) for policy in (first, second))
    if one is None or other is None:
        return "unfinished"
    if not (one.counts and other.counts):
        return "fault"
    return one.success, other.success


def _comparison(condition: Condition | None, scenes: Sequence[Pair | str], alpha: float) -> ConditionComparison:
    pairs = [scene for scene in scenes if isinstance(scene, tuple)]
    in_order = [scene for scene in takewhile(lambda scene: scene != "unfinished", scenes) if isinstance(scene, tuple)]
    paired = compare_paired([a for a, _ in pairs], [b for _, b in pairs]) if pairs else None
    return ConditionComparison(condition, len(pairs), paired, compare_sequentially(in_order, alpha))
