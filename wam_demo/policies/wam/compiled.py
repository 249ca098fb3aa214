"""A world action model as compiled graphs: the same `Imaginer`, in less time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from wam_demo.config import GRAPHS
from wam_demo.models.chunk import motion_of
from wam_demo.models.flow import euler
from wam_demo.models.wam.imagination import MotionConditioning, conditioning_stages
from wam_demo.models.wam.model import BackboneFeatures, PlannedChunk
from wam_demo.policies.compute.cache import GraphCache
from wam_demo.policies.compute.graph import CompiledGraph
from wam_demo.policies.compute.variants import Variant
from wam_demo.policies.wam.exports import compiled
from wam_demo.policies.wam.policy import WamPolicy, digests
from wam_demo.types import Observation, Prediction


@dataclass(frozen=True)
class CompiledFeatures(BackboneFeatures):
    """What the backbone made of observations, and what the action head looks at.

    Attributes:
        stacked: ``features`` as one tensor (B, blocks, N, dim).
        head: Static condition, keys and values of the action head, as `Reading` has them.
    """

    stacked: Tensor = field(kw_only=True)
    head: tuple[Tensor, Tensor, Tensor] = field(kw_only=True)


class CompiledWamPolicy(WamPolicy):
    """Plans, imagines and dreams by compiled graphs; probes and features are computed as in a `WamPolicy`.

    Every observation is computed by itself, so a plan does not depend on what else is in its batch.

    Args:
        checkpoint: Directory of the WAM.
        variant: How it is compiled.
        tokenizer: As for `WamPolicy`.
        root: Where compiled graphs are kept.

    Raises:
        CheckpointError: As for `WamPolicy`.
    """

    def __init__(
        self, checkpoint: Path, variant: Variant, tokenizer: Path | None = None, root: Path | None = None
    ) -> None:
        super().__init__(checkpoint, tokenizer)
        self.compute = variant.name
        self.variant = variant
        self.cache = GraphCache(digests(Path(checkpoint), tokenizer), root or GRAPHS)
        self._reading, self._velocity = self._graph("reading"), self._graph("head")

    def _graph(self, name: str) -> CompiledGraph:
        variant = self.variant
        return self.cache.graph(variant.name, name, variant.precision, lambda: compiled(name, self, variant))

    def prepare_imagination(self) -> None:
        """Make the graphs that only imagining takes; a backbone that imagines by itself goes on in torch."""
        if self.imagination is None:
            self.dtype = torch.float32
            self.model.to_compute(self.dtype)
            self.tokenizer.to(self.dtype)
        else:
            self._future, self._frame = self._graph("future"), self._graph("mean_frame")
            self.coder = CompiledTokenizer(self._graph("encoder"), self._graph("decoder"))

    @torch.inference_mode()
    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """As `WamPolicy.predict`; the same observation with the same seed is planned once."""
        began = time.perf_counter()
        plans: dict[tuple[int, int], PlannedChunk] = {}
        keys = [(id(observation), seed) for observation, seed in zip(observations, seeds, strict=True)]
        for key, observation in zip(keys, observations, strict=True):
            if key not in plans:
                plans[key] = self.plan(self.read([observation]), self.noise([key[1]]))
        timing = {"policy_call": 1e3 * (time.perf_counter() - began)}
        return [self._prediction(plans[key], 0, timing) for key in keys]

    def read(self, observations: Sequence[Observation], samples: int = 1) -> CompiledFeatures:
        """As `WamPolicy.read`."""
        images, text, state, rays = self.inputs(observations)
        parts = self._reading(images, text, state, *self._ray_inputs(rays))
        parts = (*parts, text, rays)
        latents, stacked, state, *head, text, rays = (part.repeat_interleave(samples, 0) for part in parts)
        return CompiledFeatures(latents, list(stacked.unbind(1)), text, state, rays, stacked=stacked, head=tuple(head))

    def _ray_inputs(self, rays: Tensor | None) -> tuple[Tensor, ...]:
        return (rays,) if self.model.config.backbone.rays and rays is not None else ()

    def plan(self, observed: BackboneFeatures, noise: Tensor) -> PlannedChunk:
        """As `WamPolicy.plan`; the attention is scaled to sum to one, whatever the precision."""
        assert isinstance(observed, CompiledFeatures), "planned from what this policy read"
        attention = noise

        def predict(chunk: Tensor, tau: Tensor) -> Tensor:
            nonlocal attention
            speed, attention = self._velocity(chunk, tau[:, None].repeat(1, chunk.shape[1]), *observed.head)
            return speed

        chunk = euler(predict, noise, self.model.config.action_steps)
        return self.model.planned(chunk, attention / attention.sum(-1, keepdim=True))

    def _imagined(self, observed: BackboneFeatures, noise: Tensor, actions: Tensor) -> Iterator[Tensor | None]:
        assert isinstance(observed, CompiledFeatures), "imagined from what this policy read"
        if self.imagination is None:  # the backbone imagines by itself, which is not exported
            yield from super()._imagined(observed, noise, actions)
            return
        calibration = self.imagination.config.calibration
        motion = self.model.normaliser.encode_motion(motion_of(actions))
        for by in conditioning_stages(self.model, self.coder, calibration, observed, motion):
            if by is None:
                yield None

        def predict(future: Tensor, tau: Tensor) -> Tensor:
            assert by is not None, "it comes last"
            seen = (observed.latents, observed.stacked, observed.text, observed.state)
            rays = self._ray_inputs(observed.rays)
            return self._future(future, tau, *seen, by.motion, by.geometry, by.warped, *rays)[0]

        yield from self.imagination.sample_stages(predict, noise)

    def _mean_frame(self, observed: BackboneFeatures, by: MotionConditioning) -> Tensor:
        seen = (observed.latents, torch.stack(observed.features, 1), observed.text, observed.state)
        given = (*seen, by.motion, by.geometry, by.warped, *self._ray_inputs(observed.rays))
        return self._frame(*(part.float() for part in given))[0]


class CompiledTokenizer:
    """The tokenizer as graphs, pictures as `Tokenizer` has them."""

    def __init__(self, encoder: CompiledGraph, decoder: CompiledGraph) -> None:
        self._encoder, self._decoder = encoder, decoder

    def encode(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in 0..1 to (B, C, h, w); B is a multiple of the cameras."""
        return self._encoder(images.float().permute(0, 2, 3, 1))[0]

    def decode(self, latents: Tensor) -> Tensor:
        """(B, C, h, w) to (B, 3, H, W) in 0..1; B is a multiple of the cameras."""
        return self._decoder(latents.float())[0].permute(0, 3, 1, 2)
