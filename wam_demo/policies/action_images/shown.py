"""What a person sees of an action that was drawn: the coloured points over the dimmed picture of the view."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from wam_demo.types import CHUNK_STEPS, FUTURE_STEPS, IMAGE_SIZE, Band, Frames, Image, Panel, Scalars

ACTION, BESIDE, CONFIDENCE, READ = "Action video", "Action video, beside the hand", "Confidence", "Read off the video"
"""Titles of its panels."""
BESIDE_HAND = "beside"
"""Name of the view that no camera takes."""
DIM = 0.3
"""Brightness of the present picture below the points."""


@dataclass(frozen=True)
class Reading:
    """How well one action could be read off its pictures.

    Attributes:
        followed: (16,) bool, the decoded steps that the plan follows.
        confidence: (16,) in 0..1; what is shown is the mean, in which a step that is not followed counts as 0.
        gap: (16,) how far rays pass each other [m]; NaN where nothing was found.
    """

    followed: Tensor
    confidence: Tensor
    gap: Tensor


def panels(drawn: Tensor, images: Mapping[str, Image], margin: float, reading: Reading) -> dict[str, Panel]:
    """Everything that is shown of one action.

    Args:
        drawn: (V, 16, 3, size, size) pictures in 0..1: of the cameras in their order, last beside the hand.
        images: (H, W, 3) uint8 by camera, as they are now.
        margin: How much wider the action's views are than the cameras'.
        reading: How well it could be read.
    """
    moments = drawn[:, [step - 1 for step in FUTURE_STEPS]]
    frames = {camera: over(moments[view], image, margin) for view, (camera, image) in enumerate(images.items())}
    numbers = {f"steps decoded of {CHUNK_STEPS}": float(reading.followed.sum())}
    if reading.followed.any():
        numbers["ray gap [mm]"] = 1e3 * float(reading.gap[reading.followed].mean())
    return {
        ACTION: Frames(frames, FUTURE_STEPS),
        BESIDE: Frames({BESIDE_HAND: over(moments[-1], None, margin)}, FUTURE_STEPS),
        CONFIDENCE: Band(
            float(reading.confidence[reading.followed].sum()) / CHUNK_STEPS, "unreadable: the arm holds", "certain"
        ),
        READ: Scalars(numbers),
    }


def over(drawn: Tensor, image: Image | None, margin: float) -> NDArray[np.uint8]:
    """Points over a picture.

    Args:
        drawn: (K, 3, size, size) in 0..1.
        image: (H, W, 3) uint8 of the same view; ``None`` where no camera looks.
        margin: How much wider the view is than the picture.

    Returns:
        (K, side, side, 3) uint8, the picture in the middle at its own size.
    """
    side = round(IMAGE_SIZE * margin)
    below = torch.zeros(3, side, side)
    if image is not None:
        start = (side - IMAGE_SIZE) // 2
        place = slice(start, start + IMAGE_SIZE)
        below[:, place, place] = DIM / 255 * torch.tensor(image).permute(2, 0, 1)
    light = F.interpolate(drawn.clamp(0, 1), (side, side), mode="bilinear", align_corners=False)
    seen = 1 - (1 - light) * (1 - below)
    return (255 * seen).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
