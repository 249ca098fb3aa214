"""An inference engine as a policy, so that evaluations share the weights and the batches of the live sessions."""

from __future__ import annotations

from collections.abc import Sequence

from wam_demo.policies.engine import InferenceEngine
from wam_demo.types import Observation, Prediction


class SharedPolicy:
    """Asks an engine and waits; thread-safe, and several callers are answered in common batches.

    Args:
        engine: Stays open; whoever opened it closes it.
    """

    def __init__(self, engine: InferenceEngine) -> None:
        self._engine = engine

    def reset(self, instruction: str) -> None:
        """Nothing to prepare: the engine's policy is shared."""

    def predict(self, observations: Sequence[Observation], *, seeds: Sequence[int] | None = None) -> list[Prediction]:
        """Plan for each observation; raises what the engine's futures raise."""
        chosen: Sequence[int | None] = [None] * len(observations) if seeds is None else seeds
        futures = [self._engine.submit(o, seed=s) for o, s in zip(observations, chosen, strict=True)]
        return [future.result() for future in futures]
