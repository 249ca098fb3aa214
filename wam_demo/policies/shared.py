"""An inference engine as a policy, so that evaluations share the weights and the batches of the live sessions."""

from __future__ import annotations

from collections.abc import Sequence

from wam_demo.policies.engine import InferenceEngine
from wam_demo.types import Observation, Policy, Prediction


class SharedPolicy(Policy):
    """Asks an engine and waits; thread-safe, and several callers are answered in common batches.

    Args:
        engine: Stays open; whoever opened it closes it.
    """

    def __init__(self, engine: InferenceEngine) -> None:
        self._engine = engine

    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """Plan for each observation; raises what the engine's futures raise."""
        futures = [self._engine.submit(o, seed=s) for o, s in zip(observations, seeds, strict=True)]
        return [future.result() for future in futures]
