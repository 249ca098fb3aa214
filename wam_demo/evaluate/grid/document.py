"""A grid as results for machines: one JSON document, and its cells and episodes as CSV."""

from __future__ import annotations

import csv
import hashlib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from wam_demo.config import SCENES
from wam_demo.evaluate.grid.comparisons import compare_policies
from wam_demo.evaluate.grid.costs import Cost, costs
from wam_demo.evaluate.specs import evaluation
from wam_demo.evaluate.specs.cells import CellSnapshot, pooled, tally
from wam_demo.evaluate.specs.evaluation import NOMINAL
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord

EPISODE_COLUMNS = (
    "policy", "task", "axis", "severity", "seed", "success", "success_final", "steps", "outcome", "fault", "miss_m",
)  # fmt: skip
"""What is told of an episode; its actions stay in the journal."""


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
        As `evaluation.summarise`; with a second policy also its document as ``compare`` and what
        `evaluation.compare` says about the scenes that both have finished.
    """
    records = sorted(records, key=lambda record: record.key)
    documents, results = [], []
    for policy in spec.policies:
        cells = [cell for cell in spec.cells() if cell.policy == policy]
        episodes = [record.result for cell in cells for record in records if record.cell == cell]
        documents.append(evaluation.summarise([spec.condition(cell) for cell in cells], episodes, weights[policy]))
        results.append({(episode.task, episode.seed): episode for episode in episodes})
    content = documents[0]
    if len(documents) == 2:
        both = [scene for scene in results[0] if scene in results[1]]
        comparison = evaluation.compare([results[0][scene] for scene in both], [results[1][scene] for scene in both])
        content = {**content, **comparison, "compare": documents[1]}
    return {**content, "weights": dict(weights), "scenes_sha256": scenes_digest(), "command": command(spec)}


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


def severity_table(spec: GridSpec, cells: Sequence[CellSnapshot], policy: str) -> str:
    """Markdown: successes of a policy by axis and severity, all tasks together, with 95 % intervals in percent."""
    columns = sorted({cell.severity for cell in spec.cells()})
    lines = [
        f"| `{policy}` | " + " | ".join("nominal" if column == 0 else str(column) for column in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for axis in spec.axes:
        rows = {row.cell.severity: row for row in pooled(cells, policy, axis)}
        lines.append(f"| `{axis}` | " + " | ".join(_in_words(rows.get(column)) for column in columns) + " |")
    return "\n".join(lines) + "\n"


def cost_table(found: Sequence[Cost], policy: str) -> str:
    """Markdown: what each axis changes against the nominal scenes; success in points, time in seconds."""
    lines = [
        f"| `{policy}` | severity | pairs | success, points | McNemar p | longer by [s] |",
        "|---|---|---|---|---|---|",
    ]
    for cost in found:
        if cost.policy == policy:
            success, (low, high) = cost.success, astuple(cost.success.interval)
            points = f"{100 * success.difference:+.0f} [{100 * low:+.0f}, {100 * high:+.0f}]"
            seconds = f"{cost.longer_s:+.1f} [{cost.longer.low:+.1f}, {cost.longer.high:+.1f}]"
            row = (f"`{cost.axis}`", cost.severity, cost.pairs, points, f"{success.p_value:.2g}", seconds)
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
    if spec.axes != (NOMINAL,):
        words += ["--severity", ",".join(map(str, spec.severities))]
    for name in ("episodes", "seed", "execute", "latency", "linger"):
        words += [f"--{name}", str(getattr(spec, name))]
    if spec.instruction is not None:
        words += ["--instruction", spec.instruction]
    return shlex.join(words)


def scenes_digest() -> str:
    """SHA-256 over the names and contents of all scene files."""
    digest = hashlib.sha256()
    for path in sorted(SCENES.rglob("*.xml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
