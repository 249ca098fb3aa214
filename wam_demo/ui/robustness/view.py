"""A grid's episodes as the page shows them: counts, intervals and paired differences, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

from wam_demo.evaluate.grid.comparisons import compare_together
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.evaluate.statistics.multiple import holm
from wam_demo.evaluate.statistics.paired import PairedComparison, compare_paired
from wam_demo.evaluate.statistics.rates import Interval
from wam_demo.evaluate.statistics.seeds import rate_interval

ALL = ""
"""In place of a task or an axis: all of them together."""
ALL_SEVERITIES = -1
_DECIMALS = 4

Group = tuple[str, str, int]
"""Task, axis and severity, or `ALL` and `ALL_SEVERITIES`."""
Outcomes = dict[tuple[str, str, int, int], bool]
"""Success by task, axis, severity and seed, of the episodes of one policy that count."""


def view(spec: GridSpec, records: Sequence[EpisodeRecord]) -> dict[str, Any]:
    """Everything that the page draws, JSON-ready.

    Args:
        spec: The grid.
        records: Its finished episodes.

    Returns:
        ``cells``: policy, task, axis, severity, ``n``, ``k`` successes, the interval's ``low`` and ``high``,
        ``held`` at the end, ``faults`` (episodes that say nothing about the policy, not in ``n``). ``pairs``: two
        policies on the same scenes as in `PairedComparison`: ``n`` pairs on ``seeds``, ``difference`` with its
        interval, ``p``, and ``p_holm``, corrected for looking at every cell of this grid, or at
        every cell of all tasks together; over the whole grid
        ``p_anytime``, which stays valid although one watches and may stop at any time.
    """
    return {"cells": list(_cells(spec, records)), "pairs": _pairs(spec, records)}


def _groups(spec: GridSpec, task: str, axis: str, severity: int) -> Iterator[Group]:
    """The groups that an episode belongs to; with one task alone there is no other pool of tasks."""
    for of_task in (task,) if len(spec.tasks) == 1 else (task, ALL):
        yield of_task, axis, severity
        yield of_task, axis, ALL_SEVERITIES
        yield of_task, ALL, severity
        yield of_task, ALL, ALL_SEVERITIES


def _cells(spec: GridSpec, records: Iterable[EpisodeRecord]) -> Iterator[dict[str, Any]]:
    episodes: dict[tuple[str, Group], list[EpisodeRecord]] = {}
    for record in records:
        for group in _groups(spec, record.task, record.axis, record.severity):
            episodes.setdefault((record.policy, group), []).append(record)
    for (policy, (task, axis, severity)), group_records in episodes.items():
        counted = sorted((record.seed, record.success) for record in group_records if record.counts)
        n, k, faults = len(counted), sum(success for _, success in counted), len(group_records) - len(counted)
        held = sum(record.success_final for record in group_records if record.counts)
        low, high = _ends(_rate(tuple(counted))) if n else (0.0, 1.0)
        yield {
            "policy": policy, "task": task, "axis": axis, "severity": severity,
            "n": n, "k": k, "low": low, "high": high, "held": held, "faults": faults,
        }  # fmt: skip


def _pairs(spec: GridSpec, records: Sequence[EpisodeRecord]) -> list[dict[str, Any]]:
    outcomes: dict[str, Outcomes] = {policy: {} for policy in spec.policies}
    for record in records:
        if record.counts:
            outcomes[record.policy][record.task, record.axis, record.severity, record.seed] = record.success
    rows = []
    for first, second in combinations(spec.policies, 2):
        compared = _compared(spec, first, second, outcomes[first], outcomes[second])
        if compared:
            together = compare_together(spec, records, first, second)
            compared[0]["p_anytime"] = round(together.sequential.p_value, _DECIMALS)
        rows += compared
    return rows


def _compared(spec: GridSpec, first: str, second: str, ours: Outcomes, theirs: Outcomes) -> list[dict[str, Any]]:
    scenes: dict[Group, list[tuple[int, bool, bool]]] = {}
    for scene in ours.keys() & theirs.keys():
        for group in _groups(spec, *scene[:3]):
            scenes.setdefault(group, []).append((scene[3], ours[scene], theirs[scene]))
    rows = [_row(first, second, group, _paired(tuple(sorted(pairs)))) for group, pairs in sorted(scenes.items())]
    single = [row for row in rows if row["axis"] != ALL and row["severity"] != ALL_SEVERITIES]
    for family in ([row for row in single if row["task"] != ALL], [row for row in single if row["task"] == ALL]):
        for row, adjusted in zip(family, holm([row["p"] for row in family]), strict=True):
            row["p_holm"] = round(adjusted, _DECIMALS)
    return rows


def _row(first: str, second: str, group: Group, paired: PairedComparison) -> dict[str, Any]:
    low, high = _ends(paired.interval)
    task, axis, severity = group
    return {
        "first": first, "second": second, "task": task, "axis": axis, "severity": severity,
        "n": paired.pairs, "seeds": paired.seeds, "only_first": paired.only_first, "only_second": paired.only_second,
        "difference": round(paired.difference, _DECIMALS), "low": low, "high": high,
        "p": round(paired.p_value, _DECIMALS),
    }  # fmt: skip


@lru_cache(4096)
def _rate(outcomes: tuple[tuple[int, bool], ...]) -> Interval:
    """Interval of a success rate from seeds and successes."""
    return rate_interval(outcomes)


@lru_cache(4096)
def _paired(pairs: tuple[tuple[int, bool, bool], ...]) -> PairedComparison:
    """One comparison; a running grid asks again for the groups that have not grown."""
    return compare_paired(pairs)


def _ends(interval: Interval) -> tuple[float, float]:
    return round(interval.low, _DECIMALS), round(interval.high, _DECIMALS)
