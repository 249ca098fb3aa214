"""Videos of finished episodes, made when somebody looks: scene and actions replay an episode exactly."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from wam_demo.errors import DataError
from wam_demo.evaluate.executors.simulators import Simulators
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.evaluate.specs.scene import RoundReport


class Replays:
    """Renders episodes of a grid into a folder, each once; thread-safe.

    Nothing is rendered while a grid runs that no policy looks at: a video costs as much as the
    episode. Its simulator is a process that starts with the first video.

    Args:
        spec: The grid.
        directory: For the videos; created with the first.
        processes: 0 renders in the calling thread.
    """

    def __init__(self, spec: GridSpec, directory: Path, processes: int = 1) -> None:
        self._spec = spec
        self._directory = directory
        self._processes = processes
        self._lock = threading.Lock()
        self._simulators: Simulators | None = None

    def video(self, record: EpisodeRecord) -> Path:
        """The mp4 of an episode; front and wrist view side by side, a green border marks success.

        Raises:
            DataError: The episode does not end as it did: scenes or simulator have changed since.
        """
        path = self._directory / f"{'-'.join(map(str, record.key)).replace('/', '_')}.mp4"
        with self._lock:
            if not path.exists():
                self._render(record, path)
        return path

    def close(self) -> None:
        """End the simulator; the videos stay."""
        with self._lock:
            if self._simulators is not None:
                self._simulators.close()
                self._simulators = None

    def _render(self, record: EpisodeRecord, path: Path) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        if self._simulators is None:
            self._simulators = Simulators(1, self._processes)
        scene = replace(self._spec.scene(record.cell, record.seed), images=False)
        report = self._simulators.begin({0: replace(scene, video=path.with_stem(f".{path.stem}"))})[0]
        if record.steps:
            report = self._simulators.play({0: record.plan()})[0]
        if report.video is None:  # a simulator or policy that failed leaves the episode open
            raise DataError(f"episode {record.seed} has no video: it ended by {record.outcome}")
        try:
            _require_same(record, report)
            report.video.replace(path)
        finally:
            report.video.unlink(missing_ok=True)


def _require_same(record: EpisodeRecord, report: RoundReport) -> None:
    """Whether the replay ends where the episode did."""
    if (report.steps, report.success) != (record.steps, record.success):
        raise DataError(
            f"episode {record.seed} of {record.task} does not replay: {report.steps} steps and success "
            f"{report.success}, but it took {record.steps} and {record.success}; the scenes have changed since"
        )
