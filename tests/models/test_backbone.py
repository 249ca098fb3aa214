"""The video transformer: shapes, inverse patches, and what may depend on what."""

import pytest
import torch

from wam_demo.models.backbone import BackboneConfig, VideoBackbone, patchify, unpatchify

CONFIG = BackboneConfig(dim=32, depth=2, heads=2)


@pytest.fixture
def backbone():
    torch.manual_seed(0)
    net = VideoBackbone(CONFIG)
    for parameter in net.parameters():  # zero-initialised layers would hide every dependency
        torch.nn.init.normal_(parameter, std=0.1)
    return net.eval()


def inputs(batch=2):
    generator = torch.Generator().manual_seed(1)
    latents = torch.randn(batch, 2, 12, 16, 16, generator=generator)
    future = torch.randn(batch, 2, 4, 12, 16, 16, generator=generator)
    text = torch.nn.functional.normalize(torch.randn(batch, 384, generator=generator), dim=-1)
    return latents, future, text, torch.randn(batch, 17, generator=generator)


def test_patches_round_trip():
    latents = torch.randn(2, 3, 12, 16, 16)
    assert torch.equal(unpatchify(patchify(latents, 2), 2), latents)


def test_video_pass_has_the_shape_of_the_future(backbone):
    latents, future, text, state = inputs()
    condition = backbone.condition(text, state, torch.tensor([0.3, 0.9]))
    velocity, outputs = backbone.video(latents, future, condition)
    assert velocity.shape == future.shape
    assert [tuple(output.shape) for output in outputs] == [(2, 128 + 512, 32)] * 2


def test_observed_features_do_not_depend_on_the_noisy_future(backbone):
    latents, future, text, state = inputs()
    condition = backbone.condition(text, state, torch.ones(2))
    _, with_future = backbone.video(latents, future, condition)
    alone = backbone.features(latents, condition)
    for joint, single in zip(with_future, alone, strict=True):
        torch.testing.assert_close(joint[:, :128], single, atol=1e-5, rtol=1e-4)


def test_future_depends_on_observation_text_and_time(backbone):
    latents, future, text, state = inputs()
    reference = backbone.video(latents, future, backbone.condition(text, state, torch.full((2,), 0.5)))[0]
    changed = [
        backbone.video(latents.flip(0), future, backbone.condition(text, state, torch.full((2,), 0.5)))[0],
        backbone.video(latents, future, backbone.condition(text.flip(0), state, torch.full((2,), 0.5)))[0],
        backbone.video(latents, future, backbone.condition(text, state, torch.full((2,), 0.1)))[0],
    ]
    for other in changed:
        assert (other - reference).abs().max() > 1e-4
