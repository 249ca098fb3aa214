"""Results for machines (results.json) and for people (tables on the terminal)."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import wam_demo
from wam_demo.errors import InvalidInputError

RESULTS_NAME = "results.json"


def prepare_output(directory: Path) -> Path:
    """Create the output folder and prove that it can be written to, before work starts.

    Raises:
        InvalidInputError: It cannot be created or written to.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=directory):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise InvalidInputError(f"cannot write to {directory}: {reason}") from None
    return directory


def write_results(directory: Path, command: str, content: Mapping[str, Any]) -> Path:
    """Write ``results.json`` atomically, with schema name and version first.

    Args:
        directory: Exists and is writable.
        command: Command name; the schema is ``wam_demo.<command>``.
        content: JSON-serialisable, without NaN or infinity.

    Returns:
        The path of the file.
    """
    header = {
        "schema": f"wam_demo.{command}",
        "schema_version": 1,
        "wam_demo_version": wam_demo.__version__,
    }
    text = json.dumps({**header, **content}, indent=1, allow_nan=False)
    path = directory / RESULTS_NAME
    partial = directory / f".{RESULTS_NAME}.{os.getpid()}"
    partial.write_text(text + "\n")
    partial.replace(path)
    return path


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
            f"{rates['rate']:.3f}",
            "[{:.3f}, {:.3f}]".format(*rates["ci95"]),
        ]
        for document in documents
        for task, rates in document["tasks"].items()
    ]
    headers = ["policy", "task", "axis", "severity", "n", "successes", "rate", "95 % interval"]
    return table(headers, rows)


def comparison_line(first: str, second: str, comparison: Mapping[str, Any]) -> str:
    """One sentence about the difference of two policies."""
    low, high = comparison["difference_ci95"]
    return (
        f"{first} - {second}: {comparison['difference']:+.3f} [{low:+.3f}, {high:+.3f}], "
        f"McNemar p = {comparison['mcnemar_p']:.3g}"
    )


def imagination_table(document: Mapping[str, Any]) -> str:
    """PSNR [dB] and SSIM by horizon, of imagination and of repeating the last frame."""
    rows = [
        [
            f"+{horizon}",
            value,
            document["psnr_copy_last"][horizon],
            value - document["psnr_copy_last"][horizon],
            document["ssim"][horizon],
            document["ssim_copy_last"][horizon],
        ]
        for horizon, value in document["psnr"].items()
    ]
    return table(["step", "PSNR", "last frame", "gain", "SSIM", "last frame"], rows)


def openloop_table(document: Mapping[str, Any]) -> str:
    """Errors by step ahead on a recording: planned TCP [cm], and PSNR [dB] of imagined and repeated frames."""
    actions, found = document["action_error_by_step"] or {}, document["psnr_by_step"] or {}
    copied = document["psnr_copy_last_by_step"] or {}
    steps = sorted({*actions, *found}, key=int)
    rows = [[f"+{k}", 100 * actions[k] if k in actions else None, found.get(k), copied.get(k)] for k in steps]
    return table(["step", "TCP error cm", "PSNR", "last frame"], rows)


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
