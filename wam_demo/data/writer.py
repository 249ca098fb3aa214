"""Writes a LeRobotDataset v3, frame after frame; memory holds one episode."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from wam_demo.data.files import EpisodeTable, FrameFiles, require_new
from wam_demo.data.meta import write_meta
from wam_demo.data.png import encode_png
from wam_demo.data.schema import DEMONSTRATION_FEATURES, INDEX_FEATURES, Feature
from wam_demo.data.statistics import Stats, feature_stats, image_stats, join_stats
from wam_demo.errors import DataError
from wam_demo.types import CONTROL_HZ, Image

_IMAGE_STATS_EVERY = 8
"""Frames between those whose pixels enter the statistics."""


class LeRobotWriter:
    """Streams episodes into a new dataset.

    ``with LeRobotWriter(root) as writer:`` finishes the dataset on a normal exit; after an
    exception the folder has no ``meta/info.json`` and no reader takes it for a dataset.

    Args:
        root: Folder to create; must not hold anything.
        features: Columns a caller fills in; the index columns are added.
        fps: Frames per second.
        robot_type: Free name of the embodiment.
    """

    def __init__(
        self,
        root: Path,
        features: Mapping[str, Feature] = DEMONSTRATION_FEATURES,
        *,
        fps: float = CONTROL_HZ,
        robot_type: str = "panda_sim",
    ) -> None:
        require_new(root)
        self._root, self._fps, self._robot_type = root, fps, robot_type
        self._given = dict(features)
        self._features = {**self._given, **INDEX_FEATURES}
        self._files = FrameFiles(root, self._features)
        self._episodes = EpisodeTable(root)
        self._tasks: dict[str, int] = {}
        self._stats: dict[str, Stats] = {}
        self._frames = self._count = 0
        self.discard_episode()

    def add_frame(self, frame: Mapping[str, Any], instruction: str) -> None:
        """Append one frame to the current episode.

        Args:
            frame: A value per feature: (H, W, 3) uint8 RGB for images, else of the feature's shape.
            instruction: What the episode is asked to do; stored as LeRobot's ``task``.
        """
        if frame.keys() != self._given.keys():
            odd = ", ".join(sorted(frame.keys() ^ self._given.keys()))
            raise DataError(f"a frame has exactly the features of its dataset; differing: {odd}")
        number = len(self._instructions)
        for name, feature in self._given.items():
            self._columns[name].append(self._stored(name, feature, frame[name], number))
        self._instructions.append(instruction)

    def end_episode(self, **notes: str | int | float | bool) -> int:
        """Write the current episode.

        Args:
            notes: Extra columns of its row in ``meta/episodes`` (the same for every episode).

        Returns:
            Its index.
        """
        length = len(self._instructions)
        if length == 0:
            raise DataError("an episode has at least one frame")
        self._columns |= self._index_columns(length)
        if self._files.full:
            self._files.next_file()
        position = self._files.append(self._table())
        stats = self._episode_stats()
        self._episodes.append(
            {
                "episode_index": self._count,
                "tasks": list(dict.fromkeys(self._instructions)),
                "length": length,
                "data/chunk_index": position["chunk_index"],
                "data/file_index": position["file_index"],
                "dataset_from_index": self._frames,
                "dataset_to_index": self._frames + length,
                **notes,
                **{f"stats/{n}/{k}": v.tolist() for n, s in stats.items() for k, v in s.items()},
            }
        )
        self._stats = join_stats([self._stats, stats]) if self._stats else stats
        self._frames += length
        self._count += 1
        self.discard_episode()
        return self._count - 1

    def discard_episode(self) -> None:
        """Forget the frames added since the last `end_episode`."""
        self._columns: dict[str, list[Any]] = {name: [] for name in self._given}
        self._pixels: dict[str, list[Image]] = {name: [] for name, feature in self._given.items() if feature.is_image}
        self._instructions: list[str] = []

    def close(self) -> None:
        """Finish the dataset; frames of an episode that was not ended are dropped."""
        self._files.close()
        self._episodes.close()
        write_meta(
            self._root,
            self._features,
            list(self._tasks),
            self._stats,
            fps=self._fps,
            robot_type=self._robot_type,
            episodes=self._count,
            frames=self._frames,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._files.close()

    def _stored(self, name: str, feature: Feature, value: Any, number: int) -> Any:
        if feature.dtype == "string":
            return str(value)
        array = np.asarray(value)
        fits = array.shape == feature.shape if feature.is_image else array.size == np.prod(feature.shape)
        if not fits:
            raise DataError(f"{name} has shape {feature.shape}, not {array.shape}")
        if not feature.is_image:
            return array.astype(feature.dtype).reshape(feature.shape)
        if number % _IMAGE_STATS_EVERY == 0:
            self._pixels[name].append(array)
        return {"bytes": encode_png(array), "path": f"frame-{number:06d}.png"}

    def _index_columns(self, length: int) -> dict[str, list[Any]]:
        tasks = [self._tasks.setdefault(text, len(self._tasks)) for text in self._instructions]
        return {
            "timestamp": [number / self._fps for number in range(length)],
            "frame_index": list(range(length)),
            "episode_index": [self._count] * length,
            "index": list(range(self._frames, self._frames + length)),
            "task_index": tasks,
        }

    def _table(self) -> pa.Table:
        arrays = {}
        for name, feature in self._features.items():
            column = self._columns[name]
            if feature.is_image or feature.dtype == "string":
                arrays[name] = pa.array(column, feature.arrow())
            elif feature.shape == (1,):
                arrays[name] = pa.array(np.asarray(column, feature.dtype).reshape(-1))
            else:
                flat = pa.array(np.stack(column).reshape(-1))
                arrays[name] = pa.FixedSizeListArray.from_arrays(flat, feature.shape[0])
        return pa.table(arrays)

    def _episode_stats(self) -> dict[str, Stats]:
        stats = {}
        for name, feature in self._features.items():
            if feature.is_image:
                stats[name] = image_stats(self._pixels[name])
            elif feature.dtype != "string":
                stats[name] = feature_stats(np.asarray(self._columns[name]))
        return stats
