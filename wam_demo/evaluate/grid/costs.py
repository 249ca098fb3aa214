"""What a disturbance costs a policy: each condition beside nominal, or matched seen, scenes of the same seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wam_demo.diagnose.bootstrap import ratio_interval
from wam_demo.evaluate.grid.comparisons import paired_document
from wam_demo.evaluate.specs.evaluation import reference
from wam_demo.evaluate.specs.grid import Cell, EpisodeKey, GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.evaluate.statistics.multiple import holm
from wam_demo.evaluate.statistics.paired import PairedComparison, compare_paired
from wam_demo.evaluate.statistics.rates import Interval
from wam_demo.evaluate.statistics.seeds import by_seed
from wam_demo.types import CONTROL_HZ

MIN_SEEDS = 2


@dataclass(frozen=True)
class Cost:
    """One policy under one axis and severity, all tasks together.

    Attributes:
        policy: As in the grid.
        axis: Perturbation axis, or the unseen part of a suite.
        severity: 1 .. 5; 0 of a suite.
        success: Disturbed minus nominal, or unseen minus seen, over the scenes that count with and without it.
        longer_s: Mean of how much longer an episode takes [s]; a failure counts as long as it was played.
        longer: 95 % bootstrap interval of that mean, seeds resampled.
        p_holm: The p-value of ``success`` corrected for all conditions of this policy.
    """

    policy: str
    axis: str
    severity: int
    success: PairedComparison
    longer_s: float
    longer: Interval
    p_holm: float = 1.0

    def document(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return {
            "policy": self.policy,
            "axis": self.axis,
            "severity": self.severity,
            **paired_document(self.success),
            "p_holm": self.p_holm,
            "longer_s": self.longer_s,
            "longer_ci95": [self.longer.low, self.longer.high],
        }


def costs(spec: GridSpec, records: Iterable[EpisodeRecord]) -> list[Cost]:
    """Every condition that was played on at least two seeds; empty if no nominal scene was played."""
    by_key = {record.key: record for record in records if record.counts}
    return [cost for policy in spec.policies for cost in _of_policy(spec, by_key, policy)]


def _of_policy(spec: GridSpec, by_key: Mapping[EpisodeKey, EpisodeRecord], policy: str) -> list[Cost]:
    conditions = dict.fromkeys((cell.axis, cell.severity) for cell in spec.cells() if reference(cell.axis))
    pairs = {condition: _pairs(spec, by_key, policy, *condition) for condition in conditions}
    found = [
        _cost(policy, *condition, pair)
        for condition, pair in pairs.items()
        if len({one.seed for one, _ in pair}) >= MIN_SEEDS
    ]
    corrected = holm([cost.success.p_value for cost in found])
    return [replace(cost, p_holm=p) for cost, p in zip(found, corrected, strict=True)]


def _pairs(
    spec: GridSpec, by_key: Mapping[EpisodeKey, EpisodeRecord], policy: str, axis: str, severity: int
) -> list[tuple[EpisodeRecord, EpisodeRecord]]:
    """Disturbed episode and the one it is compared with, of each scene that has both."""
    undisturbed = str(reference(axis))
    keys = [
        (Cell(policy, task, axis, severity).key(seed), Cell(policy, task, undisturbed, 0).key(seed))
        for task in spec.tasks
        for seed in spec.seeds()
    ]
    return [(by_key[one], by_key[other]) for one, other in keys if one in by_key and other in by_key]


def _cost(policy: str, axis: str, severity: int, pairs: Sequence[tuple[EpisodeRecord, EpisodeRecord]]) -> Cost:
    steps = np.array([disturbed.steps - nominal.steps for disturbed, nominal in pairs])
    sums, scenes = by_seed(np.array([disturbed.seed for disturbed, _ in pairs]), steps)
    longer = sums / CONTROL_HZ
    return Cost(
        policy=policy,
        axis=axis,
        severity=severity,
        success=compare_paired([(one.seed, one.success, other.success) for one, other in pairs]),
        longer_s=float(longer.sum() / scenes.sum()),
        longer=Interval(*ratio_interval(longer, scenes.astype(float))),
    )
