"""Small checkpoints of a world action model with random weights, and something to show them."""

from pathlib import Path

import numpy as np
import torch

from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.geometry import CalibratedCamera, Calibration
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.imagination import ImaginationConfig, ImaginationModel
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.types import Observation

BACKBONE = BackboneConfig(dim=32, depth=2, heads=2)


def an_observation(seed=0, instruction="put the red cube in the bowl"):
    rng = np.random.default_rng(seed)
    images = {camera: rng.integers(0, 256, (128, 128, 3), np.uint8) for camera in ("front", "wrist")}
    return Observation(images, rng.normal(size=17).astype(np.float32), instruction, 0.0)


def write_policy(folder: Path) -> Path:
    """``tokenizer`` and ``agra`` in a folder."""
    torch.manual_seed(0)
    Tokenizer(TokenizerConfig(width=32)).save_pretrained(folder / "tokenizer")
    digest = Tokenizer.from_pretrained(folder / "tokenizer").encoder_digest()
    head = ActionHeadConfig(dim=32, depth=2, heads=2)
    model = WorldActionModel(WamConfig(BACKBONE, head, trained={"tasks": ["pick_place"], "encoder_sha256": digest}))
    for parameter in model.parameters():  # zero-initialised layers would hide every dependency
        torch.nn.init.normal_(parameter, std=0.1)
    model.save_pretrained(folder / "agra")
    return folder


def write_imagination(folder: Path) -> Path:
    """An imagination model beside the policy of `write_policy`."""
    camera = CalibratedCamera((1.0, 0.0, 0.9), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), 0.3)
    torch.manual_seed(5)
    expert = ImaginationModel(ImaginationConfig(BACKBONE, Calibration(camera, camera), sha256_of(folder / "agra")))
    for parameter in expert.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    expert.save_pretrained(folder / "agra" / "imagination")
    return folder
