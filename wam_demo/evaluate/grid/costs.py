"""What a disturbance costs a policy: each condition beside the nominal scenes of the same seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wam_demo.diagnose.bootstrap import ratio_interval
from wam_demo.evaluate.specs.evaluation import NOMINAL
from wam_demo.evaluate.specs.grid import Cell, EpisodeKey, GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.evaluate.statistics.rates import Interval, PairedComparison, compare_paired
from wam_demo.types import CONTROL_HZ

MIN_PAIRS = 2


@dataclass(frozen=True)
class Cost:
    """One policy under one axis and severity, all tasks together.

    Attributes:
        policy: As in the grid.
        axis: Perturbation axis.
        severity: 1 .. 5.
        pairs: Scenes that were played with and without it; a simulator fault in either leaves a scene out.
        success: Disturbed minus nominal, with McNemar's test.
        longer_s: Mean of how much longer an episode takes [s]; a failure counts as long as it was played.
        longer: 95 % bootstrap interval of that mean.
    """

    policy: str
    axis: str
    severity: int
    pairs: int
    success: PairedComparison
    longer_s: float
    longer: Interval

    def document(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return {
            "policy": self.policy,
            "axis": self.axis,
            "severity": self.severity,
            "pairs": self.pairs,
            "difference": self.success.difference,
            "difference_ci95": [self.success.interval.low, self.success.interval.high],
            "mcnemar_p": self.success.p_value,
            "longer_s": self.longer_s,
            "longer_ci95": [self.longer.low, self.longer.high],
        }


def costs(spec: GridSpec, records: Iterable[EpisodeRecord]) -> list[Cost]:
    """Every condition with at least two pairs; empty if no nominal scene was played."""
    by_key = {record.key: record for record in records if record.counts}
    found = []
    for policy in spec.policies:
        conditions = [(cell.axis, cell.severity) for cell in spec.cells() if cell.policy == policy]
        for axis, severity in dict.fromkeys(conditions):
            pairs = _pairs(spec, by_key, policy, axis, severity)
            if axis != NOMINAL and len(pairs) >= MIN_PAIRS:
                found.append(_cost(policy, axis, severity, pairs))
    return found


def _pairs(
    spec: GridSpec, by_key: Mapping[EpisodeKey, EpisodeRecord], policy: str, axis: str, severity: int
) -> list[tuple[EpisodeRecord, EpisodeRecord]]:
    """Disturbed and nominal episode of each scene that has both."""
    keys = [
        (Cell(policy, task, axis, severity).key(seed), Cell(policy, task, NOMINAL, 0).key(seed))
        for task in spec.tasks
        for seed in spec.seeds()
    ]
    return [(by_key[one], by_key[other]) for one, other in keys if one in by_key and other in by_key]


def _cost(policy: str, axis: str, severity: int, pairs: Sequence[tuple[EpisodeRecord, EpisodeRecord]]) -> Cost:
    longer = np.array([disturbed.steps - nominal.steps for disturbed, nominal in pairs]) / CONTROL_HZ
    return Cost(
        policy=policy,
        axis=axis,
        severity=severity,
        pairs=len(pairs),
        success=compare_paired([one.success for one, _ in pairs], [other.success for _, other in pairs]),
        longer_s=float(longer.mean()),
        longer=Interval(*ratio_interval(longer, np.ones(len(longer)))),
    )
