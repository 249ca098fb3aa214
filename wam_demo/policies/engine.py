"""One worker thread per checkpoint that batches the requests of all sessions; acting goes first, then dreaming."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from wam_demo.errors import WamDemoError
from wam_demo.limits import QUEUE_SIZE
from wam_demo.policies.checks import check_observation
from wam_demo.policies.pacing import Pacing
from wam_demo.policies.request import Request, drawn_seed
from wam_demo.policies.request_queue import RequestQueue
from wam_demo.policies.threads import limit_threads
from wam_demo.policies.timing import EngineStats
from wam_demo.policies.worker import Worker
from wam_demo.types import ActionChunk, Image, Imaginer, Observation, Policy, Prediction

if TYPE_CHECKING:
    from wam_demo.policies.dreaming import Dreamer, DreamFrame, DreamMotion
    from wam_demo.policies.labelling import Footage, Label, Labeller
    from wam_demo.policies.probe import Probe, Prober

Futures = list[Mapping[str, Image]]
"""Sampled imaginations of one observation, each (4, H, W, 3) uint8 by camera."""


PATIENCE = 4
"""A plan may take as long as so many of the latest calls."""


@dataclass(frozen=True)
class EngineConfig:
    """How an `InferenceEngine` batches and when it gives up.

    Attributes:
        max_batch: Observations in one policy call.
        gather_s: How long the worker waits for further sessions once one request is there [s].
        act_timeout_s: Submission to plan; a later answer is a `PolicyBusy` [s]. Where calls take long, `PATIENCE` of
            them and at most ``alone_timeout_s``: the arm holds meanwhile, so the plan still starts where it stands.
        alone_timeout_s: As ``act_timeout_s`` for a request that is awaited alone [s].
        imagine_timeout_s: Submission to imagined frames [s].
        probe_timeout_s: Submission to plans under edits [s].
        dream_timeout_s: Submission to the next frame of a dream [s].
        label_timeout_s: Submission to the label of a film [s].
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
    dream_timeout_s: float = 5.0
    label_timeout_s: float = 10.0
    queue_size: int = QUEUE_SIZE
    window: int = 256
    threads: int | None = None


class InferenceEngine:
    """Answers the observations of many sessions with one policy, on one thread.

    Plans that wait are answered in one batched call and go before frames of dreams; both go before imaginations and
    probes, which they interrupt between their stages, as they do labels. Those are answered in the order of their
    arrival, and become rarer when plans come late. What a policy can do beside planning is in its `PolicySpec`.

    Every future resolves: with an answer, with `PolicyBusy` (late, overloaded), with another `PolicyFault`
    (not usable, the policy raised, closed) or with `InvalidInputError`. An unusable observation never
    fails the other sessions of its batch. A future may be cancelled while it waits.

    Args:
        policy: Called from the worker thread only.
        config: Batching and timeouts.
    """

    def __init__(self, policy: Policy, config: EngineConfig | None = None) -> None:
        self.config = config or EngineConfig()
        self._queue = RequestQueue(self.config.queue_size, self.config.window)
        self._worker = Worker(policy, self._queue, self.config.max_batch, self.config.gather_s, Pacing())
        self._threads = [
            threading.Thread(target=self._work, name="engine-worker", daemon=True),
            threading.Thread(target=self._watch, name="engine-deadlines", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        limit_threads(self.config.threads)
        self._worker.run()

    def _watch(self) -> None:
        while not self._queue.closed:
            self._queue.expire()

    def submit(
        self, observation: Observation, *, seed: int | None = None, alone: bool = False, timeout_s: float | None = None
    ) -> Future[Prediction]:
        """Ask for a plan.

        Args:
            observation: What the session sees.
            seed: Seed of the policy's noise; ``None`` draws one.
            alone: Share the call with no other request: with the same seed, the same observation
                then gives the same plan to the last bit, whoever else is here.
            timeout_s: How late the answer may be; `EngineConfig` says so by default.

        Returns:
            A future that always resolves; nothing is raised here.
        """
        if timeout_s is None:
            timeout_s = self.config.alone_timeout_s if alone else self._act_timeout_s()
        return self._enqueue(self._request(observation, seed, timeout_s, alone))

    def _act_timeout_s(self) -> float:
        with self._queue.changed:
            call_s = self._queue.log.latest_call_s
        return max(self.config.act_timeout_s, min(PATIENCE * call_s, self.config.alone_timeout_s))

    def submit_imagination(
        self,
        observation: Observation,
        *,
        samples: int = 1,
        seed: int | None = None,
        chunk: ActionChunk | None = None,
    ) -> Future[Futures]:
        """Ask an `Imaginer` for ``samples`` imagined futures; they are sampled while no plan waits.

        Args:
            observation: Where from.
            samples: How many.
            seed: Of the noise; a random one by default.
            chunk: What will be done; the policy's own plan by default.
        """
        request = self._request(observation, seed, self.config.imagine_timeout_s)
        request.stages = partial(self._imagine, request, samples, None if chunk is None else [chunk])
        return self._enqueue(request)

    def submit_probe(
        self, observation: Observation, edits: NDArray[np.int64], *, seed: int | None = None
    ) -> Future[Probe]:
        """Ask a `Prober` for plans under (K, N) edits of the video tokens; they are made while no plan waits."""
        request = self._request(observation, seed, self.config.probe_timeout_s)
        request.stages = lambda: cast("Prober", self.policy).probe_stages(observation, edits, seed=request.seed)
        return self._enqueue(request)

    def submit_dream(self, motion: DreamMotion) -> Future[DreamFrame]:
        """Ask a `Dreamer` for the frame after a motion; it goes before imaginations and probes."""
        request = self._request(motion.anchor.observation, 0, self.config.dream_timeout_s)
        request.urgent = True
        request.stages = lambda: iter([cast("Dreamer", self.policy).dream(motion)])
        return self._enqueue(request)

    def submit_label(self, footage: Footage, *, seed: int = 0) -> Future[Label]:
        """Ask a `Labeller` which action a film shows; it is found while no plan waits."""
        request = self._request(footage.observation, seed, self.config.label_timeout_s)
        request.stages = lambda: cast("Labeller", self.policy).label_stages(footage, seed=request.seed)
        return self._enqueue(request)

    def expect(self, sessions: Callable[[], int]) -> None:
        """Let a batch wait for as many sessions as ask at present, and no longer than for those.

        Without this it waits for a full batch. ``sessions`` is called in the worker thread.
        """
        self._worker.expected = sessions

    @property
    def policy(self) -> Policy:
        """What answers at present."""
        return self._worker.policy

    def exchange(self, policy: Policy, quiet_s: float) -> bool:
        """Let another policy answer, if nobody has asked for anything for so long [s]; returns whether it does."""
        if self._queue.closed or not self._queue.is_quiet(quiet_s):
            return False
        self._worker.policy = policy
        return True

    def stats(self) -> EngineStats:
        """Percentiles over the latest calls and totals since the start."""
        with self._queue.changed:
            return self._queue.log.stats(self._queue.waiting)

    def close(self, patience_s: float = 1.0) -> None:
        """Refuse what waits, stop, and close the policy; a call in progress is given ``patience_s``. Idempotent."""
        self._queue.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=patience_s)
        self.policy.close()

    def _request(self, observation: Observation, seed: int | None, timeout_s: float, alone: bool = False) -> Request:
        return Request(observation, drawn_seed(seed), time.monotonic() + timeout_s, alone=alone)

    def _enqueue(self, request: Request) -> Future[Any]:
        try:
            check_observation(request.observation)
            self._queue.put(request)
        except WamDemoError as error:
            request.future.set_exception(error)
        return request.future

    def _imagine(self, request: Request, samples: int, chunks: list[ActionChunk] | None) -> Iterator[Futures | None]:
        """The stages of one imagination; the work on them is logged."""
        imaginer, busy_s = cast(Imaginer, self.policy), 0.0
        stages = imaginer.imagine_stages([request.observation], samples=samples, seed=request.seed, chunks=chunks)
        while True:
            started = time.monotonic()
            answer = next(stages)
            busy_s += time.monotonic() - started
            if answer is not None:
                with self._queue.changed:
                    self._queue.log.imagine_ms.append(1e3 * busy_s)
            yield None if answer is None else answer[0]
