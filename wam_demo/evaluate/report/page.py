"""A grid as one HTML page: charts, tables, videos, hashes, and the command that repeats it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import wam_demo
from wam_demo.evaluate.report.charts import Point, colour, curves, radar
from wam_demo.evaluate.report.rendering import render
from wam_demo.evaluate.report.severities import severity_strips
from wam_demo.evaluate.specs.cells import CellSnapshot, pooled, tally
from wam_demo.evaluate.specs.evaluation import NOMINAL, UNGRADED
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.sim.tasks.specs import TASKS


def page(
    spec: GridSpec,
    document: Mapping[str, Any],
    records: Sequence[EpisodeRecord],
    shown: Sequence[tuple[EpisodeRecord, bytes]],
    origin: Sequence[tuple[str, str]] = (),
) -> str:
    """The HTML page: no script, nothing loaded from anywhere.

    Args:
        spec: The grid.
        document: From `grid_document`.
        records: Its finished episodes.
        shown: Episodes with their mp4.
        origin: When and on what it was begun, by name.
    """
    cells = tally(spec.cells(), records, spec.episodes)
    return render(
        "report.html",
        spec=spec,
        cells=cells,
        legend=[(policy, colour(index)) for index, policy in enumerate(spec.policies)],
        charts=_charts(spec, records),
        tables=[(policy, _rows([c for c in cells if c.cell.policy == policy])) for policy in spec.policies],
        severities=sorted({cell.severity for cell in spec.cells()}),
        comparisons=document["comparisons"],
        costs=document["costs"],
        panels=_panels(spec, records),
        failures=any(not record.success for record, _ in shown),
        videos=[(record, base64.b64encode(content).decode()) for record, content in shown],
        origin=document,
        version=wam_demo.__version__,
        made=[("report written", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")), *origin],
        goals=[(TASKS[task].title, TASKS[task].goal) for task in spec.tasks],
        pictures=severity_strips([axis for axis in spec.axes if axis != NOMINAL]),
    )


def _charts(spec: GridSpec, records: Sequence[EpisodeRecord]) -> list[str]:
    """A radar over the axes, if there are three at least, and a curve over the severities of each."""
    axes = [axis for axis in spec.axes if axis not in UNGRADED]
    found = []
    if len(axes) > 2:
        rates = {policy: [_overall(records, policy, axis) for axis in axes] for policy in spec.policies}
        found.append(radar(axes, rates, title="Success rate by axis, all severities together"))
    return found + [curves({p: _points(records, p, axis) for p in spec.policies}, title=axis) for axis in axes]


def _overall(records: Sequence[EpisodeRecord], policy: str, axis: str) -> float | None:
    counted = [r.success for r in records if (r.policy, r.axis) == (policy, axis) and r.counts]
    return sum(counted) / len(counted) if counted else None


def _points(records: Sequence[EpisodeRecord], policy: str, axis: str) -> list[Point]:
    """Rate by severity over all tasks; the nominal scene is severity 0."""
    return [
        Point(row.cell.severity, row.rate, row.ci95.low, row.ci95.high)
        for row in [*pooled(records, policy, NOMINAL), *pooled(records, policy, axis)]
        if row.rate is not None and row.ci95 is not None
    ]


def _rows(cells: Sequence[CellSnapshot]) -> dict[tuple[str, str], dict[int, CellSnapshot]]:
    """Cells by task and axis, then severity."""
    rows: dict[tuple[str, str], dict[int, CellSnapshot]] = {}
    for cell in cells:
        rows.setdefault((cell.cell.task, cell.cell.axis), {})[cell.cell.severity] = cell
    return rows


def _panels(spec: GridSpec, records: Sequence[EpisodeRecord]) -> list[tuple[str, str, list[float | None]]]:
    """Policy, number that it showed, and its mean over all episodes, successes and failures."""
    rows = []
    for policy in spec.policies:
        mine = [record for record in records if record.policy == policy and record.counts]
        for name in dict.fromkeys(name for record in mine for name in record.panel_means):
            shown = [(record.panel_means[name], record.success) for record in mine if name in record.panel_means]
            groups = ([m for m, success in shown if success in kept] for kept in ((True, False), (True,), (False,)))
            rows.append((policy, name, [sum(group) / len(group) if group else None for group in groups]))
    return rows
