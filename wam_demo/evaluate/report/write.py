"""A grid's folder as files to keep: results.json, CSV, and one HTML page with pictures and videos inside."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from wam_demo.errors import DataError
from wam_demo.evaluate.grid.costs import costs
from wam_demo.evaluate.grid.document import cost_table, grid_document, severity_table, write_csv
from wam_demo.evaluate.grid.replays import Replays
from wam_demo.evaluate.grid.run import VIDEOS, read_grid, read_origin
from wam_demo.evaluate.output import prepare_output
from wam_demo.evaluate.report.page import page
from wam_demo.evaluate.specs.grid import Cell, GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord, worst_first

HTML_NAME, GRID_NAME = "report.html", "grid.json"
CELLS_NAME, EPISODES_NAME, TABLE_NAME = "cells.csv", "episodes.csv", "table.md"
VIDEOS_PER_POLICY = 4


@dataclass(frozen=True)
class Report:
    """Where the files of a report lie; ``table`` is Markdown."""

    html: Path
    json: Path
    table: Path
    cells_csv: Path
    episodes_csv: Path


def write_report(out: Path, videos: int = VIDEOS_PER_POLICY, replays: Replays | None = None) -> Report:
    """Write every file of the report into a grid's folder, also while the grid is running.

    Args:
        out: Folder with a journal.
        videos: Episodes shown of each policy, worst failures first.
        replays: Renders them; its own by default.

    Raises:
        InvalidInputError: There is no journal, or the folder is not writable.
        DataError: The journal is damaged.
    """
    spec, weights, records = read_grid(prepare_output(out))
    origin = read_origin(out)
    document = {**grid_document(spec, weights, records), "origin": dict(origin)}
    own = Replays(spec, out / VIDEOS) if replays is None else None
    try:
        shown = shown_episodes(spec, records, replays or own, videos)  # type: ignore[arg-type]
    finally:
        if own is not None:
            own.close()
    json_path = out / GRID_NAME
    json_path.write_text(json.dumps({"schema": "wam_demo.grid", "schema_version": 2, **document}, indent=1) + "\n")
    html_path, table_path = out / HTML_NAME, out / TABLE_NAME
    html_path.write_text(page(spec, document, records, shown, origin))
    found = costs(spec, records)
    tables = [severity_table(spec, records, policy) for policy in spec.policies]
    tables += [cost_table(found, policy) for policy in spec.policies if found]
    table_path.write_text("\n".join(tables))
    header = [dict.fromkeys(("policy", "task", "axis", "severity", "seed"), None)]
    return Report(
        html=html_path,
        json=json_path,
        table=table_path,
        cells_csv=write_csv(out / CELLS_NAME, document["cells"]),
        episodes_csv=write_csv(out / EPISODES_NAME, document["episodes"] or header),
    )


def shown_episodes(
    spec: GridSpec, records: Sequence[EpisodeRecord], replays: Replays, videos: int
) -> list[tuple[EpisodeRecord, bytes]]:
    """The worst episodes of each policy with their videos, at most one a cell while there are others."""
    shown: list[tuple[EpisodeRecord, bytes]] = []
    for policy in spec.policies:
        found = (_filmed(record, replays) for record in _in_turns(policy, records))
        shown += islice((filmed for filmed in found if filmed), videos)
    return sorted(shown, key=lambda one: worst_first(one[0]))


def _in_turns(policy: str, records: Sequence[EpisodeRecord]) -> list[EpisodeRecord]:
    """Failures before successes, and the worst of every cell before the second worst of any."""
    mine = sorted((record for record in records if record.policy == policy and record.counts), key=worst_first)
    places: Counter[Cell] = Counter()
    turns = []
    for record in mine:
        places[record.cell] += 1
        turns.append((record.success, places[record.cell], worst_first(record), record))
    return [turn[-1] for turn in sorted(turns, key=lambda turn: turn[:-1])]


def _filmed(record: EpisodeRecord, replays: Replays) -> tuple[EpisodeRecord, bytes] | None:
    """An episode with its video; ``None`` if scenes have changed since, or the policy failed."""
    try:
        return record, replays.video(record).read_bytes()
    except DataError:
        return None
