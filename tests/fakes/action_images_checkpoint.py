"""A small action-images checkpoint with random weights, beside a tokenizer."""

from pathlib import Path

import numpy as np
import torch

from tests.models.wam.test_imagination import CALIBRATION
from wam_demo.models.action_images.model import ActionImagesConfig, ActionImagesModel
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.types import Observation


def write_action_images(folder: Path, std: float = 0.02) -> Path:
    """``tokenizer`` and ``action_images`` in a folder; the larger the weights, the less is what is drawn a pose."""
    torch.manual_seed(0)
    tokenizer = Tokenizer(TokenizerConfig(width=32))
    tokenizer.save_pretrained(folder / "tokenizer")
    trained = {"tasks": ["reach"], "encoder_sha256": Tokenizer.from_pretrained(folder / "tokenizer").encoder_digest()}
    backbone = BackboneConfig(dim=32, depth=2, heads=2, rays=True)
    model = ActionImagesModel(ActionImagesConfig(backbone, CALIBRATION, trained=trained))
    for parameter in model.parameters():  # zero-initialised layers would hide every dependency
        torch.nn.init.normal_(parameter, std=std)
    model.save_pretrained(folder / "action_images")
    return folder


def a_sight(seed=0, instruction="reach the red cube", position=(0.5, 0.0, 0.15)):
    """Any pictures, at a hand that points down."""
    rng = np.random.default_rng(seed)
    images = {camera: rng.integers(0, 256, (128, 128, 3), np.uint8) for camera in ("front", "wrist")}
    state = np.zeros(17, np.float32)
    state[:10] = *position, 1, 0, 0, 0, -1, 0, 0.8
    return Observation(images, state, instruction, 0.0)
