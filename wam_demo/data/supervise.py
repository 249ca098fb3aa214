"""Jobs over worker processes that may crash or hang: such a worker is replaced, its job redone."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wam_demo.errors import DataError, InvalidInputError
from wam_demo.processes import Handler, ProcessDied, SupervisedProcess, wait_for_any

ATTEMPTS = 3
"""Times a job may be begun before it is given up."""
SILENCE_S = 180.0
"""A worker that reports nothing for this long [s] is taken for hung."""
_POLL_S = 1.0


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


def supervise(make_work: Callable[[], Handler], jobs: Sequence[Any], processes: int) -> Iterator[Progress | Failed]:
    """Do every job in one of ``processes`` spawned processes, reporting what happens.

    Args:
        make_work: Called once in each process; picklable. Does one job after the other.
        jobs: Picklable arguments of the work.
        processes: Processes at a time.

    Raises:
        DataError: A job failed `ATTEMPTS` times.
        InvalidInputError: The work says that its input is not usable; it is not tried again.
    """
    waiting = deque(range(len(jobs)))
    attempts = [0] * len(jobs)
    workers: dict[SupervisedProcess, int] = {}
    try:
        while waiting or workers:
            while waiting and len(workers) < processes:
                workers[worker := SupervisedProcess(make_work, SILENCE_S)] = job = waiting.popleft()
                worker.send(jobs[job])
            wait_for_any(list(workers), _POLL_S)
            for worker in list(workers):
                for event in _listen(worker, workers, waiting, jobs):
                    yield event
                    if isinstance(event, Failed):
                        _retry(event, attempts, waiting)
    finally:
        for worker in workers:
            worker.close()


def _listen(
    worker: SupervisedProcess, workers: dict[SupervisedProcess, int], waiting: deque[int], jobs: Sequence[Any]
) -> Iterator[Progress | Failed]:
    """Read what a worker said; give it the next job, or take it out when it is done or dead."""
    job, failure = workers[worker], None
    try:
        for kind, content in worker.messages():
            if kind == "progress":
                yield Progress(job, content)
            elif isinstance(content, InvalidInputError):
                raise content
            elif kind == "error":
                failure = f"{type(content).__name__}: {content}"
            elif waiting:
                workers[worker] = job = waiting.popleft()
                worker.send(jobs[job])
            else:
                del workers[worker]
                worker.close()
                return
    except ProcessDied as died:
        failure = str(died)
    if failure is not None:
        del workers[worker]
        worker.close()
        yield Failed(job, failure)


def _retry(failed: Failed, attempts: list[int], waiting: deque[int]) -> None:
    attempts[failed.job] += 1
    if attempts[failed.job] >= ATTEMPTS:
        raise DataError(f"job {failed.job} failed {ATTEMPTS} times: {failed.reason}")
    waiting.append(failed.job)
