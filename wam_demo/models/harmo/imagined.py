"""What a world model imagines when nobody says how the arm will move: it imagines the motion too."""

import torch
from torch import Tensor

from wam_demo.models.flow import euler
from wam_demo.models.wam.model import BackboneFeatures, WorldActionModel


@torch.no_grad()
def imagine_freely(model: WorldActionModel, observed: BackboneFeatures, noise: Tensor, steps: int) -> Tensor:
    """Future latents from the present and the instruction alone, by the backbone's own video pass.

    A reactive expert must not read frames that follow the predictive expert's plan: it would decode that plan again.

    Args:
        model: The world model.
        observed: Where from.
        noise: (B, cameras, horizons, C, H, W) standard normal.
        steps: Euler steps; one gives the mean of what may come.

    Returns:
        (B, cameras, horizons, C, H, W) float32.
    """

    def predict(future: Tensor, tau: Tensor) -> Tensor:
        condition = model.backbone.condition(observed.text, observed.state, tau)
        return model.backbone.video(observed.latents, future.to(model.dtype), condition, tau, rays=observed.rays)[0]

    return euler(predict, noise.float(), steps, shift=model.config.video_shift)
