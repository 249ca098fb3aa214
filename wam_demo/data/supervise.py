"""Jobs over worker processes that may crash or hang: such a worker is replaced, its job redone."""

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from wam_demo.errors import DataError, InvalidInputError

ATTEMPTS = 3
"""Times a job may be begun before it is given up."""
SILENCE_S = 180.0
"""A worker that reports nothing for this long [s] is taken for hung."""
_POLL_S = 1.0

Work = Callable[[Any, Callable[[Any], None]], None]
"""Does one job; reports progress through its second argument."""


@dataclass(frozen=True)
class Progress:
    """What the worker doing ``job`` reported."""

    job: int
    report: Any


@dataclass(frozen=True)
class Failed:
    """The worker doing ``job`` crashed or hung; its reports are void and the job is redone."""

    job: int
    reason: str


@dataclass
class _Worker:
    process: Any
    connection: Connection
    job: int
    heard: float


def supervise(make_work: Callable[[], Work], jobs: Sequence[Any], processes: int) -> Iterator[Progress | Failed]:
    """Do every job in one of ``processes`` spawned processes, reporting what happens.

    Args:
        make_work: Called once in each process; picklable.
        jobs: Picklable arguments of the work.
        processes: Processes at a time.

    Raises:
        DataError: A job failed `ATTEMPTS` times.
        InvalidInputError: The work says that its input is not usable; it is not tried again.
    """
    waiting = deque(range(len(jobs)))
    attempts = [0] * len(jobs)
    workers: list[_Worker] = []
    try:
        while waiting or workers:
            while waiting and len(workers) < processes:
                workers.append(_start(make_work, waiting.popleft(), jobs))
            wait([worker.connection for worker in workers], _POLL_S)
            for worker in list(workers):
                for event in _listen(worker, workers, waiting, jobs):
                    yield event
                    if isinstance(event, Failed):
                        _retry(event, attempts, waiting)
    finally:
        for worker in workers:
            _stop(worker)


def _start(make_work: Callable[[], Work], job: int, jobs: Sequence[Any]) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(make_work, theirs), daemon=True)
    process.start()
    theirs.close()  # so that its end closes with the process
    ours.send(jobs[job])
    return _Worker(process, ours, job, time.monotonic())


def _listen(
    worker: _Worker, workers: list[_Worker], waiting: deque[int], jobs: Sequence[Any]
) -> Iterator[Progress | Failed]:
    """Read what a worker sent; give it the next job, or take it out when it is done or dead."""
    reason = None
    try:
        while worker.connection.poll():
            kind, content = worker.connection.recv()
            worker.heard = time.monotonic()
            if kind == "report":
                yield Progress(worker.job, content)
            elif kind == "invalid":
                raise InvalidInputError(content)
            elif kind == "failed":
                reason = content
            elif waiting:
                worker.job = waiting.popleft()
                worker.connection.send(jobs[worker.job])
            else:
                workers.remove(worker)
                _stop(worker)
                return
    except (EOFError, OSError):
        worker.process.join(_POLL_S)
        reason = reason or f"the process ended with exit code {worker.process.exitcode}"
    if reason is None and time.monotonic() - worker.heard > SILENCE_S:
        reason = f"no sign of life for {SILENCE_S:.0f} s"
    if reason is not None:
        workers.remove(worker)
        _stop(worker)
        yield Failed(worker.job, reason)


def _retry(failed: Failed, attempts: list[int], waiting: deque[int]) -> None:
    attempts[failed.job] += 1
    if attempts[failed.job] >= ATTEMPTS:
        raise DataError(f"job {failed.job} failed {ATTEMPTS} times: {failed.reason}")
    waiting.append(failed.job)


def _stop(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.kill()
    worker.process.join()


def _serve(make_work: Callable[[], Work], connection: Connection) -> None:
    """Runs in the worker: do jobs until the other end closes."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    try:
        work = make_work()
        while True:
            work(connection.recv(), lambda report: connection.send(("report", report)))
            connection.send(("done", None))
    except InvalidInputError as error:
        connection.send(("invalid", str(error)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except Exception as error:
        connection.send(("failed", f"{type(error).__name__}: {error}"))
        raise
