"""A grid as results for machines: one JSON document, and its cells and episodes as CSV."""

from __future__ import annotations

import csv
import hashlib
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from wam_demo.config import SCENES
from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.executors.executor import control_of
from wam_demo.evaluate.grid.comparisons import compare_policies, compare_together, paired_document
from wam_demo.evaluate.grid.costs import Cost, costs
from wam_demo.evaluate.specs.cells import CellSnapshot, pooled, snapshot, tally
from wam_demo.evaluate.specs.evaluation import UNGRADED
from wam_demo.evaluate.specs.grid import Cell, GridSpec, split_policy
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.policies.compute.variants import EAGER

EPISODE_COLUMNS = (
    "policy", "task", "axis", "severity", "seed", "success", "success_final", "steps", "outcome", "fault",
    "goal_distance_m", "closest_m",
)  # fmt: skip
"""What is said of an episode; its actions and the course of its distance stay in the journal."""


def grid_document(
    spec: GridSpec, weights: Mapping[str, str | None], records: Iterable[EpisodeRecord]
) -> dict[str, Any]:
    """Everything that a finished or unfinished grid says, JSON-serialisable.

    Every policy but the first is compared with the first on the scenes that both have finished, and every
    condition with the nominal scenes.
    """
    records = sorted(records, key=lambda record: record.key)
    return {
        "grid": spec.document(),
        "weights": dict(weights),
        "scenes_sha256": scenes_digest(),
        "command": command(spec),
        "cells": [cell.document() for cell in tally(spec.cells(), records, spec.episodes)],
        "comparisons": [
            {
                "first": spec.policies[0],
                "second": other,
                "conditions": [row.document() for row in compare_policies(spec, records, spec.policies[0], other)],
            }
            for other in spec.policies[1:]
        ],
        "costs": [cost.document() for cost in costs(spec, records)],
        "episodes": [episode_row(record) for record in records],
    }


def condition_document(
    spec: GridSpec, weights: Mapping[str, str | None], records: Iterable[EpisodeRecord]
) -> dict[str, Any]:
    """A grid of one axis and severity with at most two policies, as one evaluation.

    Returns:
        What `policy_document` says about the first policy; with a second one also its document as ``compare`` and
        the comparison of the scenes that both have finished.

    Raises:
        InvalidInputError: There are two policies, and no scene that counts for both.
    """
    records = sorted(records, key=lambda record: record.key)
    content, *others = [policy_document(spec, policy, weights[policy], records) for policy in spec.policies]
    if others:
        first, second = spec.policies
        together = compare_together(spec, records, first, second).paired
        if together is None:
            raise InvalidInputError("no scene counts for both policies: there is nothing to compare")
        content = {**content, **paired_document(together), "compare": others[0]}
    return {**content, "weights": dict(weights), "scenes_sha256": scenes_digest(), "command": command(spec)}


def policy_document(
    spec: GridSpec, policy: str, checkpoint_sha256: str | None, records: Sequence[EpisodeRecord]
) -> dict[str, Any]:
    """One policy of a grid of one axis and severity.

    Returns:
        JSON-serialisable; rates are pooled over the tasks, ``tasks`` has them one by one. ``n`` leaves out what
        says nothing about the policy (simulator faults, a busy server); without any other episode ``rate`` and
        ``ci95`` are ``None``.
    """
    cells = [cell for cell in spec.cells() if cell.policy == policy]
    mine = {cell.task: [record for record in records if record.cell == cell] for cell in cells}
    everything = [record for episodes in mine.values() for record in episodes]
    control = control_of(spec, policy)
    return {
        "policy": split_policy(policy)[0],
        "checkpoint_sha256": checkpoint_sha256,
        "task": ",".join(mine),
        "axis": cells[0].axis,
        "severity": cells[0].severity,
        "instruction": spec.instruction,
        "execute": control.execute,
        "latency": control.latency,
        "linger": spec.linger,
        "calibration": spec.calibration,
        "compute": spec.compute,
        **_rates(cells[0], everything),
        "outcomes": dict(Counter(record.outcome for record in everything)),
        "tasks": {task: _rates(cells[0], episodes) for task, episodes in mine.items()},
        "episodes": [
            {**asdict(record.result), "goal_distance_m": record.goal_distance_m, "closest_m": record.closest_m}
            for record in everything
        ],
    }


def _rates(cell: Cell, episodes: Sequence[EpisodeRecord]) -> dict[str, Any]:
    document = snapshot(cell, episodes, len(episodes)).document()
    return {name: document[name] for name in ("n", "successes", "rate", "ci95", "sim_faults", "policy_busy")}


def episode_row(record: EpisodeRecord) -> dict[str, Any]:
    """An episode without its actions."""
    return {name: getattr(record, name) for name in EPISODE_COLUMNS}


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Rows as CSV, their keys as the header; an interval becomes two columns.

    Args:
        path: Replaced if it exists.
        rows: At least one, all with the same keys.
    """
    flat = [dict(_flat(row)) for row in rows]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(flat[0]))
        writer.writeheader()
        writer.writerows(flat)
    return path


def severity_table(spec: GridSpec, records: Sequence[EpisodeRecord], policy: str) -> str:
    """Markdown: successes of a policy by axis and severity, all tasks together, with 95 % intervals in percent."""
    columns = sorted({cell.severity for cell in spec.cells()})
    lines = [
        f"| `{policy}` | " + " | ".join("nominal" if column == 0 else str(column) for column in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for axis in spec.axes:
        rows = {row.cell.severity: row for row in pooled(records, policy, axis)}
        lines.append(f"| `{axis}` | " + " | ".join(_in_words(rows.get(column)) for column in columns) + " |")
    return "\n".join(lines) + "\n"


def cost_table(found: Sequence[Cost], policy: str) -> str:
    """Markdown: what each axis changes against the nominal scenes; success in points, time in seconds."""
    lines = [
        f"| `{policy}` | severity | pairs | success, points | p (Holm) | longer by [s] |",
        "|---|---|---|---|---|---|",
    ]
    for cost in found:
        if cost.policy == policy:
            success, (low, high) = cost.success, astuple(cost.success.interval)
            points = f"{100 * success.difference:+.0f} [{100 * low:+.0f}, {100 * high:+.0f}]"
            seconds = f"{cost.longer_s:+.1f} [{cost.longer.low:+.1f}, {cost.longer.high:+.1f}]"
            row = (f"`{cost.axis}`", cost.severity, success.pairs, points, f"{cost.p_holm:.2g}", seconds)
            lines.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join(lines) + "\n"


def _in_words(row: CellSnapshot | None) -> str:
    if row is None or row.ci95 is None:
        return ""
    faults = f", {row.sim_faults} sim faults" if row.sim_faults else ""
    return f"{row.successes}/{row.n} ({100 * row.ci95.low:.0f}-{100 * row.ci95.high:.0f}){faults}"


def _flat(row: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        if name.endswith("ci95"):
            low, high = value or (None, None)
            yield f"{name}_low", low
            yield f"{name}_high", high
        else:
            yield name, value


def command(spec: GridSpec) -> str:
    """The command line that plays this grid again."""
    words = ["python", "-m", "wam_demo", "eval", "--policy", spec.policies[0]]
    if len(spec.policies) > 1:
        words += ["--compare", ",".join(spec.policies[1:])]
    words += ["--task", ",".join(spec.tasks), "--axis", ",".join(spec.axes)]
    if not set(spec.axes) <= set(UNGRADED):
        words += ["--severity", ",".join(map(str, spec.severities))]
    for name in ("episodes", "seed", "execute", "latency", "linger"):
        words += [f"--{name}", str(getattr(spec, name))]
    if spec.instruction is not None:
        words += ["--instruction", spec.instruction]
    if spec.calibration != "stale":
        words += ["--calibration", spec.calibration]
    if spec.compute != EAGER:
        words += ["--compute", spec.compute]
    return shlex.join(words)


def scenes_digest() -> str:
    """SHA-256 over the names and contents of all scene files."""
    digest = hashlib.sha256()
    for path in sorted(SCENES.rglob("*.xml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
