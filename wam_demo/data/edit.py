"""Datasets written from cuts of others, into a new folder or in the place of the one that is edited."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wam_demo.data.cuts import Cut, whole
from wam_demo.data.episode import flat_stats
from wam_demo.data.files import EpisodeTable, FrameFiles, require_new
from wam_demo.data.integrity import require_sound
from wam_demo.data.lerobot import Dataset
from wam_demo.data.meta import write_meta
from wam_demo.data.recording import locked
from wam_demo.data.schema import VIDEO_PATH, file_position
from wam_demo.data.splice import SourceEpisode
from wam_demo.data.statistics import Stats, join_stats
from wam_demo.errors import DataError

_REBUILT = {"data", "meta", "videos", "cache", ".lock", ".recording"}
"""What of a folder is not carried over by hand; ``cache`` is of other frames and is made again when it is needed."""


def write_cuts(cuts: Sequence[Cut], root: Path) -> Dataset:
    """Write cuts, in that order, as a new dataset: the one that had been written with these frames alone.

    Args:
        cuts: At least one; their datasets have equal features and frame rates.
        root: Folder to create.

    Raises:
        DataError: An episode is damaged, the datasets differ, there is no cut, or ``root`` holds something.
    """
    sources = {path: Dataset(path) for path in dict.fromkeys(cut.root for cut in cuts)}
    if not sources:
        raise DataError("a dataset is written from at least one episode")
    require_new(root)
    first = next(iter(sources.values()))
    for other in sources.values():
        if (other.features, other.fps) != (first.features, first.fps):
            raise DataError(f"{other.root} has other features or another frame rate than {first.root}")
        require_sound(other, {cut.episode for cut in cuts if cut.root == other.root})
    _Target(root, first).write(cuts, sources)
    return Dataset(root)


def edit_in_place(root: Path, cuts: Sequence[Cut]) -> Dataset:
    """Replace a dataset by what is left of it; until everything is written nothing is touched.

    A kill at any moment leaves the old dataset or the new one; see `recover`.

    Raises:
        DataError: An episode is damaged, or the dataset is open elsewhere.
    """
    new, old = _beside(root, "edited"), _beside(root, "before")
    with locked(root):
        shutil.rmtree(new, ignore_errors=True)
        try:
            write_cuts(cuts, new)
            _carry_over(root, new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        os.rename(root, old)
        os.rename(new, root)
    shutil.rmtree(old)
    return Dataset(root)


def recover(root: Path) -> None:
    """Finish or take back an edit that a kill cut short; does nothing otherwise."""
    old = _beside(root, "before")
    if old.exists():
        if root.exists():
            shutil.rmtree(old)
        else:
            os.rename(old, root)


def merge(sources: Sequence[Path], root: Path) -> Dataset:
    """Write the episodes of datasets, in that order, as a new one; those without frames are passed over.

    Raises:
        DataError: The sources differ, none holds a frame, or ``root`` holds something.
    """
    datasets = [dataset for dataset in map(Dataset, sources) if dataset.num_frames]
    if not datasets:
        raise DataError("at least one dataset with frames is needed to merge")
    return write_cuts(whole(*datasets), root)


class _Target:
    """A dataset while it is written."""

    def __init__(self, root: Path, like: Dataset) -> None:
        self._root, self._like = root, like
        self._files, self._episodes = FrameFiles(root, like.features), EpisodeTable(root)
        self._tasks: dict[str, int] = {}
        self._stats: dict[str, Stats] = {}
        self._videos: dict[tuple[str, Path], dict[str, int]] = {}
        self._frames = self._count = 0

    def write(self, cuts: Sequence[Cut], sources: dict[Path, Dataset]) -> None:
        rows = {path: dataset.episodes().to_pylist() for path, dataset in sources.items()}
        for cut in cuts:
            self._add(SourceEpisode(sources[cut.root], rows[cut.root][cut.episode], cut))
        self._files.close()
        self._episodes.close()
        write_meta(
            self._root,
            self._like.features,
            list(self._tasks),
            self._stats,
            fps=self._like.fps,
            robot_type=self._like.robot_type,
            episodes=self._count,
            frames=self._frames,
        )

    def _add(self, episode: SourceEpisode) -> None:
        table, index = episode.table(self._count, self._frames, self._tasks)
        stats = episode.statistics(index)
        if self._files.full:
            self._files.next_file()
        position, length = self._files.append(table), len(episode.cut)
        self._episodes.append(
            {
                "episode_index": self._count,
                "tasks": list(dict.fromkeys(episode.instructions)),
                "length": length,
                "data/chunk_index": position["chunk_index"],
                "data/file_index": position["file_index"],
                "dataset_from_index": self._frames,
                "dataset_to_index": self._frames + length,
                **self._video_columns(episode),
                **episode.notes(),
                **flat_stats(stats),
            }
        )
        self._stats = join_stats([self._stats, stats]) if self._stats else stats
        self._frames += length
        self._count += 1

    def _video_columns(self, episode: SourceEpisode) -> dict[str, Any]:
        """Where its videos lie: the files themselves stay as they are, a cut begins later in them."""
        columns: dict[str, Any] = {}
        for key, feature in self._like.features.items():
            if feature.is_video:
                path, start = episode.dataset.video_file(key, episode.row), episode.video_start(key)
                columns |= {f"videos/{key}/{name}": value for name, value in self._video(key, path).items()}
                columns[f"videos/{key}/from_timestamp"] = start
                columns[f"videos/{key}/to_timestamp"] = start + len(episode.cut) / self._like.fps
        return columns

    def _video(self, key: str, path: Path) -> dict[str, int]:
        """Chunk and file index of a video in the new dataset, into which it is linked or copied once."""
        if (key, path) not in self._videos:
            position = file_position(sum(name == key for name, _ in self._videos))
            target = self._root / VIDEO_PATH.format(video_key=key, **position)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, target)
            except OSError:  # another disk, or one without links
                shutil.copy2(path, target)
            self._videos[key, path] = position
        return self._videos[key, path]


def _beside(root: Path, word: str) -> Path:
    root = root.resolve()
    return root.with_name(f".{root.name}.{word}")


def _carry_over(root: Path, new: Path) -> None:
    """Files of others in the folder, such as a dataset card."""
    for entry in root.iterdir():
        if entry.name in _REBUILT:
            continue
        if entry.is_dir():
            shutil.copytree(entry, new / entry.name)
        else:
            shutil.copy2(entry, new)
