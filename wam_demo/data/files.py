"""The parquet files of a dataset being written: frames in numbered files, episodes in one table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wam_demo.data.schema import (
    DATA_FILE_MB,
    DATA_PATH,
    EPISODES_PATH,
    Feature,
    arrow_schema,
    file_position,
)
from wam_demo.errors import DataError

_CATEGORICAL = ("episode_index", "task_index", "task_name")


def require_new(root: Path) -> None:
    """Refuse a folder that holds something; raises `DataError`."""
    if root.exists() and any(root.iterdir()):
        raise DataError(f"{root} is not empty: a dataset is written into a new folder")


class FrameFiles:
    """Appends tables of frames to ``data/``; each table becomes a row group, read back alone.

    Args:
        root: Folder of the dataset.
        features: Its columns.
    """

    def __init__(self, root: Path, features: Mapping[str, Feature]) -> None:
        self._root = root
        self._features = {name: feature for name, feature in features.items() if not feature.is_video}
        self._schema = arrow_schema(features)
        self._number = -1
        self._sink: Any = None
        self._writer: pq.ParquetWriter | None = None

    def append(self, frames: pa.Table) -> dict[str, int]:
        """Write frames; returns the chunk and file index of the file they went to."""
        assert self._writer is not None, "next_file() comes first"
        self._writer.write_table(frames.cast(self._schema))
        return file_position(self._number)

    def next_file(self) -> dict[str, int]:
        """Begin another file; returns its chunk and file index."""
        self.close()
        self._number += 1
        path = self._root / DATA_PATH.format(**file_position(self._number))
        path.parent.mkdir(parents=True, exist_ok=True)
        self._sink = path.open("wb")
        self._writer = frame_writer(self._sink, self._features)
        return file_position(self._number)

    @property
    def full(self) -> bool:
        """Whether the next frames belong into another file."""
        return self._writer is None or self._sink.tell() >= DATA_FILE_MB * 2**20

    def close(self) -> None:
        """Finish the current file."""
        if self._writer is not None:
            self._writer.close()
            self._sink.close()
            self._writer = None


def frame_writer(sink: Any, features: Mapping[str, Feature]) -> pq.ParquetWriter:
    """Writes tables of frames.

    Args:
        sink: Open for writing.
        features: The columns; those of videos lie in files of their own.
    """
    stored = {name: feature for name, feature in features.items() if not feature.is_video}
    plain = [name for name, feature in stored.items() if not feature.is_image]
    return pq.ParquetWriter(
        sink,
        arrow_schema(stored),
        # PNG neither compresses again nor has a useful minimum and maximum
        compression={_leaf(name, feature): "none" if feature.is_image else "zstd" for name, feature in stored.items()},
        write_statistics=[name for name in plain if stored[name].shape == (1,)],
        use_dictionary=[name for name in _CATEGORICAL if name in stored],
    )


def _leaf(name: str, feature: Feature) -> str:
    """Path of the column's values in the parquet schema."""
    if feature.is_image:
        return f"{name}.bytes"
    return name if feature.shape == (1,) else f"{name}.list.element"


class EpisodeTable:
    """Appends rows to ``meta/episodes/``, a batch at a time.

    Args:
        root: Folder of the dataset.
    """

    _BATCH = 64

    def __init__(self, root: Path) -> None:
        self._path = root / EPISODES_PATH.format(**file_position(0))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._rows: list[Mapping[str, Any]] = []
        self._writer: pq.ParquetWriter | None = None

    def append(self, row: Mapping[str, Any]) -> None:
        """Add an episode."""
        self._rows.append({**row, "meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0})
        if len(self._rows) >= self._BATCH:
            self._flush()

    def close(self) -> None:
        """Write what is left and finish the file."""
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        schema = self._writer.schema if self._writer else None
        table = pa.Table.from_pylist(self._rows, schema=schema)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table)
        self._rows.clear()
