"""An append-only file of finished episodes: nothing is lost or done twice when the process is killed."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from wam_demo.errors import DataError, InvalidInputError
from wam_demo.evaluate.grid.origin import origin
from wam_demo.evaluate.output import prepare_output
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.policies.compute.variants import EAGER

JOURNAL_NAME = "journal.jsonl"
SCHEMA = "wam_demo.grid"
SCHEMA_VERSION = 2
READABLE_VERSIONS = (1, 2)
"""Version 1 knew no progress of an episode."""


class Journal:
    """The journal of one grid, open for appending by this process alone.

    The first line describes the grid, the weights and where it was begun; every other line is an `EpisodeRecord`. Each
    line is on disk before `append` returns. A last line without an end (the process was killed
    while writing it) is dropped.

    Args:
        directory: Where `JOURNAL_NAME` lies or is created.
        spec: The grid, validated; ``episodes`` may differ from what the file says, so that a grid
            can grow.
        digests: SHA-256 by policy; ``None`` for policies without weights.

    Raises:
        InvalidInputError: The folder is not writable or full, holds another grid or one with other
            weights, or another process is writing it.
        DataError: The file is not a journal; the message has the line.
    """

    def __init__(self, directory: Path, spec: GridSpec, digests: Mapping[str, str | None]) -> None:
        self.path = prepare_output(directory) / JOURNAL_NAME
        header = _header(spec, digests)
        self._file = self.path.open("a+b", buffering=0)
        try:
            _lock(self._file, directory)
            _drop_torn_line(self._file)
            self.records: tuple[EpisodeRecord, ...] = ()
            if self._file.seek(0, os.SEEK_END):
                found, self.records = read_journal(self.path)
                _require_same(header, found, directory)
            else:
                self._write(json.dumps({**header, "origin": origin()}, allow_nan=False))
        except BaseException:
            self._file.close()
            raise

    def append(self, record: EpisodeRecord) -> None:
        """Add an episode; it survives whatever happens after this call.

        Raises:
            InvalidInputError: It could not be written, e.g. because the disk is full.
        """
        self._write(record.to_line())

    def close(self) -> None:
        """Let another process write the journal."""
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, line: str) -> None:
        end = self._file.seek(0, os.SEEK_END)
        content = line.encode() + b"\n"
        try:
            while content:  # an unbuffered write may take a part only
                content = content[self._file.write(content) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            self._file.truncate(end)
            raise InvalidInputError(f"cannot write to {self.path}: {error.strerror or error}") from None


def read_journal(path: Path) -> tuple[dict[str, Any], tuple[EpisodeRecord, ...]]:
    """Header and episodes of a journal, also while another process is writing it.

    Raises:
        InvalidInputError: There is none.
        DataError: The file is not a journal; the message has the line.
    """
    try:
        lines = path.read_bytes().decode(errors="replace").split("\n")[:-1]
    except OSError as error:
        raise InvalidInputError(f"cannot read {path}: {error.strerror or error}") from None
    header = _read_header(path, lines)
    records: dict[Any, EpisodeRecord] = {}
    for number, line in enumerate(lines[1:], start=2):
        try:
            record = EpisodeRecord.from_line(line)
        except DataError as error:
            raise DataError(f"{path} line {number}: {error}") from None
        records.setdefault(record.key, record)
    return header, tuple(records.values())


def _read_header(path: Path, lines: list[str]) -> dict[str, Any]:
    try:
        header = json.loads(lines[0])
        if header["schema"] == SCHEMA and header["schema_version"] in READABLE_VERSIONS:
            return header
    except (IndexError, ValueError, TypeError, KeyError):
        pass
    raise DataError(f"{path} line 1: not the journal of a grid, version {SCHEMA_VERSION}")


def _header(spec: GridSpec, digests: Mapping[str, str | None]) -> dict[str, Any]:
    # through JSON, so that it equals what is read back
    return json.loads(
        json.dumps({"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "grid": spec.document(), "weights": digests})
    )


def _require_same(header: Mapping[str, Any], found: Mapping[str, Any], directory: Path) -> None:
    """Refuse to mix episodes of two grids."""
    wanted, present = dict(header["grid"]), dict(found["grid"])
    for grid in (wanted, present):
        grid.pop("episodes")
        grid.setdefault("compute", EAGER)  # of folders that were begun before there was a choice
        grid.setdefault("calibration", "stale")
    different = sorted(name for name in {*wanted, *present} if wanted.get(name) != present.get(name))
    if different:
        raise InvalidInputError(f"{directory} holds a grid with other {', '.join(different)}: choose another folder")
    changed = sorted(name for name, digest in header["weights"].items() if found["weights"].get(name) != digest)
    if changed:
        raise InvalidInputError(
            f"{directory} was made with other weights of {', '.join(changed)}: choose another folder"
        )


def _lock(file: FileIO, directory: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise InvalidInputError(f"another process is running the grid in {directory}") from None


def _drop_torn_line(file: FileIO) -> None:
    file.seek(0)
    content = file.read()
    file.truncate(content.rfind(b"\n") + 1)
