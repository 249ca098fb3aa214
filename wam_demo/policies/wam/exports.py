"""The graphs of a world action model by name, compiled from its networks."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from wam_demo.models.flat_tokenizer import DirectTokenizer, WinogradTokenizer
from wam_demo.models.geometry import CELL_GEOMETRY_DIM, RAY_DIM
from wam_demo.models.wam.graphs import (
    Decoding,
    Encoding,
    FutureVelocity,
    HeadVelocity,
    MeanFrame,
    PictureCodec,
    Reading,
)
from wam_demo.models.wam.imagination import SOURCES, ImaginationModel
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.policies.compute.graph import CompiledGraph, compile_graph
from wam_demo.policies.compute.variants import Variant
from wam_demo.policies.wam.policy import WamPolicy
from wam_demo.types import IMAGE_SIZE

Export = tuple[nn.Module, tuple[Tensor, ...]]
"""A module and inputs of the shapes that its graph will take."""


def compiled(name: str, policy: WamPolicy, variant: Variant) -> CompiledGraph:
    """One graph of a policy, from copies of its networks in float32, which holds a checkpoint's bfloat16 exactly.

    Args:
        name: A key of `EXPORTS`.
        policy: Stays as it is.
        variant: How.
    """
    model = copy.deepcopy(policy.model).float()
    tokenizer = copy.deepcopy(policy.tokenizer).float()
    codec = WinogradTokenizer(tokenizer) if variant.winograd else DirectTokenizer(tokenizer)
    module, example = EXPORTS[name](policy, model, codec)
    return compile_graph(module, example, variant.precision)


def _encoder(policy: WamPolicy, model: WorldActionModel, codec: PictureCodec) -> Export:
    return Encoding(codec), (_pictures(model),)


def _decoder(policy: WamPolicy, model: WorldActionModel, codec: PictureCodec) -> Export:
    return Decoding(codec), (torch.zeros(model.config.backbone.cameras, *_latent(model)),)


def _reading(policy: WamPolicy, model: WorldActionModel, codec: PictureCodec) -> Export:
    video = model.config.backbone
    images = _pictures(model).to(torch.uint8)[None]
    read = (images, torch.zeros(1, video.text_dim), torch.zeros(1, video.state_dim), *_rays(model))
    return Reading(codec, model), read


def _head(policy: WamPolicy, model: WorldActionModel, codec: PictureCodec) -> Export:
    head, video, draws = model.config.head, model.config.backbone, model.config.draws
    noisy = torch.zeros(1, draws, head.steps, head.action_dim)
    looked_at = (1, head.depth, head.heads, video.cameras * video.frame_tokens + 2, head.dim // head.heads)
    context = (torch.zeros(1, head.dim), torch.zeros(looked_at), torch.zeros(looked_at))
    return HeadVelocity(model), (noisy, torch.ones(1, draws), *context)


def _future(policy: WamPolicy, model: WorldActionModel, codec: PictureCodec) -> Export:
    video = model.config.backbone
    noisy = torch.zeros(1, video.cameras, video.horizons, *_latent(model))
    return FutureVelocity(_imagination(policy), model), (noisy, torch.ones(1), *_conditioned(model, video.horizons))


def _mean_frame(policy: WamPolicy, model: WorldActionModel, codec: PictureCodec) -> Export:
    return MeanFrame(_imagination(policy), model), _conditioned(model, 1)


def _imagination(policy: WamPolicy) -> ImaginationModel:
    assert policy.imagination is not None, "a policy without one has no such graph"
    return copy.deepcopy(policy.imagination).float()


def _conditioned(model: WorldActionModel, horizons: int) -> tuple[Tensor, ...]:
    """What is observed, and what follows from a motion for so many future frames."""
    video, size = model.config.backbone, _latent(model)
    features = torch.zeros(1, video.depth, video.cameras * video.frame_tokens, video.dim)
    latents = torch.zeros(1, video.cameras, *size)
    seen = (latents, features, torch.zeros(1, video.text_dim), torch.zeros(1, video.state_dim))
    motion = torch.zeros(1, horizons, video.motion_dim)
    geometry = torch.zeros(1, video.cameras, horizons, video.frame_tokens, CELL_GEOMETRY_DIM)
    return (*seen, motion, geometry, torch.zeros(1, horizons, SOURCES, *size), *_rays(model))


def _rays(model: WorldActionModel) -> tuple[Tensor, ...]:
    """What a backbone that reads rays takes beside the rest."""
    video = model.config.backbone
    return (torch.zeros(1, video.cameras * video.frame_tokens, RAY_DIM),) if video.rays else ()


def _pictures(model: WorldActionModel) -> Tensor:
    return torch.zeros(model.config.backbone.cameras, IMAGE_SIZE, IMAGE_SIZE, 3)


def _latent(model: WorldActionModel) -> tuple[int, int, int]:
    video = model.config.backbone
    return video.latent_channels, video.latent_size, video.latent_size


EXPORTS: dict[str, Callable[[WamPolicy, WorldActionModel, PictureCodec], Export]] = {
    "reading": _reading,
    "head": _head,
    "future": _future,
    "mean_frame": _mean_frame,
    "encoder": _encoder,
    "decoder": _decoder,
}
"""What a policy acts with, then what it imagines with."""
