"""The folder of a command's results, and results.json in it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import wam_demo
from wam_demo.errors import InvalidInputError

RESULTS_NAME = "results.json"
SCHEMA_VERSIONS = {"eval": 2}
"""Versions of results.json by command; 1 unless named."""
FREE_BYTES = 16 * 2**20
"""Room [bytes] that must be left on the disk before work starts."""


def prepare_output(directory: Path) -> Path:
    """Create the output folder and prove that it can be written to, before work starts.

    Raises:
        InvalidInputError: It cannot be created or written to, or the disk is full.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=directory) as file:
            file.write(bytes(2**16))  # a quota shows only when something is written
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(directory).free
    except OSError as error:
        reason = error.strerror or error
        raise InvalidInputError(f"cannot write to {directory}: {reason}") from None
    if free < FREE_BYTES:
        raise InvalidInputError(
            f"cannot write to {directory}: the disk has {free / 2**20:.0f} MiB left, {FREE_BYTES >> 20} are needed"
        )
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
        "schema_version": SCHEMA_VERSIONS.get(command, 1),
        "wam_demo_version": wam_demo.__version__,
    }
    text = json.dumps({**header, **content}, indent=1, allow_nan=False)
    path = directory / RESULTS_NAME
    partial = directory / f".{RESULTS_NAME}.{os.getpid()}"
    partial.write_text(text + "\n")
    partial.replace(path)
    return path
