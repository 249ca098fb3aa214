"""Recordings: a LeRobotDataset v3 that grows episode by episode, and loses at most the running one to a crash.

Every episode lies in files of its own (data, one video a camera, its row of ``meta/episodes``). They are written in
``.recording/``, moved to their places, and count from the moment at which ``meta/info.json`` is replaced.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from wam_demo.data.episode import EpisodeFrames, episode_row, flat_stats
from wam_demo.data.files import frame_writer
from wam_demo.data.lerobot import Dataset
from wam_demo.data.meta import write_meta
from wam_demo.data.schema import (
    DATA_PATH,
    EPISODES_PATH,
    INDEX_FEATURES,
    INFO_PATH,
    VIDEO_PATH,
    Feature,
    file_position,
)
from wam_demo.data.statistics import Stats, join_stats
from wam_demo.data.video import VideoEncoder
from wam_demo.errors import DataError
from wam_demo.types import CONTROL_HZ

RUNNING = ".recording"
"""Folder of the episode that is being recorded; whatever does not count yet is known by its being there."""
_LOCK, _BEGUN = ".lock", "begun.json"


@dataclass(frozen=True)
class EpisodeNotes:
    """What ``meta/episodes`` says of a recorded episode, one column a field.

    Attributes:
        seed: Of the source's reset.
        task_name: Task.
        success: Whether it succeeded.
        success_by: Who says so: ``judge`` (the source), ``person``, or empty when nobody did.
        outcome: How it ended: ``success``, ``failure``, ``timeout``, ``stopped``, ``sim_fault``.
        source: Where observations come from, e.g. ``simulator``.
        policy: Whose plans were made; empty without one.
        drivers: Who moved the arm: policy names and ``person``, with a comma between, in the order of their first step.
        interventions: How many times a person took over.
        intervention_frames: Frames at which ``intervention`` is set.
        recorded_at: When it ended, ISO 8601 in UTC.
    """

    seed: int = 0
    task_name: str = ""
    success: bool = False
    success_by: str = ""
    outcome: str = "stopped"
    source: str = ""
    policy: str = ""
    drivers: str = ""
    interventions: int = 0
    intervention_frames: int = 0
    recorded_at: str = ""


@dataclass(frozen=True)
class Found:
    """What lay in the folder when a recording was opened.

    Attributes:
        episodes: Whole ones.
        frames: Of them.
        lost: When the episode was begun that a crash cut short, as ISO 8601; ``None`` if none was.
    """

    episodes: int = 0
    frames: int = 0
    lost: str | None = None

    def __str__(self) -> str:
        whole = f"{self.episodes} whole episode{'s' if self.episodes != 1 else ''}, {self.frames} frames"
        return whole if self.lost is None else f"{whole}; one begun at {self.lost} was cut short and is gone"


class RecordingWriter:
    """Appends episodes to a recording, new or begun before; one at a time may have it open.

    Args:
        root: Folder of the dataset.
        features: Columns a caller fills in; the index columns are added.
        fps: Frames per second.
        robot_type: Free name of the embodiment.

    Attributes:
        found: What lay there.
        episodes: Whole ones by now.
        total: Their frames.

    Raises:
        DataError: The folder holds something else, a recording of other features or rate, or is open elsewhere.
    """

    def __init__(
        self,
        root: Path,
        features: Mapping[str, Feature],
        *,
        fps: float = CONTROL_HZ,
        robot_type: str = "panda_sim",
    ) -> None:
        self._root, self._fps, self._robot_type = root, fps, robot_type
        self._given = dict(features)
        self._features = {**self._given, **INDEX_FEATURES}
        self._lock = locked(root)
        try:
            self.found = _recovered(root)
            self.episodes, self.total = self.found.episodes, self.found.frames
            self._stats: dict[str, Stats] = {}
            self._tasks: dict[str, int] = {}
            if self.episodes:
                self._continue(Dataset(root))
        except BaseException:
            self._lock.close()
            raise
        self._videos: dict[str, VideoEncoder] = {}
        self.discard_episode()

    def _continue(self, before: Dataset) -> None:
        if (before.features, before.fps) != (self._features, float(self._fps)):
            raise DataError(f"{self._root} has other features or another frame rate: record into a new folder")
        self._tasks = {task: index for index, task in enumerate(before.tasks)}
        self._stats = before.stats

    @property
    def frames(self) -> int:
        """Frames of the running episode."""
        return len(self._frames)

    def add_frame(self, frame: Mapping[str, Any], instruction: str) -> None:
        """Append one frame to the running episode.

        Args:
            frame: A value per feature: (H, W, 3) uint8 RGB for videos, else of the feature's shape.
            instruction: What the episode is asked to do; stored as LeRobot's ``task``.
        """
        self._frames.add(frame, instruction)
        if len(self._frames) == 1:
            self._begin()
        for name, video in self._videos.items():
            video.add(frame[name])

    def end_episode(self, notes: EpisodeNotes) -> int:
        """Make the running episode a part of the recording; returns its index.

        Raises:
            DataError: It has no frame.
        """
        folder, index, success = self._root / RUNNING, self.episodes, notes.success
        if self._frames and notes.success_by == "person":
            self._frames.fill("next.success", False)
            self._frames.change_last("next.success", success)
        table, stats = self._frames.finished(index, self.total, self._tasks, self._fps)
        position = file_position(_next_number(self._root))
        row = episode_row(index, self.total, self._frames, position) | self._video_columns(position)
        row |= asdict(notes) | flat_stats(stats) | _meta_position(position)
        self._close_videos()
        data, episodes = folder / "data.parquet", folder / "episodes.parquet"
        with data.open("wb") as sink, frame_writer(sink, self._features) as writer:
            writer.write_table(table.cast(writer.schema))
        pq.write_table(pa.Table.from_pylist([row]), episodes, compression="zstd")
        moves = {self._video_part(key): VIDEO_PATH.format(video_key=key, **position) for key in self._video_keys()}
        moves |= {data: DATA_PATH.format(**position), episodes: EPISODES_PATH.format(**position)}
        _move({part: self._root / place for part, place in moves.items()})
        self._count(stats)
        self.discard_episode()
        return index

    def discard_episode(self) -> None:
        """Forget the running episode, also one whose videos could not be written."""
        with suppress(OSError):
            self._close_videos()
        self._frames = EpisodeFrames(self._given)
        shutil.rmtree(self._root / RUNNING, ignore_errors=True)

    def close(self) -> None:
        """Leave the recording; a running episode is dropped. Idempotent."""
        if not self._lock.closed:
            self.discard_episode()
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        folder = self._root / RUNNING
        folder.mkdir(parents=True)
        (folder / _BEGUN).write_text(json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds")}))
        for name in self._video_keys():
            height, width, _ = self._given[name].shape
            self._videos[name] = VideoEncoder(self._video_part(name), height, width, self._fps)

    def _count(self, stats: dict[str, Stats]) -> None:
        """From here on the episode counts."""
        self._stats = join_stats([self._stats, stats]) if self._stats else stats
        self.total += len(self._frames)
        self.episodes += 1
        write_meta(
            self._root,
            self._features,
            list(self._tasks),
            self._stats,
            fps=self._fps,
            robot_type=self._robot_type,
            episodes=self.episodes,
            frames=self.total,
        )

    def _video_keys(self) -> list[str]:
        return [name for name, feature in self._given.items() if feature.is_video]

    def _video_part(self, key: str) -> Path:
        return self._root / RUNNING / f"{key}.mp4"

    def _video_columns(self, position: Mapping[str, int]) -> dict[str, Any]:
        seconds = len(self._frames) / self._fps
        return {
            f"videos/{key}/{name}": value
            for key in self._video_keys()
            for name, value in {**position, "from_timestamp": 0.0, "to_timestamp": seconds}.items()
        }

    def _close_videos(self) -> None:
        videos, self._videos = self._videos, {}
        with ExitStack() as closing:  # one that could not be written keeps no other open
            for video in videos.values():
                closing.callback(video.close)


def locked(root: Path) -> Any:
    """An open file that keeps others out until it is closed, by a crash as well."""
    if root.exists() and not root.is_dir():
        raise DataError(f"{root} is a file: a recording is a folder")
    root.mkdir(parents=True, exist_ok=True)
    file = (root / _LOCK).open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise DataError(f"{root} is being recorded into by somebody else") from None
    return file


def _recovered(root: Path) -> Found:
    """Take away what a crash left behind, and count what is whole."""
    running, info = root / RUNNING, root / INFO_PATH
    lost = None
    if running.exists():
        lost = _begun_at(running)
        _remove_uncounted(root)
        shutil.rmtree(running)
    elif not info.exists() and any(path.name != _LOCK for path in root.iterdir()):
        raise DataError(f"{root} is not empty and holds no recording: record into a new folder")
    if not info.exists():
        return Found(lost=lost)
    dataset = Dataset(root)
    return Found(dataset.num_episodes, dataset.num_frames, lost)


def _begun_at(running: Path) -> str:
    try:
        return str(json.loads((running / _BEGUN).read_text())["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return "an unknown time"


def _remove_uncounted(root: Path) -> None:
    """Files that lie in their places but are no part of the recording yet."""
    counted: set[Path] = set()
    if (root / INFO_PATH).exists():
        dataset = Dataset(root)
        counted = {*dataset.files, *dataset.episode_files, *dataset.video_files}
    for pattern in ("data/chunk-*/file-*", "meta/episodes/chunk-*/file-*", "videos/*/chunk-*/file-*"):
        for path in root.glob(pattern):
            if path not in counted:
                path.unlink()


def _next_number(root: Path) -> int:
    """The first file number that is free in every folder."""
    taken = [
        1000 * int(path.parent.name.removeprefix("chunk-")) + int(path.stem.removeprefix("file-"))
        for pattern in ("data/chunk-*/file-*", "meta/episodes/chunk-*/file-*", "videos/*/chunk-*/file-*")
        for path in root.glob(pattern)
    ]
    return 1 + max(taken, default=-1)


def _meta_position(position: Mapping[str, int]) -> dict[str, int]:
    return {f"meta/episodes/{name}": value for name, value in position.items()}


def _move(moves: Mapping[Path, Path]) -> None:
    """Onto the disk first, then to their places one right after the other."""
    for part, place in moves.items():
        with part.open("rb") as file:
            os.fsync(file.fileno())
        place.parent.mkdir(parents=True, exist_ok=True)
    for part, place in moves.items():
        os.replace(part, place)
