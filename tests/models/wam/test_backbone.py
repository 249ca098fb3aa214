"""The video transformer: shapes, inverse patches, and what may depend on what."""

from dataclasses import replace

import pytest
import torch

from wam_demo.models.wam.backbone import BackboneConfig, VideoBackbone, patchify, unpatchify

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


def video(backbone, latents, future, text, state, tau=0.5, motion=None, horizons=None):
    times = torch.full((len(latents),), tau)
    return backbone.video(latents, future, backbone.condition(text, state, times), times, motion, horizons)


def test_video_pass_has_the_shape_of_the_future(backbone):
    latents, future, text, state = inputs()
    velocity, outputs = video(backbone, latents, future, text, state)
    assert velocity.shape == future.shape
    assert [tuple(output.shape) for output in outputs] == [(2, 128 + 512, 32)] * 2
    fewer = video(backbone, latents, future[:, :, [1, 3]], text, state, horizons=(1, 3))[0]
    assert fewer.shape == (2, 2, 2, 12, 16, 16)


def test_an_untrained_network_imagines_that_nothing_changes():
    latents, future, text, state = inputs()
    velocity = video(VideoBackbone(CONFIG), latents, future, text, state, tau=0.4)[0]
    torch.testing.assert_close(future - 0.4 * velocity, latents[:, :, None].expand_as(future), atol=1e-5, rtol=1e-4)


def test_observed_features_do_not_depend_on_the_noisy_future(backbone):
    latents, future, text, state = inputs()
    _, with_future = video(backbone, latents, future, text, state, tau=1.0, motion=torch.ones(2, 4, 8))
    alone = backbone.features(latents, backbone.condition(text, state, torch.ones(2)))
    for joint, single in zip(with_future, alone, strict=True):
        torch.testing.assert_close(joint[:, :128], single, atol=1e-5, rtol=1e-4)


def test_future_depends_on_observation_text_time_motion_and_horizon(backbone):
    latents, future, text, state = inputs()
    reference = video(backbone, latents, future, text, state)[0]
    changed = [
        video(backbone, latents.flip(0), future, text, state)[0],
        video(backbone, latents, future, text.flip(0), state)[0],
        video(backbone, latents, future, text, state, tau=0.6)[0],
        video(backbone, latents, future, text, state, motion=torch.ones(2, 4, 8))[0],
        video(backbone, latents, future, text, state, horizons=(3, 2, 1, 0))[0],
    ]
    for other in changed:
        assert (other - reference).abs().max() > 1e-4


def test_rays_say_nothing_until_they_were_trained():
    latents, *_ = inputs()
    rays = torch.randn(2, 128, 9, generator=torch.Generator().manual_seed(3))
    torch.manual_seed(0)
    net = VideoBackbone(replace(CONFIG, rays=True)).eval()
    assert torch.equal(net.observed_tokens(latents, rays), net.observed_tokens(latents))
    torch.nn.init.normal_(net.rays.weight)
    tokens = net.observed_tokens(latents, rays) - net.observed_tokens(latents)
    torch.testing.assert_close(tokens, rays @ net.rays.weight.T, atol=1e-5, rtol=1e-4)
    assert torch.equal(net.observed_tokens(latents, torch.zeros_like(rays)), net.observed_tokens(latents))
