"""The last minute in a file of fixed size: what was commanded, measured and refused. It survives a crash.

The file is mapped into memory, so a record that was written is in the hands of the system even if the process is
killed in the next instant.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.driver import Array

SECONDS = 60
RECORDS = 2 * 50 * SECONDS
"""Ticks of a minute, and as many events."""
CHANNELS = 8
_RECORD = struct.Struct(f"<Qd16s{2 * CHANNELS}f96s")
_MAGIC = b"ARMLOG01"


@dataclass(frozen=True)
class Record:
    """One line of the log: its number, when [s, monotonic], what kind, (8,) commanded and measured, one line."""

    number: int
    time: float
    kind: str
    commanded: Array
    measured: Array
    text: str


class RingLog:
    """Writes the log; the newest record replaces the oldest.

    Args:
        path: Its file; what an earlier process left is kept beside it as ``<name>.before``.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.replace(path.with_name(path.name + ".before"))
        self._file = path.open("w+b")
        self._file.truncate(len(_MAGIC) + RECORDS * _RECORD.size)
        self._map = mmap.mmap(self._file.fileno(), 0)
        self._map[: len(_MAGIC)] = _MAGIC
        self._number = 0

    def write(self, time: float, kind: str, commanded: Array | None, measured: Array | None, text: str = "") -> None:
        """Add one record."""
        self._number += 1
        at = len(_MAGIC) + (self._number - 1) % RECORDS * _RECORD.size
        values = [*_padded(commanded), *_padded(measured)]
        _RECORD.pack_into(self._map, at, self._number, time, kind.encode()[:16], *values, text.encode()[:96])

    def close(self) -> None:
        """Free the file; it stays on the disk. Idempotent."""
        if not self._map.closed:
            self._map.close()
            self._file.close()


def read_log(path: Path) -> Iterator[Record]:
    """The records of a log, oldest first; raises `ValueError` if it is none."""
    content = path.read_bytes()
    if content[: len(_MAGIC)] != _MAGIC:
        raise ValueError(f"{path} is not a log of a bridge")
    rows = sorted(row for row in _RECORD.iter_unpack(content[len(_MAGIC) :]) if row[0])
    for number, time, kind, *values, text in rows:
        commanded, measured = np.reshape(values, (2, CHANNELS)).astype(np.float64)
        words = (part.rstrip(b"\0").decode(errors="replace") for part in (kind, text))
        yield Record(number, time, next(words), commanded, measured, next(words))


def _padded(values: Array | None) -> list[float]:
    known = [] if values is None else [float(value) for value in values[:CHANNELS]]
    return known + [float("nan")] * (CHANNELS - len(known))
