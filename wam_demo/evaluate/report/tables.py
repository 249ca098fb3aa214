"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.statistics.power import detectable_difference, scenes_needed
from wam_demo.types import CONTROL_HZ


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns aligned for a terminal; numbers to the right, text to the left."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    numeric = [all(isinstance(row[i], (int, float)) for row in rows) for i in range(len(headers))]

    def line(row: Sequence[str]) -> str:
        aligned = (
            value.rjust(width) if number else value.ljust(width)
            for value, width, number in zip(row, widths, numeric, strict=True)
        )
        return "  ".join(aligned).rstrip()

    return "\n".join([line(headers), line(["-" * w for w in widths]), *map(line, cells)])


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def evaluation_table(documents: Sequence[Mapping[str, Any]]) -> str:
    """Success rates of one or two policies, task by task."""
    rows = [
        [
            document["policy"],
            task,
            document["axis"],
            document["severity"],
            rates["n"],
            rates["successes"],
            None if rates["rate"] is None else f"{rates['rate']:.3f}",
            None if rates["ci95"] is None else "[{:.3f}, {:.3f}]".format(*rates["ci95"]),
        ]
        for document in documents
        for task, rates in document["tasks"].items()
    ]
    headers = ["policy", "task", "axis", "severity", "n", "successes", "rate", "95 % interval"]
    return table(headers, rows)


def grid_table(cells: Sequence[Mapping[str, Any]]) -> str:
    """Success rates of every cell of a grid, as `CellSnapshot.document` gives them."""
    rows = [
        [
            cell["policy"],
            cell["task"],
            cell["axis"],
            cell["severity"],
            cell["n"],
            cell["successes"],
            cell["held"],
            cell["sim_faults"],
            "[{:.3f}, {:.3f}]".format(*cell["ci95"]) if cell["ci95"] else None,
        ]
        for cell in cells
    ]
    headers = ["policy", "task", "axis", "severity", "n", "successes", "held", "sim faults", "95 % interval"]
    return table(headers, rows)


def comparison_lines(policies: Sequence[str], content: Mapping[str, Any]) -> list[str]:
    """What an evaluation's content says about the first policy against each other, all conditions together."""
    if "p_value" in content:
        return [comparison_line(policies[0], policies[1], content)]
    found = [(row["first"], row["second"], row["conditions"][0]) for row in content.get("comparisons", [])]
    return [comparison_line(*row) for row in found if row[-1]["difference"] is not None]


def comparison_line(first: str, second: str, comparison: Mapping[str, Any]) -> str:
    """One sentence about the difference of two policies."""
    low, high = comparison["difference_ci95"]
    return (
        f"{first} - {second}: {comparison['difference']:+.3f} [{low:+.3f}, {high:+.3f}], "
        f"p = {comparison['p_value']:.3g} ({comparison['pairs']} pairs on {comparison['seeds']} seeds)"
    )


def sequential_line(result: Mapping[str, Any]) -> str:
    """One sentence about a sequential comparison."""
    decided = result["decided_after"]
    verdict = "not decided" if decided is None else f"decided after {decided} seeds"
    return f"sequential test at level {result['alpha']:g}: {verdict}, p = {result['p_value']:.3g} at any time"


def power_line(spec: GridSpec) -> str:
    """One sentence, before a grid is played, about how large a difference of two policies it can show."""
    conditions = len(spec.cells()) // len(spec.policies)
    found = detectable_difference(spec.episodes, conditions=conditions)
    shows = "show none" if found is None else f"show one of {100 * found:.0f} points with power 80 %"
    scenes = scenes_needed(0.1, conditions=conditions)
    return (
        f"difference of two policies: {spec.episodes} scenes under {conditions} condition(s) {shows}; "
        f"10 points need {scenes} scenes"
    )


def imagination_table(document: Mapping[str, Any], horizon_title: str = "step") -> str:
    """Imagination by horizon, each measure beside that of repeating the last frame."""
    intervals = document.get("psnr_gain_ci95", {})
    names = [name for name in ("ssim", "feature_distance") if name in document]
    rows = []
    for horizon, value in document["psnr"].items():
        gain = value - document["psnr_copy_last"][horizon]
        interval = intervals.get(horizon)
        shown = f"{gain:+.1f} [{interval[0]:+.1f}, {interval[1]:+.1f}]" if interval else f"{gain:+.1f}"
        others = [part for name in names for part in (document[name][horizon], document[f"{name}_copy_last"][horizon])]
        rows.append([f"+{horizon}", value, document["psnr_copy_last"][horizon], shown, *others])
    titles = {"ssim": "SSIM", "feature_distance": "feature distance"}
    return table(
        [horizon_title, "PSNR", "last frame", "gain", *(t for name in names for t in (titles[name], "last frame"))],
        rows,
    )


def openloop_table(document: Mapping[str, Any]) -> str:
    """Errors by step ahead on a recording: planned TCP [cm], and PSNR [dB] of imagined and repeated frames."""
    actions, found = document["action_error_by_step"] or {}, document["psnr_by_step"] or {}
    copied = document["psnr_copy_last_by_step"] or {}
    steps = sorted({*actions, *found}, key=int)
    rows = [[f"+{k}", 100 * actions[k] if k in actions else None, found.get(k), copied.get(k)] for k in steps]
    return table(["step", "TCP error cm", "PSNR", "last frame"], rows) + _domain_words(document["domain"])


def _domain_words(domain: Mapping[str, Any] | None) -> str:
    """Whether the recording is inside the training domain, as a line of its own; empty without imagination."""
    if domain is None:
        return ""
    if domain["verdict"] == "still":
        return "\n\ntraining domain: nothing moves enough to tell"
    gain, ahead = domain["gain_db"], f"+{domain['steps_ahead'] / CONTROL_HZ:g} s"
    return (
        f"\n\ntraining domain: {domain['verdict']}; at {ahead} imagination is {abs(gain):.1f} dB "
        f"{'better' if gain > 0 else 'worse'} than the last frame, better in {domain['better']} of {domain['moments']}"
    )


def label_table(document: Mapping[str, Any]) -> str:
    """Labels against what was recorded: median distance of the TCP [cm], shares of steps [%]."""
    apart = document["label_cm"] or {}
    rows: list[list[object]] = [
        [f"TCP after {int(k) / CONTROL_HZ:g} s, median cm", value] for k, value in apart.items()
    ]
    shares = {
        "gripper agrees, % of steps": document["gripper_agreement"],
        "not decodable, % of steps": document["undecoded"],
    }
    shares |= {f"TCP found in {camera}, % of steps": share for camera, share in document["seen"].items()}
    rows += [[name, 100 * share] for name, share in shares.items() if share is not None]
    return table([f"{document['labels']} labels", ""], rows)


def probe_table(documents: Sequence[Mapping[str, Any]], difference: Mapping[str, Any] | None = None) -> str:
    """Grounding measures with their 95 % intervals: each policy, its two phases, and the difference."""
    columns: dict[str, Mapping[str, Any]] = {}
    for number, document in enumerate(documents):
        name = document["policy"] if number == 0 or document["policy"] not in columns else f"{document['policy']} (2)"
        columns |= {name: document, **{f"{name}, {phase}": part for phase, part in document["phases"].items()}}
    if difference is not None:
        columns["difference"] = difference
    values = {name: dict(_flatten(content, "")) for name, content in columns.items()}
    intervals = {name: _pairs(content["ci95"]) for name, content in columns.items()}
    measures = list(dict.fromkeys(key for pairs in intervals.values() for key in pairs))
    rows = [
        [measure, *(_with_interval(values[name].get(measure), intervals[name].get(measure)) for name in columns)]
        for measure in measures
    ]
    return table(["measure", *columns], rows)


def invariance_table(documents: Sequence[Mapping[str, Any]]) -> str:
    """Change of the last block's features and of the plan by axis, with 95 % intervals."""
    rows = [
        [
            found["name"],
            axis,
            _with_interval(change["features"][-1], change["features_ci95"][-1]),
            _with_interval(change["plan_cm"], change["plan_cm_ci95"]) if "plan_cm" in change else "-",
        ]
        for found in documents
        for axis, change in found["axes"].items()
    ]
    return table(["features of", "axis", "change / variance", "plan at +0.8 s [cm]"], rows)


def _with_interval(value: object, interval: Sequence[float] | None) -> str:
    return "-" if interval is None else f"{value:.3g} [{interval[0]:.3g}, {interval[1]:.3g}]"


def _pairs(content: Mapping[str, Any], prefix: str = "") -> dict[str, Sequence[float]]:
    """Intervals by the dotted name of their measure."""
    pairs: dict[str, Sequence[float]] = {}
    for name, value in content.items():
        pairs |= _pairs(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return pairs


def measure_table(content: Mapping[str, Any]) -> str:
    """Name and value of every measurement, nested ones as ``name.key``."""
    return table(["measure", "value"], list(_flatten(content, "")))


def _flatten(content: Mapping[str, Any], prefix: str) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, value in content.items():
        if isinstance(value, Mapping):
            rows += _flatten(value, f"{prefix}{name}.")
        elif not isinstance(value, (list, tuple)):
            rows.append((prefix + name, value))
    return rows
