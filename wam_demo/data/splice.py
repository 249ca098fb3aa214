"""One cut of an episode as it is written anew: frames, numbers, statistics; pictures are copied, never coded again."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from wam_demo.data.cuts import Cut
from wam_demo.data.episode import IMAGE_STATS_EVERY
from wam_demo.data.lerobot import Dataset
from wam_demo.data.png import decode_png
from wam_demo.data.schema import INDEX_FEATURES, Feature
from wam_demo.data.statistics import Stats, feature_stats, image_stats
from wam_demo.data.video import read_frames


class SourceEpisode:
    """An episode of a dataset on disk, and what of it is kept.

    Args:
        dataset: Where it lies.
        row: Its row of ``meta/episodes``.
        cut: What is kept.
    """

    def __init__(self, dataset: Dataset, row: Mapping[str, Any], cut: Cut) -> None:
        self.dataset, self.row, self.cut = dataset, row, cut
        path = dataset.data_file(row)
        own = [("episode_index", "==", row["episode_index"])]
        frames = pq.read_table(path, filters=own).slice(cut.start, len(cut))
        self.frames = _judged(_numbered_pictures(frames, dataset.features), cut.success)
        self.instructions = [dataset.tasks[index] for index in frames["task_index"].to_pylist()]
        if cut.instruction is not None:
            self.instructions = [cut.instruction] * len(cut)

    def table(self, episode: int, first: int, tasks: dict[str, int]) -> tuple[pa.Table, dict[str, NDArray]]:
        """The frames with the index columns of their new place, and those columns as they enter the statistics."""
        length = len(self.cut)
        index = {
            "timestamp": np.array([number / self.dataset.fps for number in range(length)]),
            "frame_index": np.arange(length),
            "episode_index": np.full(length, episode),
            "index": np.arange(first, first + length),
            "task_index": np.array([tasks.setdefault(text, len(tasks)) for text in self.instructions]),
        }
        table = self.frames
        for name, values in index.items():
            column = pa.array(values.astype(INDEX_FEATURES[name].dtype))
            table = table.set_column(table.column_names.index(name), name, column)
        return table, index

    def statistics(self, index: Mapping[str, NDArray]) -> dict[str, Stats]:
        """As if the episode had been written with these frames alone."""
        stats = {}
        for name, feature in self.dataset.features.items():
            if feature.is_image or feature.is_video:
                stats[name] = self._picture_stats(name, feature)
            elif feature.dtype != "string":
                stats[name] = feature_stats(index[name] if name in index else _values(self.frames[name], feature))
        return stats

    def notes(self) -> dict[str, Any]:
        """What the row says besides places, lengths and statistics, changed where the cut changes it."""
        notes = {name: value for name, value in self.row.items() if "/" not in name and name not in _PLACED}
        if self.cut.success is not None and "success" in notes:
            notes |= {"success": self.cut.success} | ({"success_by": "person"} if "success_by" in notes else {})
        if "intervention_frames" in notes and "intervention" in self.dataset.features:
            person = self.frames["intervention"].to_numpy(zero_copy_only=False).astype(bool)
            begun = person & ~np.concatenate([[False], person[:-1]])
            notes |= {"intervention_frames": int(person.sum()), "interventions": int(begun.sum())}
        return notes

    def _picture_stats(self, name: str, feature: Feature) -> Stats:
        if len(self.cut) == self.row["length"]:
            keys = [key for key in self.row if key.startswith(f"stats/{name}/")]
            return {key.rsplit("/", 1)[1]: np.asarray(self.row[key]) for key in keys}
        if feature.is_image:
            encoded = self.frames[name].combine_chunks().field("bytes")
            return image_stats([decode_png(encoded[k].as_buffer()) for k in range(0, len(encoded), IMAGE_STATS_EVERY)])
        path, start = self.dataset.video_file(name, self.row), self.video_start(name)
        return image_stats(list(read_frames(path, start, len(self.cut)))[::IMAGE_STATS_EVERY])

    def video_start(self, key: str) -> float:
        """Where in its video the cut begins [s]."""
        return float(self.row[f"videos/{key}/from_timestamp"]) + self.cut.start / self.dataset.fps


_PLACED = {"episode_index", "tasks", "length", "dataset_from_index", "dataset_to_index"}


def _numbered_pictures(frames: pa.Table, features: Mapping[str, Feature]) -> pa.Table:
    """Pictures in the data file are named by their number in the episode."""
    for name, feature in features.items():
        if feature.is_image:
            encoded = frames[name].combine_chunks().field("bytes")
            paths = pa.array([f"frame-{number:06d}.png" for number in range(len(frames))])
            column = pa.StructArray.from_arrays([encoded, paths], ["bytes", "path"])
            frames = frames.set_column(frames.column_names.index(name), name, column)
    return frames


def _judged(frames: pa.Table, success: bool | None) -> pa.Table:
    """A person's verdict stands at the last frame, as a recording has it."""
    if success is None or "next.success" not in frames.column_names:
        return frames
    values = np.zeros(len(frames), bool)
    values[-1] = success
    return frames.set_column(frames.column_names.index("next.success"), "next.success", pa.array(values))


def _values(column: pa.ChunkedArray, feature: Feature) -> NDArray:
    if feature.shape == (1,):
        return column.to_numpy(zero_copy_only=False)
    return pc.list_flatten(column).to_numpy().reshape(-1, *feature.shape)
