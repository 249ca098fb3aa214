"""A grid's episodes as the page shows them: counts, intervals and paired differences, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

from wam_demo.evaluate.grid.comparisons import compare_policies
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.evaluate.statistics.rates import Interval, mcnemar_exact, newcombe_paired, wilson

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
        ``cells``: policy, task, axis, severity, ``n``, ``k`` successes, Wilson interval ``low`` and
        ``high``, ``held`` at the end, simulator ``faults`` (not in ``n``). ``pairs``: two policies
        on the same scenes: ``n``, ``difference`` of the success rates with Newcombe's interval,
        McNemar's ``p``, and ``p_holm``, corrected for looking at every cell of this grid; over the
        whole grid ``p_anytime``, which stays valid although one watches and may stop at any time.
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
    counts: dict[tuple[str, Group], list[int]] = {}
    for record in records:
        counted = record.counts
        for group in _groups(spec, record.task, record.axis, record.severity):
            count = counts.setdefault((record.policy, group), [0, 0, 0, 0])
            count[0] += counted
            count[1] += counted and record.success
            count[2] += counted and record.success_final
            count[3] += not counted
    for (policy, (task, axis, severity)), (n, k, held, faults) in counts.items():
        low, high = _ends(_wilson(k, n)) if n else (0.0, 1.0)
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
            together = compare_policies(spec, records, first, second)[0]
            compared[0]["p_anytime"] = round(together.sequential.p_value, _DECIMALS)
        rows += compared
    return rows


def _compared(spec: GridSpec, first: str, second: str, ours: Outcomes, theirs: Outcomes) -> list[dict[str, Any]]:
    counts: dict[Group, list[int]] = {}
    for scene in ours.keys() & theirs.keys():
        for group in _groups(spec, *scene[:3]):
            table = counts.setdefault(group, [0, 0, 0, 0])  # both, only first, only second, neither
            table[(not ours[scene]) * 2 + (not theirs[scene])] += 1
    rows = [_row(first, second, group, tuple(table)) for group, table in sorted(counts.items())]
    single = [row for row in rows if row["axis"] != ALL and row["severity"] != ALL_SEVERITIES and row["task"] != ALL]
    for row, adjusted in zip(single, holm([row["p"] for row in single]), strict=True):
        row["p_holm"] = round(adjusted, _DECIMALS)
    return rows


def _row(first: str, second: str, group: Group, table: tuple[int, ...]) -> dict[str, Any]:
    both, only_first, only_second, neither = table
    low, high = _ends(_newcombe(both, only_first, only_second, neither))
    task, axis, severity = group
    n = sum(table)
    return {
        "first": first, "second": second, "task": task, "axis": axis, "severity": severity,
        "n": n, "only_first": only_first, "only_second": only_second,
        "difference": round((only_first - only_second) / n, _DECIMALS), "low": low, "high": high,
        "p": round(mcnemar_exact(only_first, only_second), _DECIMALS),
    }  # fmt: skip


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction for several tests (Scandinavian Journal of Statistics 6, 1979).

    Args:
        p_values: One per test, in any order.

    Returns:
        Corrected p-values in the same order.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


_wilson = lru_cache(4096)(wilson)
_newcombe = lru_cache(4096)(newcombe_paired)


def _ends(interval: Interval) -> tuple[float, float]:
    return round(interval.low, _DECIMALS), round(interval.high, _DECIMALS)
