"""Joins datasets of the same features into one, copying frames without decoding them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wam_demo.data.files import EpisodeTable, FrameFiles, require_new
from wam_demo.data.lerobot import Dataset
from wam_demo.data.meta import write_meta
from wam_demo.data.schema import DATA_PATH, INDEX_FEATURES
from wam_demo.data.statistics import join_stats
from wam_demo.errors import DataError


def merge(sources: Sequence[Path], root: Path) -> Dataset:
    """Write the episodes of ``sources``, in that order, as a new dataset.

    Args:
        sources: Folders of finished datasets with equal features and frame rate.
        root: Folder to create.

    Returns:
        The new dataset.

    Raises:
        DataError: The sources differ, none holds a frame, or ``root`` holds something.
    """
    datasets = [dataset for dataset in map(Dataset, sources) if dataset.num_frames]
    if not datasets:
        raise DataError("at least one dataset with frames is needed to merge")
    require_new(root)
    first = datasets[0]
    for other in datasets:
        if (other.features, other.fps) != (first.features, first.fps):
            raise DataError(f"{other.root} has other features or frame rate than {first.root}")
    tasks: dict[str, int] = {}
    files = FrameFiles(root, {**first.features, **INDEX_FEATURES})
    episodes = EpisodeTable(root)
    frames = count = 0
    for dataset in datasets:
        renumber = [tasks.setdefault(task, len(tasks)) for task in dataset.tasks]
        copied = _copy_frames(dataset, files, frames, count, np.asarray(renumber, np.int64))
        _copy_episodes(dataset, episodes, frames, count, copied)
        frames += dataset.num_frames
        count += dataset.num_episodes
    files.close()
    episodes.close()
    write_meta(
        root,
        first.features,
        list(tasks),
        join_stats([dataset.stats for dataset in datasets]),
        fps=first.fps,
        robot_type=first.robot_type,
        episodes=count,
        frames=frames,
    )
    return Dataset(root)


def _copy_frames(
    dataset: Dataset, files: FrameFiles, frames: int, episodes: int, renumber: np.ndarray
) -> dict[Path, dict[str, int]]:
    """Copy row group by row group; returns where each source file went."""
    copied = {}
    for path in dataset.files:
        copied[path] = files.next_file()
        source = pq.ParquetFile(path)
        for group in range(source.num_row_groups):
            table = source.read_row_group(group)
            shifted = {
                "index": table["index"].to_numpy() + frames,
                "episode_index": table["episode_index"].to_numpy() + episodes,
                "task_index": renumber[table["task_index"].to_numpy()],
            }
            for name, values in shifted.items():
                position = table.column_names.index(name)
                table = table.set_column(position, name, pa.array(values))
            files.append(table)
    return copied


def _copy_episodes(
    dataset: Dataset,
    table: EpisodeTable,
    frames: int,
    episodes: int,
    copied: dict[Path, dict[str, int]],
) -> None:
    for row in dataset.episodes().to_pylist():
        position = {key: row[f"data/{key}"] for key in ("chunk_index", "file_index")}
        target = copied[dataset.root / DATA_PATH.format(**position)]
        row["data/chunk_index"] = target["chunk_index"]
        row["data/file_index"] = target["file_index"]
        row["episode_index"] += episodes
        row["dataset_from_index"] += frames
        row["dataset_to_index"] += frames
        table.append(row)
