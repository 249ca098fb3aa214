"""Plans under edits of the video tokens: the causal question that diagnostics ask of a policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wam_demo.models.token_edits import TokenGrid, edited
from wam_demo.models.wam import Plan, WorldActionModel
from wam_demo.types import Observation, Prediction, Vector

PROBE_BATCH = 8
"""Edits planned in one call, which takes about as long as one plan; between two calls plans may go first."""


@dataclass(frozen=True)
class Probe:
    """What K edits do to one plan; action noise, text and proprioception are the same for all.

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


class Prober(Protocol):
    """A policy whose video tokens can be edited between its two networks."""

    @property
    def token_grid(self) -> TokenGrid:
        """How its video tokens lie."""

    def probe_stages(
        self, observation: Observation, edits: NDArray[np.int64], *, seed: int = 0
    ) -> Iterator[Probe | None]:
        """Plan under (K, N) edits, yielding ``None`` after each batch and the result at last."""


def run_probe(policy: Prober, observation: Observation, edits: NDArray[np.int64], seed: int = 0) -> Probe:
    """All stages of a probe at once."""
    *_, probe = policy.probe_stages(observation, edits, seed=seed)
    assert probe is not None, "the last stage is the result"
    return probe


class EditedPlans:
    """One encoded observation, planned under any edits of its video tokens.

    Args:
        model: The policy's network.
        latents: (1, cameras, C, H, W).
        text: (1, 384).
        state: (1, 17) raw.
        noise: (1, draws, 16, 7), held fixed.
    """

    @torch.inference_mode()
    def __init__(self, model: WorldActionModel, latents: Tensor, text: Tensor, state: Tensor, noise: Tensor) -> None:
        self._model, self._noise = model, noise
        self._text = text.to(model.dtype)
        self._state = model.normaliser.encode_state(state.float()).to(model.dtype)
        self._features = model.features(latents.to(model.dtype), self._text, self._state)

    @torch.inference_mode()
    def plan(self, edits: NDArray[np.int64]) -> Plan:
        """Plans under (K, N) edits; only the blocks that the action head reads are edited, as it reads no other."""
        model, count = self._model, len(edits)
        index, cameras = torch.from_numpy(edits), model.config.backbone.cameras
        bridged = set(model.head.bridge)
        features = [
            edited(tokens[0], index, cameras) if block in bridged else tokens.expand(count, -1, -1)
            for block, tokens in enumerate(self._features)
        ]
        noise = self._noise.expand(count, -1, -1, -1)
        return model.plan(features, self._text.expand(count, -1), self._state.expand(count, -1), noise)

    @torch.inference_mode()
    def change(self, actions: Tensor, plan: Tensor) -> tuple[Vector, Vector]:
        """L2 change (K,) of standardised chunks and mean shift (K,) of the planned TCP [m].

        Args:
            actions: (K, 16, 7) edited.
            plan: (16, 7) without an edit.
        """
        encode = self._model.normaliser.encode_chunk
        change = (encode(actions) - encode(plan)).flatten(1).norm(dim=1)
        path = (actions[..., :3] - plan[..., :3]).cumsum(1)
        return change.numpy(), path.norm(dim=-1).mean(1).numpy()
