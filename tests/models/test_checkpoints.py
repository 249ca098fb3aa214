"""Checkpoints: round trips in bf16, and clear errors when a file is missing or damaged."""

import json

import pytest
import torch

from wam_demo.errors import CheckpointError
from wam_demo.models.checkpoint import WEIGHTS_NAME, sha256_of
from wam_demo.models.teacher import Simsem, SimsemConfig
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig, to_images, to_tensor
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.model import WamConfig, WorldActionModel

SMALL = WamConfig(BackboneConfig(dim=32, depth=2, heads=2), ActionHeadConfig(dim=32, depth=2, heads=2))


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    WorldActionModel(SMALL).save_pretrained(tmp_path)
    return tmp_path


def test_wam_round_trip(saved):
    model = WorldActionModel.from_pretrained(saved)
    assert model.config == SMALL
    model.save_pretrained(saved / "again")
    assert sha256_of(saved / "again") == sha256_of(saved)


def test_tokenizer_round_trip_and_shapes(tmp_path):
    tokenizer = Tokenizer(TokenizerConfig(width=32))
    images = torch.randint(0, 256, (2, 128, 128, 3), dtype=torch.uint8)
    assert torch.equal(to_images(to_tensor(images)), images)
    tokenizer.set_statistics(tokenizer.raw_encode(to_tensor(images)).detach())
    latents = tokenizer.encode(to_tensor(images))
    assert latents.shape == (2, 12, 16, 16)
    assert latents.mean().abs() < 0.05
    assert abs(latents.std() - 1) < 0.1
    assert tokenizer.decode(latents).shape == (2, 3, 128, 128)
    tokenizer.save_pretrained(tmp_path)
    assert Tokenizer.from_pretrained(tmp_path).config == tokenizer.config


def test_teacher_round_trip_and_shapes(tmp_path):
    Simsem(SimsemConfig(dim=48, depth=1)).save_pretrained(tmp_path)
    teacher = Simsem.from_pretrained(tmp_path)
    images = torch.randint(0, 256, (2, 128, 128, 3), dtype=torch.uint8)
    assert teacher.features(images, 8).shape == (2, 64, 48)
    assert teacher.features(images, 4).shape == (2, 16, 48)


def test_dinov2_has_the_shapes_of_a_teacher():
    from wam_demo.models.teacher import DINOV2, TimmTeacher

    teacher = TimmTeacher(DINOV2, pretrained=False)
    images = torch.randint(0, 256, (1, 128, 128, 3), dtype=torch.uint8)
    assert teacher.features(images, 8).shape == (1, 64, teacher.dim) == (1, 64, 384)


def test_missing_corrupt_and_foreign_checkpoints(saved, tmp_path):
    with pytest.raises(CheckpointError, match="missing"):
        WorldActionModel.from_pretrained(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="expected 'tokenizer'"):
        Tokenizer.from_pretrained(saved)
    weights = saved / WEIGHTS_NAME
    content = weights.read_bytes()
    weights.write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match="corrupt"):
        WorldActionModel.from_pretrained(saved)
    weights.unlink()
    with pytest.raises(CheckpointError, match="missing"):
        WorldActionModel.from_pretrained(saved)


def test_config_that_does_not_fit_the_weights(saved):
    config = json.loads((saved / "config.json").read_text())
    config["backbone"]["dim"] = 64
    (saved / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="does not fit"):
        WorldActionModel.from_pretrained(saved)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    model = WorldActionModel(SMALL)
    with torch.no_grad():
        model.head.out.bias.fill_(float("nan"))
    model.save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="not finite"):
        WorldActionModel.from_pretrained(tmp_path)
