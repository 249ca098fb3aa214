"""Plans under edits of the video tokens: the causal question that diagnostics ask of a policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wam_demo.policies.tokens import TokenGrid
from wam_demo.types import Observation, Policy, Prediction, Vector

PROBE_BATCH = 8
"""Edits planned in one call, which takes about as long as one plan; between two calls plans may go first."""
_BATCH_ALONE = 32
"""The same where nobody else waits."""


@dataclass(frozen=True)
class Probe:
    """What K edits do to one plan; action noise, text and proprioception are the same for all.

    Plans come from a single noise draw, so that an edit's effect is not averaged over several.

    Attributes:
        prediction: The plan without an edit, with its attention.
        actions: (K, 16, 7) float32, the plan under each edit.
        change: (K,) float32, L2 norm of the change of the chunk of displacements (16 x 7), each number
            in units of its standard deviation over the training data.
        shift_m: (K,) float32, how far the planned TCP moves [m], mean over the chunk's steps.
    """

    prediction: Prediction
    actions: Vector
    change: Vector
    shift_m: Vector


class Prober(Policy, Protocol):
    """A policy whose video tokens can be read, and edited, between its two networks."""

    @property
    def token_grid(self) -> TokenGrid:
        """How its video tokens lie."""

    def features(self, observations: Sequence[Observation]) -> NDArray[np.float32]:
        """(blocks, B, tokens, dim) of the pass that acts."""

    def probe_stages(
        self, observation: Observation, edits: NDArray[np.int64], *, seed: int = 0, batch: int = PROBE_BATCH
    ) -> Iterator[Probe | None]:
        """Plan under (K, N) edits, yielding ``None`` after each batch and the result at last."""


def run_probe(policy: Prober, observation: Observation, edits: NDArray[np.int64], seed: int = 0) -> Probe:
    """All stages of a probe at once."""
    *_, probe = policy.probe_stages(observation, edits, seed=seed, batch=_BATCH_ALONE)
    assert probe is not None, "the last stage is the result"
    return probe
