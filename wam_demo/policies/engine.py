"""One worker thread per checkpoint that batches the requests of all sessions; acting goes first."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from wam_demo.errors import PolicyFault, WamDemoError
from wam_demo.limits import QUEUE_SIZE
from wam_demo.policies.checks import check_observation, check_prediction, predict
from wam_demo.policies.request import Request, as_fault, drawn_seed, settle
from wam_demo.policies.threads import limit_threads
from wam_demo.policies.timing import CallLog, EngineStats
from wam_demo.types import ActionChunk, Image, Imaginer, Observation, Policy, Prediction

if TYPE_CHECKING:
    from wam_demo.policies.probe import Probe, Prober

Futures = list[Mapping[str, Image]]
"""Sampled imaginations of one observation, each (4, H, W, 3) uint8 by camera."""

QUICK_PLAN_S = 0.2
"""While plans come within this, imaginations and probes follow each other without a rest."""
LONGEST_REST = 4.0
"""An imagination or probe rests at most this many times as long as the one before took."""


@dataclass(frozen=True)
class EngineConfig:
    """How an `InferenceEngine` batches and when it gives up.

    Attributes:
        max_batch: Observations in one policy call.
        gather_s: How long the worker waits for further sessions once one request is there [s].
        act_timeout_s: Submission to plan; later answers are faults [s].
        alone_timeout_s: As ``act_timeout_s`` for a request that is awaited alone [s].
        imagine_timeout_s: Submission to imagined frames [s].
        probe_timeout_s: Submission to plans under edits [s].
        queue_size: Requests waiting; further ones are refused.
        window: Calls that the percentiles of `EngineStats` look back on.
        threads: CPU threads of a policy call; ``None`` leaves one core to simulators and pages, without
            which a call waits at every operation for a thread that has lost its core.
    """

    max_batch: int = 8
    gather_s: float = 0.002
    act_timeout_s: float = 2.0
    alone_timeout_s: float = 10.0
    imagine_timeout_s: float = 10.0
    probe_timeout_s: float = 30.0
    queue_size: int = QUEUE_SIZE
    window: int = 256
    threads: int | None = None


class InferenceEngine:
    """Answers the observations of many sessions with one policy, on one thread.

    Plans that wait are answered in one batched call and go before imaginations: a policy with
    ``imagine_stages`` (a generator that yields ``None`` between denoising steps and the futures at
    last, arguments as `Imaginer.imagine`) is interrupted by plans between its stages. Probes are
    interrupted in the same way; they and imaginations are answered in the order of their arrival,
    and become rarer when plans come late.

    Every future resolves: with an answer, with `PolicyFault` (late, not finite, wrong shape, the
    policy raised, overloaded, closed) or with `InvalidInputError`. An unusable observation never
    fails the other sessions of its batch. A future may be cancelled while it waits.

    Args:
        policy: Called from the worker thread only.
        config: Batching and timeouts.
    """

    def __init__(self, policy: Policy, config: EngineConfig | None = None) -> None:
        self.policy = policy
        self._expected: Callable[[], int] | None = None
        self.config = config or EngineConfig()
        self._changed = threading.Condition()
        self._acting: deque[Request] = deque()
        self._aside: deque[Request] = deque()  # imaginations and probes: plans go first
        self._open: set[Request] = set()  # whoever removes a request from here resolves it
        self._closed = False
        self._plan_s = 0.0  # what a plan takes lately, waiting included
        self._rest_until = 0.0
        self._log = CallLog(self.config.window)
        self._threads = [
            threading.Thread(target=self._work, name="engine-worker", daemon=True),
            threading.Thread(target=self._watch, name="engine-deadlines", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, observation: Observation, *, seed: int | None = None, alone: bool = False) -> Future[Prediction]:
        """Ask for a plan.

        Args:
            observation: What the session sees.
            seed: Seed of the policy's noise; ``None`` draws one.
            alone: Share the call with no other request: with the same seed, the same observation
                then gives the same plan to the last bit, whoever else is here.

        Returns:
            A future that always resolves; nothing is raised here.
        """
        timeout_s = self.config.alone_timeout_s if alone else self.config.act_timeout_s
        request = Request(observation, drawn_seed(seed), time.monotonic() + timeout_s, alone=alone)
        return self._enqueue(request, self._acting)

    def submit_imagination(
        self,
        observation: Observation,
        *,
        samples: int = 1,
        seed: int | None = None,
        chunk: ActionChunk | None = None,
    ) -> Future[Futures]:
        """Ask for ``samples`` imagined futures; they are sampled while no plan waits.

        Args:
            observation: Where from.
            samples: How many.
            seed: Of the noise; a random one by default.
            chunk: What will be done; the policy's own plan by default.
        """
        request = Request(observation, drawn_seed(seed), time.monotonic() + self.config.imagine_timeout_s)
        request.stages = partial(self._imagine, request, samples, chunk)
        return self._enqueue(request, self._aside)

    def submit_probe(
        self, observation: Observation, edits: NDArray[np.int64], *, seed: int | None = None
    ) -> Future[Probe]:
        """Ask for plans under (K, N) edits of the video tokens; they are made while no plan waits."""
        request = Request(observation, drawn_seed(seed), time.monotonic() + self.config.probe_timeout_s)
        request.stages = lambda: cast("Prober", self.policy).probe_stages(observation, edits, seed=request.seed)
        return self._enqueue(request, self._aside)

    def expect(self, sessions: Callable[[], int]) -> None:
        """Let a batch wait for as many sessions as ask at present, and no longer than for those.

        Without this it waits for a full batch. ``sessions`` is called in the worker thread.
        """
        self._expected = sessions

    def stats(self) -> EngineStats:
        """Percentiles over the latest calls and totals since the start."""
        with self._changed:
            return self._log.stats(len(self._acting) + len(self._aside))

    def close(self) -> None:
        """Refuse what waits, stop, and close the policy; a call in progress is given one second. Idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            requests = list(self._open)
        for request in requests:
            self._fail(request, PolicyFault("the inference engine is closed"))
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=1.0)
        self.policy.close()

    def _enqueue(self, request: Request, queue: deque[Request]) -> Future[Any]:
        try:
            check_observation(request.observation)
            with self._changed:
                self._refuse_when_unavailable()
                queue.append(request)
                self._open.add(request)
                self._changed.notify_all()
        except WamDemoError as error:
            request.future.set_exception(error)
        return request.future

    def _refuse_when_unavailable(self) -> None:
        if self._closed:
            raise PolicyFault("the inference engine is closed")
        waiting = len(self._acting) + len(self._aside)
        if waiting >= self.config.queue_size:
            raise PolicyFault(f"the inference engine is overloaded: {waiting} requests wait")

    # The worker thread

    def _work(self) -> None:
        limit_threads(self.config.threads)
        stages: Iterator[None] = iter(())
        busy = False
        while True:
            with self._changed:
                while not (self._closed or self._acting or busy or self._may_go_aside()):
                    self._changed.wait(self._rest_s() if self._aside else None)
                if self._closed:
                    return
            if self._acting:
                self._act(self._gather())
            if not busy and self._may_go_aside():
                stages = self._next_aside()
            busy = next(stages, _END) is not _END

    def _may_go_aside(self) -> bool:
        return bool(self._aside) and self._rest_s() <= 0

    def _rest_s(self) -> float:
        """How long imaginations and probes still have to wait for the sake of plans."""
        return self._rest_until - time.monotonic()

    def _rest(self, busy_s: float) -> None:
        """After an imagination or probe: the later plans come, the longer the pause until the next."""
        lateness = self._plan_s / QUICK_PLAN_S
        self._rest_until = time.monotonic() + (busy_s * min(lateness, LONGEST_REST) if lateness > 1 else 0.0)

    def _gather(self) -> list[Request]:
        """The oldest waiting plans, after a moment in which further sessions may join."""
        size, until = self.config.max_batch, time.monotonic() + self.config.gather_s
        wanted = size if self._expected is None else min(size, self._expected())
        with self._changed:
            while len(self._acting) < wanted and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            return self._take(self._acting, size)

    def _take(self, queue: deque[Request], size: int) -> list[Request]:
        """The oldest requests that still want an answer; call with the lock held."""
        batch: list[Request] = []
        while queue and len(batch) < size:
            if batch and (batch[0].alone or queue[0].alone):
                break
            request = queue.popleft()
            if request not in self._open:
                continue
            if request.future.set_running_or_notify_cancel():
                batch.append(request)
            else:
                self._open.discard(request)
        return batch

    def _act(self, batch: list[Request]) -> None:
        if not batch:
            return
        started = time.monotonic()
        try:
            predictions = predict(self.policy, [r.observation for r in batch], [r.seed for r in batch])
        except Exception as error:
            self._separate(batch, error)
            return
        with self._changed:
            self._log.call_ms.append(1e3 * (time.monotonic() - started))
            self._log.batch.append(len(batch))
        for request, prediction in zip(batch, predictions, strict=True):
            try:
                self._resolve(request, check_prediction(prediction))
            except PolicyFault as fault:
                self._fail(request, fault)

    def _separate(self, batch: list[Request], error: Exception) -> None:
        """Find out by single calls which session's observation the policy cannot answer."""
        if len(batch) == 1:
            self._fail(batch[0], as_fault(error))
            return
        for request in batch:
            self._act([request])

    def _next_aside(self) -> Iterator[None]:
        """Work on the oldest imagination or probe, yielding between stages so that plans go first."""
        with self._changed:
            batch = self._take(self._aside, 1)
        if not batch:
            return
        request, busy_s = batch[0], 0.0
        assert request.stages is not None, "only requests with stages wait here"
        stages = request.stages()
        while request in self._open:
            started = time.monotonic()
            try:
                answer = next(stages)
            except Exception as error:
                self._fail(request, as_fault(error))
                return
            busy_s += time.monotonic() - started
            if answer is not None:
                self._rest(busy_s)
                self._resolve(request, answer)
                return
            yield

    def _imagine(self, request: Request, samples: int, chunk: ActionChunk | None) -> Iterator[Futures | None]:
        """The stages of one imagination; the work on them is logged."""
        stages, busy_s = self._imagination(request, samples, chunk), 0.0
        while True:
            started = time.monotonic()
            answer = next(stages)
            busy_s += time.monotonic() - started
            if answer is not None:
                with self._changed:
                    self._log.imagine_ms.append(1e3 * busy_s)
            yield None if answer is None else answer[0]

    def _imagination(self, request: Request, samples: int, chunk: ActionChunk | None) -> Iterator[list[Futures] | None]:
        chunks = None if chunk is None else [chunk]
        imaginer = cast(Imaginer, self.policy)
        return imaginer.imagine_stages([request.observation], samples=samples, seed=request.seed, chunks=chunks)

    # The deadline thread

    def _watch(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                now = time.monotonic()
                late = [request for request in self._open if request.deadline <= now]
                if not late:
                    nearest = min((r.deadline for r in self._open), default=None)
                    self._changed.wait(None if nearest is None else nearest - now)
            for request in late:
                waited = 1e3 * (now - request.submitted)
                self._fail(request, PolicyFault(f"no answer after {waited:.0f} ms"))

    # Resolving

    def _claim(self, request: Request) -> bool:
        """Whether the caller is the one to resolve this request; call with the lock held."""
        if request not in self._open:
            return False
        self._open.remove(request)
        return True

    def _resolve(self, request: Request, answer: Any) -> None:
        with self._changed:
            if not self._claim(request):
                return
            self._log.answered += 1
            if isinstance(answer, Prediction):
                took = time.monotonic() - request.submitted
                self._plan_s += 0.3 * (took - self._plan_s)
                self._log.answer_ms.append(1e3 * took)
        settle(lambda: request.future.set_result(answer))

    def _fail(self, request: Request, error: Exception) -> None:
        with self._changed:
            if not self._claim(request):
                return
            self._log.faults += 1
        settle(lambda: request.future.set_exception(error))


_END = object()
