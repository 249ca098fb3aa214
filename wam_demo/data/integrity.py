"""Whether episodes hold what the dataset says they hold; damage is named by episode, before anything is edited."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wam_demo.data.lerobot import Dataset
from wam_demo.errors import DataError

_PNG = (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82")


def require_sound(dataset: Dataset, episodes: Collection[int] | None = None) -> None:
    """Refuse damaged episodes; raises `DataError`, which names the first one."""
    for episode, damage in damages(dataset, episodes):
        raise DataError(f"episode {episode} of {dataset.root} is damaged: {damage}")


def damages(dataset: Dataset, episodes: Collection[int] | None = None) -> Iterator[tuple[int, str]]:
    """Episode and damage, at most one of each.

    Args:
        dataset: To look through.
        episodes: Only these; all by default.
    """
    expected = 0
    for number, row in enumerate(dataset.episodes().to_pylist()):
        length = int(row["length"])
        bounds, expected = (expected, expected + length), expected + length
        if episodes is not None and number not in episodes:
            continue
        if (row["episode_index"], row["dataset_from_index"], row["dataset_to_index"]) != (number, *bounds):
            yield number, "its row of meta/episodes has other numbers than its place"
        elif damage := _data_damage(dataset, row, bounds) or _video_damage(dataset, row):
            yield number, damage


def _data_damage(dataset: Dataset, row: Mapping[str, Any], bounds: tuple[int, int]) -> str | None:
    try:
        table = pq.read_table(dataset.data_file(row), filters=[("episode_index", "==", row["episode_index"])])
    except (OSError, pa.ArrowException) as error:
        return f"its data file cannot be read ({type(error).__name__})"
    if len(table) != row["length"]:
        return f"it declares {row['length']} frames and holds {len(table)}"
    if not np.array_equal(table["index"].to_numpy(), np.arange(*bounds)):
        return "its frames are not numbered one after the other"
    if not np.array_equal(table["frame_index"].to_numpy(), np.arange(len(table))):
        return "its frames are not numbered from 0"
    if not ((tasks := table["task_index"].to_numpy()) < len(dataset.tasks)).all() or (tasks < 0).any():
        return "a frame has an instruction that is not in the list"
    for name, feature in dataset.features.items():
        column = None if feature.is_video else table[name].combine_chunks()
        if feature.is_image and column is not None:
            if any(not _is_png(picture.as_py()) for picture in column.field("bytes")):
                return f"a picture of {name} is cut off"
        elif column is not None and feature.dtype.startswith("float"):
            values = column if feature.shape == (1,) else column.flatten()
            if not np.isfinite(values.to_numpy(zero_copy_only=False)).all():
                return f"{name} holds values that are not finite"
    return None


def _is_png(data: bytes | None) -> bool:
    return data is not None and data.startswith(_PNG[0]) and data.endswith(_PNG[1])


def _video_damage(dataset: Dataset, row: Mapping[str, Any]) -> str | None:
    """Frames are counted, not decoded."""
    for key, feature in dataset.features.items():
        if not feature.is_video:
            continue
        path = dataset.video_file(key, row)
        if not path.is_file():
            return f"its video {path.relative_to(dataset.root)} is missing"
        start, fps = float(row[f"videos/{key}/from_timestamp"]), dataset.fps
        if (found := _frames_from(path, start, 0.5 / fps)) < row["length"]:
            return f"its video {path.relative_to(dataset.root)} has {found} of {row['length']} frames"
    return None


def _frames_from(path: Any, start: float, half: float) -> int:
    """Frames of a video that lie at ``start`` [s] or later; 0 for one that cannot be opened."""
    import av

    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            times = [float(p.pts * stream.time_base) for p in container.demux(stream) if p.pts is not None and p.size]
    except (av.error.FFmpegError, IndexError):
        return 0
    return sum(time >= start - half for time in times)
