"""One frame of a dream by a world action model and the imagination model beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from wam_demo.errors import InvalidInputError, PolicyFault
from wam_demo.models.geometry import Calibration
from wam_demo.models.tokenizer import PictureTokenizer, to_images, to_tensor
from wam_demo.models.wam.doubt import DoubtModel, pooled_features
from wam_demo.models.wam.imagination import (
    MotionConditioning,
    decode_views,
    held_to_pictures,
    motion_conditioning,
)
from wam_demo.models.wam.model import BackboneFeatures, WorldActionModel
from wam_demo.models.warping import WRIST, TableMemory
from wam_demo.policies.dreaming import ANCHOR_STEPS, Doubt, DreamAnchor, DreamFrame, DreamMotion
from wam_demo.policies.pictures import pictures_of

MeanFrame = Callable[[BackboneFeatures, MotionConditioning], Tensor]
"""As `wam_demo.models.wam.imagination.ImaginationModel.mean_frame`."""


@dataclass(frozen=True)
class AnchorFeatures:
    """What the network made of a `DreamAnchor`.

    Attributes:
        observed: Of the backbone.
        images: (1, cameras, 3, H, W) float32, as the tokenizer shows them.
    """

    observed: BackboneFeatures
    images: Tensor


@dataclass(frozen=True)
class FrameMaker:
    """What makes frames.

    Attributes:
        model: Of the policy.
        coder: Its tokenizer, in torch or compiled.
        calibration: Of the cameras.
        mean_frame: The imagination model, in torch or compiled.
        doubt: Doubts the frames, where there is such a model.
        remembers: The imagination model knows what a map of what was seen before is.
    """

    model: WorldActionModel
    coder: PictureTokenizer
    calibration: Calibration
    mean_frame: MeanFrame
    doubt: DoubtModel | None = None
    remembers: bool = False

    def read(self, anchor: DreamAnchor, latents: Tensor, text: Tensor, state: Tensor, rays: Tensor) -> AnchorFeatures:
        """Read an anchor, as `WorldActionModel.read` reads an observation; its pictures are decoded only once."""
        observed = self.model.read(latents, text, state, rays)
        if anchor.latents is None:
            return AnchorFeatures(observed, decode_views(self.coder, observed.latents))
        pictures = pictures_of([anchor.observation], self.model.config.cameras)
        return AnchorFeatures(observed, to_tensor(pictures[0])[None])

    def frame_after(self, anchor: AnchorFeatures, motion: DreamMotion) -> DreamFrame:
        """The frame after a motion, which conditions the model continuously: shorter ones come out in order.

        Raises:
            InvalidInputError: It is longer than `ANCHOR_STEPS`.
            PolicyFault: The frame is not finite.
        """
        if motion.steps > ANCHOR_STEPS:
            raise InvalidInputError(f"a frame is imagined at most {ANCHOR_STEPS} steps ahead, not {motion.steps}")
        normaliser, displacement = self.model.normaliser, torch.from_numpy(motion.displacement)
        moved = normaliser.encode_motion(displacement.view(1, 1, -1), [0])
        before = motion.anchor.memory
        conditioning = motion_conditioning(
            self.model, self.coder, self.calibration, anchor.observed, moved, [0], anchor.images, before
        )
        latents = self.mean_frame(anchor.observed, conditioning)
        if not torch.isfinite(latents).all():
            raise PolicyFault("the dream holds values that are not finite")
        decoded = decode_views(self.coder, latents.to(self.model.dtype))
        pictures = to_images(decoded[0]).numpy()
        images = dict(zip(self.model.config.cameras, pictures, strict=True))
        if motion.steps < ANCHOR_STEPS:
            return DreamFrame(images)
        shown = self.coder.encode(decoded[0].to(self.model.dtype))[None]
        doubt = self._doubted(anchor, latents, shown)
        memory = self._remembered(anchor, before) if self.remembers else None
        return DreamFrame(images, held_to_pictures(latents, shown), doubt, memory)

    def _remembered(self, anchor: AnchorFeatures, before: TableMemory | None) -> TableMemory:
        """What was seen until an anchor, its own picture included."""
        memory = TableMemory.blank(1) if before is None else before
        state = self.model.normaliser.decode_state(anchor.observed.state)
        return memory.after(self.calibration, state, anchor.images[:, WRIST])

    def _doubted(self, anchor: AnchorFeatures, imagined: Tensor, shown: Tensor) -> Doubt | None:
        """By latents (1, cameras, C, h, w) as they were imagined, and of the pictures that they show."""
        if self.doubt is None:
            return None
        inconsistency = float((imagined - shown.float()).abs().mean())
        pooled = pooled_features(anchor.observed.features, len(self.model.config.cameras))
        amount = inconsistency * self.doubt.strangeness(pooled[0])
        return Doubt(amount, self.doubt.expected(amount))
