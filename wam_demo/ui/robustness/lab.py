"""The laboratory behind the Robustness tab: one run at a time, others in a queue, results kept for a while."""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.evaluate.executors.executor import ExecutorConfig, estimate_s
from wam_demo.evaluate.grid.journal import JOURNAL_NAME
from wam_demo.evaluate.grid.run import GridRun, GridSnapshot, read_grid
from wam_demo.evaluate.output import prepare_output
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.limits import GRID_EPISODES, GRID_PROCESSES, GRID_QUEUE, GRID_RUNS_KEPT, GRID_VIDEOS_WAITING
from wam_demo.policies.registry import load_policy
from wam_demo.types import Policy
from wam_demo.ui.robustness.reference import REFERENCE_NAME, unpack_reference
from wam_demo.ui.robustness.view import view

_NAME = re.compile(r"[A-Za-z0-9_-]{8,32}")
_log = logging.getLogger(__name__)

Open = Callable[[GridSpec, Path], GridRun]


def open_grid(spec: GridSpec, out: Path) -> GridRun:
    """A run that leaves a core to the live sessions."""
    return GridRun(spec, out, ExecutorConfig(processes=GRID_PROCESSES), load=_load_once)


@lru_cache(maxsize=8)
def _load_once(name: str, checkpoint: Path | None) -> Policy:
    """Runs take turns, so they can share the weights."""
    return load_policy(name, checkpoint)


@dataclass(eq=False)
class Job:
    """One run that a visitor asked for.

    Attributes:
        name: Cannot be guessed; who knows it may watch, cancel and resume.
        spec: The grid.
        state: ``queued``, ``running``, ``cancelled``, ``done`` or ``failed``.
        run: Once it was begun; readable also after its end.
        cancelled: It was asked to stop.
        error: Why it failed.
        drawn: What the page draws, and after how many episodes it was computed.
    """

    name: str
    spec: GridSpec
    state: str = "queued"
    run: GridRun | None = None
    cancelled: bool = False
    error: str = ""
    drawn: tuple[int, dict[str, Any]] | None = None


class Lab:
    """Plays grids for visitors, in the order in which they ask.

    Args:
        directory: One folder per run; what is there can be looked at and resumed after a restart.
        open_run: Makes a run.
        queue: Runs that may wait.
        kept: Runs whose folder stays when they have ended.
        reference: The journal that is shown before anything has run; ``None`` for none.
    """

    def __init__(
        self,
        directory: Path,
        open_run: Open = open_grid,
        queue: int = GRID_QUEUE,
        kept: int = GRID_RUNS_KEPT,
        reference: Path | None = None,
    ) -> None:
        self._directory, self._open, self._places, self._kept = directory, open_run, queue, kept
        self._jobs: dict[str, Job] = {}
        self._queue: deque[Job] = deque()
        self._running: Job | None = None
        self._pace = 2 / GRID_PROCESSES  # the estimate is for two processes on an idle machine
        self._changed = threading.Condition()
        self._videos = threading.BoundedSemaphore(GRID_VIDEOS_WAITING)
        self._closed = False
        self.reference = None if reference is None else self._reference(reference)
        """The name of the shipped run; ``None`` where there is none that these weights have played."""
        self._worker = threading.Thread(target=self._work, name="robustness", daemon=True)
        self._worker.start()

    def submit(self, spec: GridSpec) -> Job:
        """Put a grid into the queue.

        Raises:
            WamDemoError: It cannot be run, is too large for this place, the queue is full, or the
                results could not be written.
        """
        spec = checked(spec)
        prepare_output(self._directory)
        with self._changed:
            self._require_place()
            job = Job(secrets.token_urlsafe(12), spec)
            self._jobs[job.name] = job
            self._queue.append(job)
            self._changed.notify_all()
            return job

    def job(self, name: object) -> Job:
        """A run by its name, also one from before a restart.

        Raises:
            WamDemoError: There is none (any more), or it cannot be read.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidInputError("this run is not known here")
        with self._changed:
            if name not in self._jobs:
                self._jobs[name] = self._found(name)
            return self._jobs[name]

    def cancel(self, job: Job) -> None:
        """Stop a run soon; what is finished stays, and it can be resumed."""
        with self._changed:
            job.cancelled = True
            if job in self._queue:
                self._queue.remove(job)
                job.state = "cancelled"
            if job.run is not None:
                job.run.cancel()

    def resume(self, job: Job) -> None:
        """Go on where the run was stopped.

        Raises:
            InvalidInputError: The queue is full.
        """
        with self._changed:
            if job.state not in ("cancelled", "failed"):
                return
            self._require_place()
            job.state, job.cancelled, job.error = "queued", False, ""
            self._queue.append(job)
            self._changed.notify_all()

    def position(self, job: Job) -> int:
        """Place in the queue, from 1; 0 when it does not wait."""
        with self._changed:
            return self._queue.index(job) + 1 if job in self._queue else 0

    def expected_s(self, spec: GridSpec) -> float:
        """How long a grid takes here, once it has begun [s]; from the pace of earlier runs."""
        return estimate_s(spec) * self._pace

    def wait_s(self, job: Job | None = None) -> float:
        """How long a run in the queue, or one that is submitted now, waits for its turn [s]."""
        with self._changed:
            running, queued = self._running, list(takewhile(lambda other: other is not job, self._queue))
            if running is None:
                left = 0.0
            else:  # one that is being prepared has no run yet
                left = self.expected_s(running.spec) if running.run is None else running.run.snapshot().left_s
        return left + sum(self.expected_s(other.spec) for other in queued)

    def drawn(self, job: Job) -> dict[str, Any]:
        """Cells and pairs of a run as `view` gives them, computed once for all who look at it."""
        records = () if job.run is None else job.run.records()
        if job.drawn is None or job.drawn[0] != len(records):
            job.drawn = (len(records), view(job.spec, records))
        return job.drawn[1]

    def snapshot(self, job: Job) -> GridSnapshot | None:
        """Where a run stands; ``None`` before it began."""
        return None if job.run is None else job.run.snapshot()

    def video(self, job: Job, record: EpisodeRecord) -> bytes:
        """The mp4 of an episode; it is rendered when it is asked for the first time.

        Raises:
            WamDemoError: Too many wait for theirs already, or it cannot be rendered.
        """
        if job.run is None:
            raise InvalidInputError("this run has not begun")
        if not self._videos.acquire(blocking=False):
            raise InvalidInputError("too many videos are being rendered; try again in a moment")
        try:
            return job.run.video(record).read_bytes()
        finally:
            self._videos.release()

    def close(self) -> None:
        """Stop the present run and free everything; the results stay on the disk. Idempotent."""
        with self._changed:
            self._closed = True
            if self._running is not None and self._running.run is not None:
                self._running.run.cancel()
            self._changed.notify_all()
        self._worker.join(timeout=30.0)
        for job in self._jobs.values():
            if job.run is not None:
                job.run.close()

    def _reference(self, packed: Path) -> str | None:
        if not unpack_reference(self._directory, packed):
            return None
        try:
            self._jobs[REFERENCE_NAME] = self._found(REFERENCE_NAME)
        except WamDemoError as error:  # other weights, or scenes of another version
            _log.warning("the reference grid is not shown: %s", error)
            return None
        return REFERENCE_NAME

    # With the lock held

    def _require_place(self) -> None:
        if len(self._queue) >= self._places:
            raise InvalidInputError(f"{len(self._queue)} runs wait already; please try again later")

    def _found(self, name: str) -> Job:
        """A run that an earlier process has left on the disk."""
        folder = self._directory / name
        if not (folder / JOURNAL_NAME).is_file():
            raise InvalidInputError("this run is not kept any more")
        spec, _, _ = read_grid(folder)
        run = self._open(spec, folder)
        run.close()  # it stays readable, and can be opened again for writing
        return Job(name, spec, "done" if run.snapshot().state == "done" else "cancelled", run)

    # The worker

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._queue)
                if self._closed:
                    return
                job = self._running = self._queue.popleft()
                job.state = "running"
            try:
                self._play(job)
            except WamDemoError as error:
                job.state, job.error = "failed", str(error)
            except Exception as error:
                _log.exception("robustness run")
                job.state, job.error = "failed", f"an internal error ({type(error).__name__})"
            with self._changed:
                self._running = None
                self._forget()

    def _play(self, job: Job) -> None:
        run = self._open(job.spec, self._directory / job.name)
        before = run.snapshot().done
        try:
            with self._changed:
                job.run, job.drawn = run, None
            run.start()
            if job.cancelled or self._closed:
                run.cancel()
            run.wait()
        finally:
            run.close()  # frees simulators and journal; results and videos stay readable
        ended = run.snapshot()
        self._learn(job.spec, ended, ended.done - before)
        job.state, job.error = ended.state, ended.error or ""

    def _learn(self, spec: GridSpec, ended: GridSnapshot, played: int) -> None:
        """Correct the pace by what was measured."""
        if played >= 20:
            self._pace = ended.elapsed_s / (estimate_s(spec) * played / spec.total)

    def _forget(self) -> None:
        """Delete the oldest runs, also those of earlier processes."""
        with suppress(OSError):
            folders = sorted((journal.parent for journal in self._directory.glob(f"*/{JOURNAL_NAME}")), key=_age)
            for folder in [folder for folder in folders if folder.name != REFERENCE_NAME][: -self._kept]:
                job = self._jobs.get(folder.name)
                if job is not None and job.state in ("queued", "running"):
                    continue
                self._jobs.pop(folder.name, None)
                shutil.rmtree(folder, ignore_errors=True)


def checked(spec: GridSpec) -> GridSpec:
    """Return the grid if it may be run here.

    Raises:
        WamDemoError: A name or number is not usable, or it has more episodes than this place allows.
    """
    spec = spec.validated()
    if spec.total > GRID_EPISODES:
        raise InvalidInputError(
            f"{spec.total} episodes; at most {GRID_EPISODES} at a time here (the command line has no such limit)"
        )
    return spec


def _age(folder: Path) -> float:
    return (folder / JOURNAL_NAME).stat().st_mtime
