"""Reads a LeRobotDataset v3 fast: whole columns as arrays, images as a stream."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from wam_demo.data.meta import read_info, read_stats, read_tasks
from wam_demo.data.png import decode_png
from wam_demo.data.schema import DATA_PATH, VIDEO_PATH, image_key, require_feature
from wam_demo.data.statistics import Stats
from wam_demo.data.video import read_frames
from wam_demo.errors import DataError, UnknownNameError
from wam_demo.types import Image

_BATCH = 256
"""Images held encoded at a time."""


class Dataset:
    """A dataset on disk; nothing but its small metadata is held in memory.

    Files that ``meta`` does not count are left alone: an episode is being written.

    Args:
        root: Folder with ``meta/`` and ``data/``.

    Attributes:
        features: `Feature` by column name.
        fps: Frames per second.
        num_frames: Frames of all episodes.
        num_episodes: Episodes.
        tasks: The distinct instructions; ``task_index`` points into them.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        info = read_info(self.root)
        self.features = info["features"]
        self.fps = float(info["fps"])
        self.num_frames = int(info["total_frames"])
        self.num_episodes = int(info["total_episodes"])
        self.tasks = read_tasks(self.root)
        self.robot_type = str(info.get("robot_type") or "")
        rows = self.episodes(["data/chunk_index", "data/file_index"]).to_pylist() if self.num_episodes else []
        first_episode: dict[Path, int] = {}
        for episode, row in enumerate(rows):
            first_episode.setdefault(self.data_file(row), episode)
        self.files = sorted(first_episode)
        stored = sum(self._rows_of(path, first_episode[path]) for path in self.files)
        if stored != self.num_frames:
            raise DataError(f"{self.root} declares {self.num_frames} frames and holds {stored}")

    def _rows_of(self, path: Path, episode: int) -> int:
        """Frames of a data file, of which this is the first episode."""
        try:
            return pq.read_metadata(path).num_rows
        except FileNotFoundError:
            raise DataError(f"{self.root} lacks {path.relative_to(self.root)}, with episode {episode}") from None
        except (OSError, pa.ArrowException):
            name = path.relative_to(self.root)
            raise DataError(f"episode {episode} of {self.root} is damaged: {name} cannot be read") from None

    @property
    def cameras(self) -> list[str]:
        """Names of the cameras, with images in the data files or in videos."""
        prefix = image_key("")
        return [
            name.removeprefix(prefix)
            for name, feature in self.features.items()
            if (feature.is_image or feature.is_video) and name.startswith(prefix)
        ]

    @property
    def stats(self) -> dict[str, Stats]:
        """Statistics by feature."""
        return read_stats(self.root)

    @property
    def instructions(self) -> list[str]:
        """The instruction of every frame, in index order."""
        return [self.tasks[i] for i in self.column("task_index")]

    @property
    def episode_bounds(self) -> NDArray[np.int64]:
        """(episodes, 2) first frame and the one after the last of every episode."""
        table = self.episodes(["dataset_from_index", "dataset_to_index"])
        return np.stack([column.to_numpy() for column in table.columns], axis=1)

    def content_digest(self) -> str:
        """SHA-256 over every byte of the frames' files, in order: equal digests mean equal frames."""
        digest = hashlib.sha256()
        for path in (*self.files, *self.video_files):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    @property
    def episode_files(self) -> list[Path]:
        """The files of ``meta/episodes``."""
        paths = sorted((self.root / "meta" / "episodes").glob("chunk-*/file-*.parquet"))
        counted, kept = 0, []
        for path in paths:
            if counted < self.num_episodes:
                kept.append(path)
                counted += pq.read_metadata(path).num_rows
        if counted != self.num_episodes:
            raise DataError(f"{self.root} declares {self.num_episodes} episodes and meta/episodes holds {counted}")
        return kept

    @property
    def video_files(self) -> list[Path]:
        """The files of its videos."""
        keys = [name for name, feature in self.features.items() if feature.is_video]
        rows = self.episodes().to_pylist() if keys else []
        return sorted({self.video_file(key, row) for key in keys for row in rows})

    def data_file(self, row: Mapping[str, Any]) -> Path:
        """The file with the frames of an episode, given by its row."""
        return self.root / DATA_PATH.format(**_position(row, "data"))

    def video_file(self, key: str, row: Mapping[str, Any]) -> Path:
        """The file with the video of an episode, given by its row, of a feature."""
        return self.root / VIDEO_PATH.format(video_key=key, **_position(row, f"videos/{key}"))

    def episodes(self, columns: list[str] | None = None) -> pa.Table:
        """The episodes' rows: lengths, files, notes such as ``seed`` and ``success``."""
        if not (paths := self.episode_files):
            raise DataError(f"{self.root} has no meta/episodes")
        return pa.concat_tables([pq.read_table(path, columns=columns) for path in paths])

    def column(self, name: str) -> NDArray:
        """(frames, ...) values of a column that is not images, in index order.

        Raises:
            UnknownNameError: The dataset has no such column.
            DataError: It holds images; use `iter_images`.
        """
        feature = require_feature(name, self.features)
        if feature.dtype in ("image", "video"):
            raise DataError(f"{name} holds images: iterate over them instead")
        parts = [pq.read_table(path, columns=[name])[name] for path in self.files]
        chunks = [chunk for part in parts for chunk in part.chunks]
        if not chunks:
            return np.empty((0, *feature.shape), feature.dtype)
        if feature.shape == (1,):
            return np.concatenate([chunk.to_numpy(zero_copy_only=False) for chunk in chunks])
        values = np.concatenate([chunk.flatten().to_numpy() for chunk in chunks])
        return values.reshape(-1, *feature.shape)

    def iter_images(self, camera: str) -> Iterator[Image]:
        """(H, W, 3) uint8 RGB images of a camera, one per frame, in index order."""
        key = image_key(camera)
        if camera in self.cameras and self.features[key].is_video:
            yield from self._filmed(key)
            return
        for encoded in self.iter_encoded(camera):
            yield decode_png(encoded)

    def iter_encoded(self, camera: str) -> Iterator[memoryview]:
        """PNG bytes of a camera, one per frame, in index order; for decoding elsewhere.

        Raises:
            DataError: Its images are in videos; use `iter_images`.
        """
        key = image_key(camera)
        if camera not in self.cameras:
            raise UnknownNameError("camera", camera, self.cameras)
        if self.features[key].is_video:
            raise DataError(f"the images of {camera} are in videos: iterate over them instead")
        for path in self.files:
            for batch in pq.ParquetFile(path).iter_batches(_BATCH, columns=[key]):
                for scalar in batch.column(0).field("bytes"):
                    yield memoryview(scalar.as_buffer())

    def episode_images(self, camera: str, episode: int) -> Iterator[Image]:
        """(H, W, 3) uint8 RGB images of one episode from a camera that is in videos.

        Raises:
            DataError: The video is damaged or too short; the episode is named.
        """
        yield from self._filmed_episode(image_key(camera), self.episodes().slice(episode, 1).to_pylist()[0])

    def _filmed(self, key: str) -> Iterator[Image]:
        for row in self.episodes().to_pylist():
            yield from self._filmed_episode(key, row)

    def _filmed_episode(self, key: str, row: Mapping[str, Any]) -> Iterator[Image]:
        path, start = self.video_file(key, row), float(row[f"videos/{key}/from_timestamp"])
        try:
            yield from read_frames(path, start, int(row["length"]))
        except DataError as error:
            raise DataError(f"episode {row['episode_index']}: {error}") from None


def _position(row: Mapping[str, Any], prefix: str) -> dict[str, int]:
    return {name: int(row[f"{prefix}/{name}"]) for name in ("chunk_index", "file_index")}
