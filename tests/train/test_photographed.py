"""Pictures of the teacher's scenes as other cameras would show them."""

import numpy as np
import torch

from wam_demo.train.teacher import photographed


def test_pictures_change_differently_but_stay_pictures():
    pixels = torch.rand(1, 3, 16, 16).expand(8, -1, -1, -1)
    seen = photographed(pixels, np.random.default_rng(0))
    assert seen.shape == pixels.shape
    assert 0 <= float(seen.min()) <= float(seen.max()) <= 1
    change = (seen - pixels).abs().mean((1, 2, 3))
    assert float(change.min()) > 0.005
    assert len({round(float(value), 4) for value in change}) == 8
    assert torch.equal(seen, photographed(pixels, np.random.default_rng(0)))
