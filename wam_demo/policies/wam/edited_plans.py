"""One encoded observation, planned again under edits of its video tokens."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wam_demo.models.wam.model import PlannedChunk, WorldActionModel
from wam_demo.types import Vector


class EditedPlans:
    """One encoded observation, planned under any edits of its video tokens.

    Args:
        model: The policy's network.
        latents: (1, cameras, C, H, W).
        text: (1, 384).
        state: (1, 17) raw.
        rays: (1, N, 9).
        noise: (1, draws, 16, 7), held fixed.
    """

    @torch.inference_mode()
    def __init__(
        self, model: WorldActionModel, latents: Tensor, text: Tensor, state: Tensor, rays: Tensor, noise: Tensor
    ) -> None:
        self._model, self._noise = model, noise
        self._reading = model.read(latents, text, state, rays)

    @torch.inference_mode()
    def plan(self, edits: NDArray[np.int64]) -> PlannedChunk:
        """Plans under (K, N) edits; only the blocks that the action head reads are edited, as it reads no other."""
        model, count = self._model, len(edits)
        index, cameras = torch.from_numpy(edits), model.config.backbone.cameras
        bridged = set(model.head.bridge)
        features = [
            edited(tokens[0], index, cameras) if block in bridged else tokens.expand(count, -1, -1)
            for block, tokens in enumerate(self._reading.features)
        ]
        noise = self._noise.expand(count, -1, -1, -1)
        text, state = self._reading.text.expand(count, -1), self._reading.state.expand(count, -1)
        return model.plan(features, text, state, noise)

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


def edited(tokens: Tensor, edits: Tensor, cameras: int) -> Tensor:
    """The tokens of one observation under several edits.

    Args:
        tokens: (N, dim).
        edits: (K, N) int64, see `Edit`.
        cameras: Views that the N tokens belong to.

    Returns:
        (K, N, dim).
    """
    means = tokens.unflatten(0, (cameras, -1)).mean(1)
    return torch.cat([tokens, torch.zeros_like(tokens[:1]), means])[edits]
