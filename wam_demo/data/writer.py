"""Writes a LeRobotDataset v3, frame after frame; memory holds one episode."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from wam_demo.data.episode import EpisodeFrames, episode_row, flat_stats
from wam_demo.data.files import EpisodeTable, FrameFiles, require_new
from wam_demo.data.meta import write_meta
from wam_demo.data.schema import DEMONSTRATION_FEATURES, INDEX_FEATURES, Feature
from wam_demo.data.statistics import Stats, join_stats
from wam_demo.types import CONTROL_HZ


class LeRobotWriter:
    """Streams episodes into a new dataset, its images inside the data files.

    ``with LeRobotWriter(root) as writer:`` finishes the dataset on a normal exit; after an
    exception the folder has no ``meta/info.json`` and no reader takes it for a dataset.
    `wam_demo.data.recording.RecordingWriter` is the one for what cannot be done again.

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
        self._total = self._count = 0
        self.discard_episode()

    def add_frame(self, frame: Mapping[str, Any], instruction: str) -> None:
        """Append one frame to the current episode.

        Args:
            frame: A value per feature: (H, W, 3) uint8 RGB for images, else of the feature's shape.
            instruction: What the episode is asked to do; stored as LeRobot's ``task``.
        """
        self._frames.add(frame, instruction)

    def end_episode(self, **notes: str | int | float | bool) -> int:
        """Write the current episode.

        Args:
            notes: Extra columns of its row in ``meta/episodes`` (the same for every episode).

        Returns:
            Its index.
        """
        table, stats = self._frames.finished(self._count, self._total, self._tasks, self._fps)
        if self._files.full:
            self._files.next_file()
        position = self._files.append(table)
        self._episodes.append(episode_row(self._count, self._total, self._frames, position) | notes | flat_stats(stats))
        self._stats = join_stats([self._stats, stats]) if self._stats else stats
        self._total += len(self._frames)
        self._count += 1
        self.discard_episode()
        return self._count - 1

    def discard_episode(self) -> None:
        """Forget the frames added since the last `end_episode`."""
        self._frames = EpisodeFrames(self._given)

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
            frames=self._total,
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
