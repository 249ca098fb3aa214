"""An inference engine as a policy, so that evaluations share the weights and the batches of the live sessions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import TypeVar

from wam_demo.errors import PolicyBusy
from wam_demo.policies.engine import InferenceEngine
from wam_demo.policies.labelling import Footage, Label
from wam_demo.types import ActionChunk, Image, Imaginer, Observation, Prediction

PATIENCE_S = 60.0
"""An answer may take this long while live sessions go first."""
PAUSE_S = 0.25
"""Between two attempts to find room in the engine's queue."""

Answer = TypeVar("Answer")


class SharedPolicy(Imaginer):
    """Asks an engine and waits; thread-safe, and several callers are answered in common batches.

    An engine that is busy is asked again: load is no fault of the policy.

    Args:
        engine: Stays open; whoever opened it closes it.
        patience_s: After this, a busy engine is a `PolicyBusy` [s].
    """

    def __init__(self, engine: InferenceEngine, patience_s: float = PATIENCE_S) -> None:
        self._engine = engine
        self._patience_s = patience_s

    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """Plan for each observation.

        Raises:
            PolicyBusy: The engine was busy for too long.
            PolicyFault: An answer is not usable.
        """
        engine, patience_s = self._engine, self._patience_s
        pairs = list(zip(observations, seeds, strict=True))
        return self._patiently(lambda: [engine.submit(o, seed=s, timeout_s=patience_s) for o, s in pairs])

    def imagine_stages(
        self,
        observations: Sequence[Observation],
        *,
        samples: int = 1,
        seed: int = 0,
        chunks: Sequence[ActionChunk] | None = None,
    ) -> Iterator[list[list[Mapping[str, Image]]] | None]:
        """As `Imaginer`, one observation after the other; for a policy that imagines."""
        futures: list[list[Mapping[str, Image]]] = []
        for number, observation in enumerate(observations):
            chunk = None if chunks is None else chunks[number]

            def submit(o: Observation = observation, c: ActionChunk | None = chunk) -> list[Future]:
                return [self._engine.submit_imagination(o, samples=samples, seed=seed, chunk=c)]

            futures += self._patiently(submit)
            yield None
        yield futures

    def label_stages(self, footage: Footage, *, seed: int = 0) -> Iterator[Label | None]:
        """As `Labeller`, in one stage; for a policy that labels."""
        yield from self._patiently(lambda: [self._engine.submit_label(footage, seed=seed)])

    def _patiently(self, submit: Callable[[], list[Future[Answer]]]) -> list[Answer]:
        until = time.monotonic() + self._patience_s
        while True:
            futures = submit()
            try:
                return [future.result() for future in futures]
            except PolicyBusy:
                if time.monotonic() >= until:
                    raise
            finally:
                for future in futures:
                    future.cancel()  # what is left of a batch that is asked for again
            time.sleep(PAUSE_S)
