"""Reactive expert, gate and their checkpoint: shapes, what they depend on, and a round trip."""

import pytest
import torch

from tests.models.wam.test_imagination import CALIBRATION, TOKENIZER
from wam_demo.errors import CheckpointError
from wam_demo.models.harmo.experts import Experts, ExpertsConfig
from wam_demo.models.harmo.imagined import imagine_motion
from wam_demo.models.harmo.motion import MotionPriorConfig
from wam_demo.models.harmo.reactive import ReactiveConfig
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.imagination import ImaginationConfig, ImaginationModel
from wam_demo.models.wam.model import WamConfig, WorldActionModel

SIZES = BackboneConfig(dim=32, depth=2, heads=2)
SMALL = ReactiveConfig(dim=32, depth=2, heads=2, width=16)
PRIOR = MotionPriorConfig(dim=32, depth=2, heads=2)


def experts(**changes):
    torch.manual_seed(0)
    return Experts(ExpertsConfig(SIZES, ReactiveConfig(**{**vars(SMALL), **changes}), PRIOR, gate_hidden=16)).eval()


def frames(batch=2):
    generator = torch.Generator().manual_seed(1)
    now = torch.randn(batch, 2, 12, 16, 16, generator=generator)
    return now[:, :, None] + 0.3 * torch.randn(batch, 2, 4, 12, 16, 16, generator=generator), now


def test_a_chunk_follows_from_every_imagined_frame_and_from_the_present():
    model, (future, now) = experts(), frames()
    chunk = model.reactive(future, now)
    assert chunk.shape == (2, 16, 7)
    for camera in range(2):
        for horizon in range(4):
            other = future.clone()
            other[:, camera, horizon] += 1
            assert not torch.allclose(model.reactive(other, now), chunk, atol=1e-4)
    assert not torch.allclose(model.reactive(future + 1, now + 1), chunk, atol=1e-4)


def test_without_the_present_only_differences_and_frames_count():
    model = experts(present=False)
    more = dict(experts().named_parameters()).keys() - dict(model.named_parameters()).keys()
    assert {name.split(".")[1] for name in more} == {"present", "now"}
    assert model.reactive(*frames()).shape == (2, 16, 7)


def test_the_gate_tells_tokens_of_different_places_apart():
    gate, tokens = experts().gate, torch.zeros(2, 128, 32)
    tokens[0, :20, :16], tokens[1, 100:120, :16] = 1, 1
    logits = gate(tokens)
    assert logits.shape == (2,)
    assert abs(float((logits[0] - logits[1]).detach())) > 1e-4


def test_the_motion_follows_from_what_is_seen_said_and_felt():
    prior, generator = experts().motion, torch.Generator().manual_seed(2)
    tokens, text = torch.randn(2, 128, 32, generator=generator), torch.randn(2, 384, generator=generator)
    state = torch.randn(2, 17, generator=generator)
    motion = prior(tokens, text, state)
    assert motion.shape == (2, 4, 7)
    for other in ((tokens.roll(1, 1), text, state), (tokens, -text, state), (tokens, text, -state)):
        assert not torch.allclose(prior(*other), motion, atol=1e-4)


def test_what_is_imagined_follows_the_motion():
    torch.manual_seed(0)
    model = WorldActionModel(WamConfig(SIZES, ActionHeadConfig(dim=32, depth=2, heads=2))).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    _, now = frames()
    imagination = ImaginationModel(ImaginationConfig(SIZES, CALIBRATION, "abc")).eval()
    imagination.begin_as(model.backbone)
    state = torch.zeros(2, 17)
    state[:, 0], state[:, 2], state[:, 3], state[:, 7] = 0.5, 0.2, 1, -1
    observed = model.read(now, torch.zeros(2, 384), state)
    noise, motion = torch.randn(2, 2, 4, 12, 16, 16), torch.randn(2, 4, 7)
    first = imagine_motion(imagination, model, TOKENIZER, observed, motion, noise, 2)
    assert first.shape == noise.shape
    assert torch.equal(first, imagine_motion(imagination, model, TOKENIZER, observed, motion, noise, 2))
    assert not torch.allclose(first, imagine_motion(imagination, model, TOKENIZER, observed, -motion, noise, 2))


def test_a_checkpoint_gives_the_same_answers(tmp_path):
    model, (future, now) = experts(), frames()
    model.save_pretrained(tmp_path)
    again = Experts.from_pretrained(tmp_path)
    assert again.config == model.config
    torch.testing.assert_close(again.reactive(future, now), model.reactive(future, now), atol=0.05, rtol=0.05)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors is missing"):
        Experts.from_pretrained(tmp_path)
