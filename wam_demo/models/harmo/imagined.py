"""What a world model imagines when nobody says how the arm will move: first the motion, then what follows from it."""

import torch
from torch import Tensor

from wam_demo.models.flow import euler
from wam_demo.models.tokenizer import PictureTokenizer
from wam_demo.models.wam.imagination import ImaginationModel, motion_conditioning
from wam_demo.models.wam.model import BackboneFeatures, WorldActionModel


@torch.no_grad()
def imagine_motion(
    imagination: ImaginationModel,
    model: WorldActionModel,
    tokenizer: PictureTokenizer,
    observed: BackboneFeatures,
    motion: Tensor,
    noise: Tensor,
    steps: int,
) -> Tensor:
    """Future latents in which the arm moves so.

    Args:
        imagination: Of the world model.
        model: The world model.
        tokenizer: Its tokenizer.
        observed: Where from.
        motion: (B, horizons, 7) normalised displacements, as `MotionPrior` gives them.
        noise: (B, cameras, horizons, C, H, W) standard normal.
        steps: Euler steps; one gives the mean of what may come.

    Returns:
        (B, cameras, horizons, C, H, W) float32.
    """
    horizons = range(imagination.config.backbone.horizons)
    known = torch.cat([motion, torch.ones_like(motion[..., :1])], -1).to(model.dtype)
    calibration = imagination.config.calibration
    conditioning = motion_conditioning(model, tokenizer, calibration, observed, known, horizons)

    def predict(future: Tensor, tau: Tensor) -> Tensor:
        return imagination(model, observed, future.to(model.dtype), tau, conditioning, horizons)

    return euler(predict, noise.float(), steps, shift=imagination.config.shift)
