"""What a world model imagines when nobody says how the arm will move: it imagines the motion too."""

import torch
from torch import Tensor

from wam_demo.models.flow import euler
from wam_demo.models.wam.imagination import ImaginationModel
from wam_demo.models.wam.model import BackboneFeatures, WorldActionModel


@torch.no_grad()
def imagine_freely(
    imagination: ImaginationModel, model: WorldActionModel, observed: BackboneFeatures, noise: Tensor, steps: int
) -> Tensor:
    """Future latents from the present and the instruction alone.

    A reactive expert must not read frames that follow the predictive expert's plan: it would decode that plan again.

    Args:
        imagination: Of the world model; one that has learned to imagine freely.
        model: The world model.
        observed: Where from.
        noise: (B, cameras, horizons, C, H, W) standard normal.
        steps: Euler steps; one gives the mean of what may come.

    Returns:
        (B, cameras, horizons, C, H, W) float32.
    """
    horizons = range(imagination.config.backbone.horizons)

    def predict(future: Tensor, tau: Tensor) -> Tensor:
        return imagination(model, observed, future.to(model.dtype), tau, None, horizons)

    return euler(predict, noise.float(), steps, shift=imagination.config.shift)
