"""The thread of an inference engine: batched plans first, then dreams; imaginations and probes in what time is left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

from wam_demo.policies.checks import check_prediction, predict
from wam_demo.policies.pacing import Pacing
from wam_demo.policies.request import Request, as_fault
from wam_demo.policies.request_queue import RequestQueue
from wam_demo.types import Policy

_END = object()


class Worker:
    """Calls a policy for a queue of requests; whatever the policy does, the next request is answered.

    Args:
        policy: Called from `run` only; another one may take its place at any time, for the calls that follow.
        queue: Where requests come from and answers go.
        max_batch: Observations in one policy call.
        gather_s: How long a batch waits for further sessions [s].
        pacing: How often imaginations and probes are made.
    """

    def __init__(self, policy: Policy, queue: RequestQueue, max_batch: int, gather_s: float, pacing: Pacing) -> None:
        self.policy = policy
        self._queue = queue
        self._max_batch = max_batch
        self._gather_s = gather_s
        self._pacing = pacing
        self.expected: Callable[[], int] | None = None
        """How many sessions ask at present; a full batch without it."""

    def run(self) -> None:
        """Work until the queue is closed."""
        queue = self._queue
        stages: Iterator[None] = iter(())
        busy = False
        while True:
            with queue.changed:
                while not (queue.closed or queue.acting or queue.urgent or busy or self._may_go_aside()):
                    queue.changed.wait(self._pacing.rest_s if queue.aside else None)
                if queue.closed:
                    return
            if queue.acting:
                self._act(self._gather())
            if queue.urgent:
                for _ in self._next_of(queue.urgent):
                    pass
            if not busy and self._may_go_aside():
                stages = self._next_of(queue.aside)
            busy = next(stages, _END) is not _END

    def _may_go_aside(self) -> bool:
        return bool(self._queue.aside) and self._pacing.rest_s <= 0

    def _gather(self) -> list[Request]:
        """The oldest waiting plans, after a moment in which further sessions may join."""
        queue, size, until = self._queue, self._max_batch, time.monotonic() + self._gather_s
        wanted = size if self.expected is None else min(size, self.expected())
        with queue.changed:
            while len(queue.acting) < wanted and (left := until - time.monotonic()) > 0:
                queue.changed.wait(left)
            return queue.take(queue.acting, size)

    def _act(self, batch: list[Request]) -> None:
        if not batch:
            return
        started = time.monotonic()
        try:
            predictions = predict(self.policy, [r.observation for r in batch], [r.seed for r in batch])
        except Exception as error:
            self._separate(batch, error)
            return
        with self._queue.changed:
            self._queue.log.call_ms.append(1e3 * (time.monotonic() - started))
            self._queue.log.batch.append(len(batch))
        for request, prediction in zip(batch, predictions, strict=True):
            try:
                answer = check_prediction(prediction)
            except Exception as error:  # whatever lies in an answer, the thread lives on
                self._queue.fail(request, as_fault(error))
            else:
                took = self._queue.resolve(request, answer)
                if took is not None:
                    self._pacing.planned(took)

    def _separate(self, batch: list[Request], error: Exception) -> None:
        """Find out by single calls which session's observation the policy cannot answer."""
        if len(batch) == 1:
            self._queue.fail(batch[0], as_fault(error))
            return
        for request in batch:
            self._act([request])

    def _next_of(self, waiting: deque[Request]) -> Iterator[None]:
        """Work on the oldest request with stages, yielding between them so that plans and dreams may go first."""
        for request in self._queue.take(waiting, 1):
            assert request.stages is not None, "only requests with stages wait here"
            stages, busy_s, answer = None, 0.0, None
            while self._queue.holds(request):
                started = time.monotonic()
                try:
                    stages = request.stages() if stages is None else stages
                    answer = next(stages)
                except Exception as error:
                    self._queue.fail(request, as_fault(error))
                    break
                busy_s += time.monotonic() - started
                if answer is not None:
                    if not request.urgent:
                        self._pacing.worked(busy_s)
                    self._queue.resolve(request, answer)
                    break
                yield
