"""The frames of one episode while it is being collected: its columns, its table, its statistics."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from wam_demo.data.png import encode_png
from wam_demo.data.schema import INDEX_FEATURES, Feature
from wam_demo.data.statistics import Stats, feature_stats, image_stats
from wam_demo.errors import DataError
from wam_demo.types import Image

IMAGE_STATS_EVERY = 8
"""Frames between those whose pixels enter the statistics."""


class EpisodeFrames:
    """Collects frames in memory; those of videos pass by and leave only what the statistics need.

    Args:
        features: Columns of a frame, without the index columns.
    """

    def __init__(self, features: Mapping[str, Feature]) -> None:
        self._features = features
        self._columns: dict[str, list[Any]] = {n: [] for n, feature in features.items() if not feature.is_video}
        self._pixels: dict[str, list[Image]] = {n: [] for n, f in features.items() if f.is_image or f.is_video}
        self.instructions: list[str] = []
        """Of every frame so far."""

    def __len__(self) -> int:
        return len(self.instructions)

    def add(self, frame: Mapping[str, Any], instruction: str) -> None:
        """Append a frame: a value per feature.

        Raises:
            DataError: It has other features or shapes; nothing was added.
        """
        if frame.keys() != self._features.keys():
            odd = ", ".join(sorted(frame.keys() ^ self._features.keys()))
            raise DataError(f"a frame has exactly the features of its dataset; differing: {odd}")
        values = {name: _checked(name, feature, frame[name]) for name, feature in self._features.items()}
        number = len(self)
        for name, value in values.items():
            if name in self._pixels and number % IMAGE_STATS_EVERY == 0:
                self._pixels[name].append(value)
            if self._features[name].is_image:
                value = {"bytes": encode_png(value), "path": f"frame-{number:06d}.png"}
            if name in self._columns:
                self._columns[name].append(value)
        self.instructions.append(instruction)

    def change_last(self, name: str, value: Any) -> None:
        """Another value in the newest frame, e.g. a success that a person saw."""
        self._columns[name][-1] = _checked(name, self._features[name], value)

    def fill(self, name: str, value: Any) -> None:
        """One value in every frame."""
        self._columns[name] = [_checked(name, self._features[name], value)] * len(self)

    def finished(
        self, episode: int, first: int, tasks: dict[str, int], fps: float
    ) -> tuple[pa.Table, dict[str, Stats]]:
        """The whole episode as a table, index columns included, and its statistics.

        Args:
            episode: Its index.
            first: Index of its first frame in the dataset.
            tasks: ``task_index`` by instruction; new instructions are added.
            fps: Frames per second.

        Raises:
            DataError: It has no frame.
        """
        length = len(self)
        if length == 0:
            raise DataError("an episode has at least one frame")
        columns = self._columns | {
            "timestamp": [number / fps for number in range(length)],
            "frame_index": list(range(length)),
            "episode_index": [episode] * length,
            "index": list(range(first, first + length)),
            "task_index": [tasks.setdefault(text, len(tasks)) for text in self.instructions],
        }
        features = {**self._features, **INDEX_FEATURES}
        table = pa.table({name: _array(features[name], column) for name, column in columns.items()})
        return table, self._statistics(features, columns)

    def _statistics(self, features: Mapping[str, Feature], columns: Mapping[str, list[Any]]) -> dict[str, Stats]:
        stats = {}
        for name, feature in features.items():
            if name in self._pixels:
                stats[name] = image_stats(self._pixels[name])
            elif feature.dtype != "string":
                stats[name] = feature_stats(np.asarray(columns[name]))
        return stats


def episode_row(episode: int, first: int, frames: EpisodeFrames, position: Mapping[str, int]) -> dict[str, Any]:
    """What every row of ``meta/episodes`` says.

    Args:
        episode: Its index.
        first: Index of its first frame in the dataset.
        frames: Its frames.
        position: Chunk and file index of its data file.
    """
    return {
        "episode_index": episode,
        "tasks": list(dict.fromkeys(frames.instructions)),
        "length": len(frames),
        "data/chunk_index": position["chunk_index"],
        "data/file_index": position["file_index"],
        "dataset_from_index": first,
        "dataset_to_index": first + len(frames),
    }


def flat_stats(stats: Mapping[str, Stats]) -> dict[str, Any]:
    """Statistics of an episode as columns of its row."""
    return {f"stats/{name}/{key}": value.tolist() for name, entry in stats.items() for key, value in entry.items()}


def _checked(name: str, feature: Feature, value: Any) -> Any:
    if feature.dtype == "string":
        return str(value)
    array = np.asarray(value)
    pictured = feature.is_image or feature.is_video
    fits = array.shape == feature.shape if pictured else array.size == np.prod(feature.shape)
    if not fits:
        raise DataError(f"{name} has shape {feature.shape}, not {array.shape}")
    return array if pictured else array.astype(feature.dtype).reshape(feature.shape)


def _array(feature: Feature, column: list[Any]) -> pa.Array:
    if feature.is_image or feature.dtype == "string":
        return pa.array(column, feature.arrow())
    if feature.shape == (1,):
        return pa.array(np.asarray(column, feature.dtype).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(pa.array(np.stack(column).reshape(-1)), feature.shape[0])
