"""A running grid: a worker that fills cells and journals every episode, and what one sees of it meanwhile."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.evaluate.executors.executor import Executor, ExecutorConfig, Load, estimate_s
from wam_demo.evaluate.executors.local import LocalExecutor
from wam_demo.evaluate.grid.journal import JOURNAL_NAME, Journal, read_journal
from wam_demo.evaluate.grid.origin import in_words
from wam_demo.evaluate.grid.replays import Replays
from wam_demo.evaluate.specs.cells import CellSnapshot, snapshot
from wam_demo.evaluate.specs.grid import Cell, EpisodeKey, GridSpec, split_policy
from wam_demo.evaluate.specs.record import EpisodeRecord, worst_first
from wam_demo.policies.registry import checkpoint_digest, load_policy

State = Literal["ready", "running", "cancelled", "done", "failed"]
TRUSTED_EPISODES = 8
"""Episodes after which the measured pace is believed more than the estimate."""
VIDEOS = "videos"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GridSnapshot:
    """A grid at one moment.

    Attributes:
        state: ``ready`` before `GridRun.start`; ``failed`` has an ``error``.
        cells: In the order of `GridSpec.cells`.
        done: Finished episodes, those of earlier runs included.
        total: Episodes of the grid.
        elapsed_s: Since this run was started [s].
        left_s: Expected until the end [s]; measured pace once there is one, else `estimate_s`.
        error: One line if the run failed.
    """

    state: State
    cells: tuple[CellSnapshot, ...]
    done: int
    total: int
    elapsed_s: float
    left_s: float
    error: str | None = None


class GridRun:
    """Plays a grid in a thread of its own; every method is thread-safe.

    A folder that holds the beginning of the same grid is continued: its episodes are not played
    again. Cancelling, a crash and kill -9 lose only the episodes that were running.

    Args:
        spec: What to play.
        out: Folder of journal and videos.
        config: Parallelism; ``address`` is for Ray only.
        load: Loads a policy.
        executor: Plays the episodes; a `LocalExecutor` by default. It is closed with this run.

    Raises:
        InvalidInputError: The grid cannot be run, or the folder cannot be used; nothing was played.
        CheckpointError: Weights are missing.
    """

    def __init__(
        self,
        spec: GridSpec,
        out: Path,
        config: ExecutorConfig | None = None,
        load: Load = load_policy,
        executor: Executor | None = None,
    ) -> None:
        self.spec = spec.validated()
        self.out = Path(out)
        self.config = config or ExecutorConfig()
        self.weights = weights(self.spec)
        self._journal = Journal(self.out, self.spec, self.weights)
        self._executor = executor or LocalExecutor(self.spec, self.config, load)
        self._replays = Replays(self.spec, self.out / VIDEOS)
        self._lock = threading.Lock()
        wanted = {cell.key(seed) for cell in self.spec.cells() for seed in self.spec.seeds()}
        self._records: dict[EpisodeKey, EpisodeRecord] = {
            record.key: record for record in self._journal.records if record.key in wanted
        }
        self._by_cell: dict[Cell, list[EpisodeRecord]] = {cell: [] for cell in self.spec.cells()}
        for record in self._records.values():
            self._by_cell[record.cell].append(record)
        self._before = len(self._records)
        self._state: State = "done" if self._before == self.spec.total else "ready"
        self._error: str | None = None
        self._began = self._ended = 0.0
        self._listeners: list[Callable[[EpisodeRecord], None]] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def prepare(self) -> None:
        """Load what the episodes need ahead of `start`, in the calling thread.

        Raises:
            CheckpointError: Weights are missing or corrupt.
            InvalidInputError: A cluster cannot be reached.
        """
        self._executor.prepare()

    def start(self) -> None:
        """Begin to play, or go on after `cancel`. Does nothing while it runs or when all is done."""
        with self._lock:
            if self._state in ("running", "done"):
                return
            self._state, self._error = "running", None
            self._stop.clear()
            self._began, self._before = time.monotonic(), len(self._records)
            self._thread = threading.Thread(target=self._work, name="grid", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Stop soon; episodes that are running are dropped and played when it is resumed."""
        self._stop.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it no longer runs; returns whether it does not."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def close(self) -> None:
        """Stop, and free processes and files; the folder can be resumed by another run."""
        self.cancel()
        self.wait()
        self._executor.close()
        self._replays.close()
        self._journal.close()

    def __enter__(self) -> GridRun:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def subscribe(self, listener: Callable[[EpisodeRecord], None]) -> None:
        """Call a function with every episode from now on, in the worker's thread."""
        self._listeners.append(listener)

    def snapshot(self) -> GridSnapshot:
        """Where the grid stands."""
        with self._lock:
            cells = tuple(snapshot(cell, records, self.spec.episodes) for cell, records in self._by_cell.items())
            done = len(self._records)
            return GridSnapshot(
                self._state, cells, done, self.spec.total, self._elapsed(), self._left(done), self._error
            )

    @property
    def fresh(self) -> int:
        """Episodes played since `start`."""
        with self._lock:
            return len(self._records) - self._before

    def records(self) -> tuple[EpisodeRecord, ...]:
        """Every finished episode."""
        with self._lock:
            return tuple(self._records.values())

    def episodes(self, cell: Cell) -> list[EpisodeRecord]:
        """Finished episodes of a cell, worst failures first.

        Raises:
            InvalidInputError: The grid has no such cell.
        """
        with self._lock:
            if cell not in self._by_cell:
                raise InvalidInputError(f"the grid has no cell {cell.condition}")
            return sorted(self._by_cell[cell], key=worst_first)

    def video(self, record: EpisodeRecord) -> Path:
        """The mp4 of an episode, rendered on first use (about a second). See `Replays.video`."""
        return self._replays.video(record)

    def _work(self) -> None:
        state: State = "done"
        try:
            _stand_back(self.config.nice)
            done = {record.key for record in self.records()}
            self._executor.play(self.spec.sweeps(self.config.batch, done), self._keep, self._stop.is_set)
            if len(self.records()) < self.spec.total:
                state = "cancelled"
        except WamDemoError as error:
            state, self._error = "failed", str(error)
        except Exception as error:
            _logger.exception("the grid failed")
            state, self._error = "failed", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        with self._lock:
            self._state, self._ended = state, time.monotonic()

    def _keep(self, record: EpisodeRecord) -> None:
        """An episode counts once it is on disk."""
        self._journal.append(record)
        with self._lock:
            self._records[record.key] = record
            self._by_cell[record.cell].append(record)
        for listener in self._listeners:
            listener(record)

    def _elapsed(self) -> float:
        if not self._began:
            return 0.0
        return (time.monotonic() if self._state == "running" else self._ended) - self._began

    def _left(self, done: int) -> float:
        fresh, left = done - self._before, self.spec.total - done
        if fresh >= TRUSTED_EPISODES:
            return left * self._elapsed() / fresh
        return estimate_s(self.spec) * left / self.spec.total


def _stand_back(nice: int) -> None:
    """Lower the priority of this thread; on Linux a thread has its own, and what it starts inherits it."""
    if nice and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)


def weights(spec: GridSpec) -> dict[str, str | None]:
    """SHA-256 of the weights by policy; ``None`` for policies without.

    Raises:
        CheckpointError: Weights are missing.
    """
    digests = {}
    for reference in spec.policies:
        name, checkpoint = split_policy(reference)
        digests[reference] = checkpoint_digest(name, checkpoint)
    return digests


def read_origin(out: Path) -> list[tuple[str, str]]:
    """When, with which versions and on what the grid of a folder was begun, as far as its journal says."""
    header, _ = read_journal(out / JOURNAL_NAME)
    kept = header.get("origin")
    return in_words(kept) if isinstance(kept, Mapping) else []


def read_grid(out: Path) -> tuple[GridSpec, Mapping[str, str | None], tuple[EpisodeRecord, ...]]:
    """Grid, weights and episodes of a folder, finished or not.

    Raises:
        InvalidInputError: There is no journal.
        DataError: It is not readable; the message has the line.
    """
    header, records = read_journal(out / JOURNAL_NAME)
    return GridSpec.from_document(header["grid"]), header["weights"], records
