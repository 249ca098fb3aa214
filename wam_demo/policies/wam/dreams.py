"""One frame of a dream by a world action model and the imagination model beside it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from wam_demo.errors import PolicyFault
from wam_demo.models.tokenizer import PictureTokenizer, to_images
from wam_demo.models.wam.imagination import ImaginationModel, decode_views, motion_conditioning
from wam_demo.models.wam.model import BackboneFeatures, WorldActionModel
from wam_demo.policies.dreaming import DreamFrame, DreamMotion
from wam_demo.types import FUTURE_STEPS


@dataclass(frozen=True)
class AnchorFeatures:
    """What the network made of a `DreamAnchor`.

    Attributes:
        observed: Of the backbone.
        images: (1, cameras, 3, H, W) float32, decoded.
    """

    observed: BackboneFeatures
    images: Tensor


def anchor_features(
    model: WorldActionModel, tokenizer: PictureTokenizer, latents: Tensor, text: Tensor, state: Tensor, rays: Tensor
) -> AnchorFeatures:
    """Read an anchor, as `WorldActionModel.read` reads an observation."""
    observed = model.read(latents, text, state, rays)
    return AnchorFeatures(observed, decode_views(tokenizer, observed.latents))


def frame_after(
    model: WorldActionModel,
    tokenizer: PictureTokenizer,
    imagination: ImaginationModel,
    anchor: AnchorFeatures,
    motion: DreamMotion,
) -> DreamFrame:
    """The frame after a motion; raises `PolicyFault` when it is not finite."""
    latents = mean_future(model, tokenizer, imagination, anchor, motion)
    if not torch.isfinite(latents).all():
        raise PolicyFault("the dream holds values that are not finite")
    pictures = to_images(decode_views(tokenizer, latents.to(model.dtype))[0]).numpy()
    return DreamFrame(dict(zip(model.config.cameras, pictures, strict=True)), latents)


def mean_future(
    model: WorldActionModel,
    tokenizer: PictureTokenizer,
    imagination: ImaginationModel,
    anchor: AnchorFeatures,
    motion: DreamMotion,
) -> Tensor:
    """What one pass makes of no noise at all, the mean of what may come: (1, cameras, C, h, w) latents, float32.

    The motion conditions the model continuously, so motions between two of its horizons come out in order.
    """
    observed, horizons = anchor.observed, [horizon_of(motion.steps)]
    displacement = torch.from_numpy(motion.displacement).view(1, 1, -1)
    encoded = model.normaliser.encode_motion(displacement, horizons).to(model.dtype)
    calibration = imagination.config.calibration
    conditioning = motion_conditioning(model, tokenizer, calibration, observed, encoded, horizons, anchor.images)
    future = torch.zeros_like(observed.latents)[:, :, None]
    speed = imagination(model, observed, future, torch.ones(1), conditioning, horizons)
    return (future.float() - speed)[:, :, 0]


def horizon_of(steps: int) -> int:
    """The first imagined frame that lies at least so many control steps ahead, or the last one."""
    return next((index for index, ahead in enumerate(FUTURE_STEPS) if ahead >= steps), len(FUTURE_STEPS) - 1)
