"""A grid as one HTML page: charts, tables, videos, hashes, and the command that repeats it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import wam_demo
from wam_demo.evaluate.report.svg import Point, curves, legend, radar
from wam_demo.evaluate.specs.cells import CellSnapshot, pooled
from wam_demo.evaluate.specs.evaluation import NOMINAL
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord


def page(
    spec: GridSpec,
    document: Mapping[str, Any],
    cells: Sequence[CellSnapshot],
    shown: Sequence[tuple[EpisodeRecord, bytes]],
) -> str:
    """The HTML page: no script, nothing loaded from anywhere.

    Args:
        spec: The grid.
        document: From `grid_document`.
        cells: From `tally`.
        shown: Episodes with their mp4.
    """
    finished = sum(cell.finished for cell in cells)
    sections = [
        "<h1>Robustness report</h1>",
        f"<p>{finished} of {spec.total} episodes: {spec.episodes} scenes in each of {len(cells)} cells, the same "
        "scenes for every policy. Rates count an episode as a success "
        "when the goal was held for 0.5 s at some time; intervals are 95 % (Wilson). Simulator faults are counted "
        "apart.</p>",
        legend(spec.policies),
        _charts(spec, cells),
        *(_grid(policy, [cell for cell in cells if cell.cell.policy == policy]) for policy in spec.policies),
        *(_comparison(comparison) for comparison in document["comparisons"]),
        _costs(document["costs"]),
        _videos(shown),
        _origin(document),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Robustness report</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(sections)}</main></body></html>\n"
    )


def _charts(spec: GridSpec, cells: Sequence[CellSnapshot]) -> str:
    axes = [axis for axis in spec.axes if axis != NOMINAL]
    if not axes:
        return ""
    parts = []
    if len(axes) > 2:
        rates = {policy: [_overall(cells, policy, axis) for axis in axes] for policy in spec.policies}
        parts.append(radar(axes, rates, title="Success rate by axis, all severities together"))
    parts += [curves({p: _points(cells, p, axis) for p in spec.policies}, title=axis) for axis in axes]
    return f'<h2>Success by axis and severity</h2><div class="charts">{"".join(parts)}</div>'


def _overall(cells: Sequence[CellSnapshot], policy: str, axis: str) -> float | None:
    rows = pooled(cells, policy, axis)
    n = sum(row.n for row in rows)
    return sum(row.successes for row in rows) / n if n else None


def _points(cells: Sequence[CellSnapshot], policy: str, axis: str) -> list[Point]:
    """Rate by severity over all tasks; the nominal scene is severity 0."""
    rows = [*pooled(cells, policy, NOMINAL), *pooled(cells, policy, axis)]
    return [
        Point(row.cell.severity, row.rate, row.ci95.low, row.ci95.high)
        for row in rows
        if row.rate is not None and row.ci95 is not None
    ]


def _grid(policy: str, cells: Sequence[CellSnapshot]) -> str:
    severities = sorted({cell.cell.severity for cell in cells})
    rows: dict[tuple[str, str], dict[int, CellSnapshot]] = {}
    for cell in cells:
        rows.setdefault((cell.cell.task, cell.cell.axis), {})[cell.cell.severity] = cell
    head = "".join(f"<th>{'nominal' if severity == 0 else severity}</th>" for severity in severities)
    body = "".join(
        f"<tr><th>{escape(task)}</th><th>{escape(axis)}</th>"
        + "".join(_cell(row[severity]) if severity in row else "<td></td>" for severity in severities)
        + "</tr>"
        for (task, axis), row in rows.items()
    )
    head = f"<tr><th>task</th><th>axis</th>{head}</tr>"
    return f"<h2>{escape(policy)}</h2><div class='scroll'><table>{head}{body}</table></div>"


def _cell(cell: CellSnapshot) -> str:
    if cell.rate is None or cell.ci95 is None:
        return "<td class='rate'>-</td>"
    faults = f"<small>{cell.sim_faults} sim faults</small>" if cell.sim_faults else ""
    return (
        f"<td class='rate' style='--rate:{cell.rate:.3f}'><b>{cell.successes}/{cell.n}</b>"
        f"<small>{100 * cell.ci95.low:.0f}-{100 * cell.ci95.high:.0f} %</small>"
        f"<small>held {cell.held}/{cell.n}</small>{faults}</td>"
    )


def _comparison(comparison: Mapping[str, Any]) -> str:
    rows = []
    for row in comparison["conditions"]:
        if row["difference"] is None:
            continue
        low, high = row["difference_ci95"]
        where = f"{row['task']}, {row['axis']} {row['severity']}" if row["severity"] else f"{row['task']}, nominal"
        where = where if row["task"] else "all together"
        rows.append(
            f"<tr><th>{escape(where)}</th><td>{row['pairs']}</td><td>{100 * row['difference']:+.1f}</td>"
            f"<td>{100 * low:+.1f} .. {100 * high:+.1f}</td>"
            f"<td>{row['mcnemar_p']:.3g}</td><td>{row['anytime_p']:.3g}</td></tr>"
        )
    return (
        f"<h2>{escape(comparison['first'])} minus {escape(comparison['second'])}</h2>"
        "<p>Same scenes for both; difference in percentage points with Newcombe's paired interval, exact McNemar test, "
        "and a p-value that stays valid however often one looks. One of many small p-values is small by chance.</p>"
        "<div class='scroll'><table><tr><th>condition</th><th>pairs</th><th>difference</th><th>95 % interval</th>"
        f"<th>McNemar p</th><th>anytime p</th></tr>{''.join(rows)}</table></div>"
    )


def _costs(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    body = []
    for row in rows:
        (low, high), (soon, late) = row["difference_ci95"], row["longer_ci95"]
        body.append(
            f"<tr><th>{escape(row['policy'])}</th><th>{escape(row['axis'])} {row['severity']}</th>"
            f"<td>{row['pairs']}</td><td>{100 * row['difference']:+.1f}</td>"
            f"<td>{100 * low:+.1f} .. {100 * high:+.1f}</td><td>{row['mcnemar_p']:.3g}</td>"
            f"<td>{row['longer_s']:+.2f} s</td><td>{soon:+.2f} .. {late:+.2f} s</td></tr>"
        )
    return (
        "<h2>What each disturbance costs</h2>"
        "<p>Each condition beside the nominal scenes of the same seeds: success in percentage points with Newcombe's "
        "paired interval and exact McNemar test, and how much longer an episode takes (bootstrap; a failure counts as "
        "long as it was played).</p>"
        "<div class='scroll'><table><tr><th>policy</th><th>condition</th><th>pairs</th><th>success</th>"
        "<th>95 % interval</th><th>McNemar p</th><th>longer by</th><th>95 % interval</th></tr>"
        f"{''.join(body)}</table></div>"
    )


def _videos(shown: Sequence[tuple[EpisodeRecord, bytes]]) -> str:
    if not shown:
        return ""
    figures = []
    for record, content in shown:
        what = "success" if record.success_final else "success, not held" if record.success else record.outcome
        where = f"{record.axis} {record.severity}" if record.severity else "nominal"
        caption = f"{record.policy}: {record.task}, {where}, seed {record.seed}: {what}"
        data = base64.b64encode(content).decode()
        figures.append(
            f'<figure><video controls muted loop playsinline preload="metadata" '
            f'src="data:video/mp4;base64,{data}"></video><figcaption>{escape(caption)}</figcaption></figure>'
        )
    return f'<h2>Episodes, worst failures first</h2><div class="videos">{"".join(figures)}</div>'


def _origin(document: Mapping[str, Any]) -> str:
    weights = "".join(
        f"<tr><th>{escape(policy)}</th><td><code>{digest or 'no weights'}</code></td></tr>"
        for policy, digest in document["weights"].items()
    )
    return (
        f"<h2>Repeat it</h2><pre>{escape(document['command'])}</pre>"
        f"<div class='scroll'><table><tr><th>what</th><th>SHA-256</th></tr>{weights}"
        f"<tr><th>scenes</th><td><code>{document['scenes_sha256']}</code></td></tr></table></div>"
        f"<p>wam_demo {escape(wam_demo.__version__)}</p>"
    )


_STYLE = """
:root{color-scheme:light dark;--bg:#fff;--ink:#1b2430;--faint:#5d6b7c;--line:#d9dfe7}
@media(prefers-color-scheme:dark){:root{--bg:#12171e;--ink:#e6ebf2;--faint:#9aa7b8;--line:#2c3642}}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 16px 64px}
h1{margin:0 0 8px;font-size:26px}h2{margin:36px 0 10px;font-size:18px}
p,figcaption,small{color:var(--faint)}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;border-bottom:1px solid var(--line);text-align:left;font-weight:400}
tr:first-child th{color:var(--faint);font-size:13px}
td small{display:block;font-size:11px;line-height:1.3}
.rate{text-align:center;min-width:74px;border:2px solid var(--bg);border-radius:8px;
background:color-mix(in oklab,#2f9468 calc(var(--rate,0)*100%),#c8554f);color:#fff}
.rate small{color:#fffd}
td.rate:not([style]){background:none;color:var(--faint)}
.charts{display:flex;flex-wrap:wrap;gap:18px}.charts svg{max-width:100%;height:auto}
.legend{display:flex;gap:18px;flex-wrap:wrap}
.key i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:6px}
.videos{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:16px}
figure{margin:0}video{width:100%;border-radius:8px;background:#0003}figcaption{font-size:13px}
pre{padding:12px;border:1px solid var(--line);border-radius:8px;white-space:pre-wrap;overflow-wrap:anywhere}
code{font-size:12px;overflow-wrap:anywhere}
"""
