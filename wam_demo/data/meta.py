"""The metadata of a dataset, written and read: info, tasks, statistics."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wam_demo.data.schema import (
    CODEBASE_VERSION,
    DATA_FILE_MB,
    DATA_PATH,
    FILES_PER_CHUNK,
    INFO_PATH,
    STATS_PATH,
    TASKS_PATH,
    VIDEO_PATH,
    Feature,
)
from wam_demo.data.statistics import Stats
from wam_demo.errors import DataError


def write_meta(
    root: Path,
    features: Mapping[str, Feature],
    tasks: Sequence[str],
    stats: Mapping[str, Stats],
    *,
    fps: float,
    robot_type: str,
    episodes: int,
    frames: int,
) -> None:
    """Write tasks and statistics, then ``meta/info.json``: a dataset without it is not finished.

    Each file is replaced at once: whoever reads meanwhile sees the old one or the new one.

    Args:
        root: Folder of the dataset.
        features: Its columns.
        tasks: The instructions, in the order of their ``task_index``.
        stats: By feature.
        fps: Frames per second.
        robot_type: Free name of the embodiment.
        episodes: How many it holds.
        frames: How many it holds.
    """
    _write_tasks(root, tasks)
    plain = {name: {k: v.tolist() for k, v in entry.items()} for name, entry in stats.items()}
    _write_json(root / STATS_PATH, plain)
    info = {
        "codebase_version": CODEBASE_VERSION,
        "robot_type": robot_type,
        "total_episodes": episodes,
        "total_frames": frames,
        "total_tasks": len(tasks),
        "chunks_size": FILES_PER_CHUNK,
        "data_files_size_in_mb": DATA_FILE_MB,
        "video_files_size_in_mb": 200,
        "fps": int(fps) if float(fps).is_integer() else fps,
        "splits": {"train": f"0:{episodes}"},
        "data_path": DATA_PATH,
        "video_path": VIDEO_PATH if any(feature.is_video for feature in features.values()) else None,
        "features": {name: feature.json(fps) for name, feature in features.items()},
    }
    _write_json(root / INFO_PATH, info)


def read_info(root: Path) -> dict[str, Any]:
    """Read ``meta/info.json``; ``features`` become `Feature` objects.

    Raises:
        DataError: There is no finished LeRobotDataset v3 at ``root``.
    """
    try:
        info = json.loads((root / INFO_PATH).read_text())
        features = info["features"]
        info["features"] = {
            name: Feature(entry["dtype"], tuple(entry["shape"]), entry.get("names")) for name, entry in features.items()
        }
        version = str(info["codebase_version"])
    except FileNotFoundError:
        raise DataError(f"{root} holds no finished LeRobot dataset: no {INFO_PATH}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{root / INFO_PATH} is not readable: {error!r}") from None
    if not version.startswith("v3."):
        raise DataError(f"{root} is LeRobot {version[:20]}, not v3.x: convert it with LeRobot's tools")
    return info


def _write_tasks(root: Path, tasks: Sequence[str]) -> None:
    """As pandas would."""
    import pandas

    frame = pandas.DataFrame(
        {"task_index": np.arange(len(tasks), dtype=np.int64)},
        index=pandas.Index(list(tasks), name="task", dtype=object),
    )
    with _replacing(root / TASKS_PATH) as path:
        pq.write_table(pa.Table.from_pandas(frame), path)


def read_tasks(root: Path) -> list[str]:
    """The instructions, in the order of their ``task_index``."""
    table = pq.read_table(root / TASKS_PATH)
    text = "task" if "task" in table.column_names else "__index_level_0__"
    order = np.argsort(table["task_index"].to_numpy())
    tasks = table[text].to_pylist()
    return [tasks[i] for i in order]


def read_stats(root: Path) -> dict[str, Stats]:
    """Read ``meta/stats.json``."""
    plain = json.loads((root / STATS_PATH).read_text())
    return {name: {k: np.asarray(v) for k, v in entry.items()} for name, entry in plain.items()}


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    with _replacing(path) as new:
        new.write_text(json.dumps(content, indent=2) + "\n")


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Another file to write, which then takes the place of ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.part")
    yield new
    os.replace(new, path)
