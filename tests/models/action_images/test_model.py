"""The sequence: what is observed is read once, what is clean stays, and the backbone's eyes are taken over."""

from dataclasses import replace

import pytest
import torch

from tests.models.wam.test_imagination import CALIBRATION, random_weights
from wam_demo.errors import CheckpointError
from wam_demo.models.action_images.model import ActionImagesConfig, ActionImagesModel
from wam_demo.models.action_images.pictures import decode, points_of, poses_after
from wam_demo.models.action_images.sequence import Future
from wam_demo.models.action_images.views import Views
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.imagination import ImaginationConfig, ImaginationModel
from wam_demo.models.wam.model import WamConfig, WorldActionModel

CONFIG = ActionImagesConfig(BackboneConfig(dim=32, depth=2, heads=2, rays=True), CALIBRATION)


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = ActionImagesModel(CONFIG)
    random_weights(model)
    return model.eval()


def observation(batch=2):
    generator = torch.Generator().manual_seed(1)
    latents, text = torch.randn(batch, 2, 12, 16, 16, generator=generator), torch.randn(batch, 384, generator=generator)
    state = torch.zeros(batch, 17)
    state[:, :3], state[:, 3], state[:, 7], state[:, 9] = torch.tensor([0.5, 0.0, 0.2]), 1, -1, 1
    return latents, text / 20, state, Views.calibrated(CALIBRATION, state)


def noise(batch=2, video=True):
    generator = torch.Generator().manual_seed(2)
    action = torch.randn(batch, *CONFIG.action_shape, generator=generator)
    return Future(action, torch.randn(batch, 2, 4, 12, 16, 16, generator=generator) if video else None)


def test_untrained_it_plans_to_stay():
    model = ActionImagesModel(CONFIG).eval()
    observed = observation()
    present = model.observe(*observed)
    plan = model.sample(present, noise(video=False))
    found = decode(present.canvas, model.pictures(plan.action), CONFIG.sigma)
    assert (found.position - observed[2][:, None, :3]).norm(dim=-1).max() < 1e-3
    assert (found.opening - 1).abs().max() < 0.01


def test_drawing_is_inverted_by_pictures(model):
    *_, state, views = observation()
    canvas, actions = model.canvas(views, state), torch.full((2, 16, 7), 0.002)
    points, opening = points_of(*poses_after(state, actions)), actions[..., 6]
    drawn = model.draw(canvas, points, opening)
    assert drawn.shape[1:] == CONFIG.action_shape
    found = decode(canvas, model.pictures(drawn), CONFIG.sigma)
    assert (found.position - points[:, :, 0]).norm(dim=-1).max() < 1e-3


def test_it_sees_with_the_backbone_of_a_world_action_model_and_imagines_with_its_imagination():
    config = replace(CONFIG.backbone, rays=False)
    wam = WorldActionModel(WamConfig(config, ActionHeadConfig(dim=32, depth=2, heads=2))).eval()
    imagination = ImaginationModel(ImaginationConfig(config, CALIBRATION, "")).eval()
    random_weights(wam)
    random_weights(imagination)
    model = ActionImagesModel(CONFIG).eval()
    model.begin_as(wam, imagination)
    latents, text, state, views = observation()
    seen = wam.read(latents, text, state)
    present = model.observe(latents, text, state, views)
    assert torch.equal(present.state, seen.state)
    # new inputs are zero at first: the future reads what the imagination model reads
    condition = model.video.condition(text, seen.state, torch.ones(2))
    entering = [wam.backbone.observed_tokens(latents), *seen.features[:-1]]
    tokens = torch.randn(2, 5, 32, generator=torch.Generator().manual_seed(3))
    for block, theirs, pair, context in zip(
        model.video.blocks, imagination.net.blocks, present.pairs, entering, strict=True
    ):
        assert torch.allclose(block(tokens, condition, pair)[0], theirs(tokens, context, condition), atol=1e-4)


def test_what_it_sees_with_is_not_trained():
    model = ActionImagesModel(CONFIG)
    present = model.observe(*observation())
    model.denoise(present, noise(), torch.ones(2), torch.zeros(2, 2, dtype=torch.bool)).action.sum().backward()
    assert all(not parameter.requires_grad for parameter in model.sight.parameters())
    assert model.video.embed_future.weight.requires_grad


def test_what_is_given_stays_and_what_is_not_is_sampled(model):
    present, start = model.observe(*observation()), noise()
    joint = model.sample(present, start)
    imagined = model.sample(present, start, action_given=True)
    labelled = model.sample(present, start, video_given=True)
    assert not torch.equal(joint.action, start.action)
    assert not torch.equal(joint.video, start.video)
    assert torch.equal(imagined.action, start.action)
    assert torch.equal(labelled.video, start.video)
    assert not torch.equal(labelled.action, joint.action)


def test_a_given_action_decides_what_is_imagined(model):
    present, start = model.observe(*observation()), noise()
    other = replace(start, action=start.action + 1)
    one, two = (model.sample(present, future, action_given=True).video for future in (start, other))
    assert not torch.allclose(one, two, atol=1e-4)


def test_draws_share_one_reading_and_do_not_mix(model):
    present = model.observe(*observation())
    start = noise(video=False).action
    many = model.sample(present.repeated(2), Future(start.repeat_interleave(2, 0)))
    once = model.sample(present, Future(start))
    assert torch.allclose(many.action[::2], once.action, atol=1e-4)


def test_cameras_matter(model):
    latents, text, state, views = observation()
    moved = Views(views.position + 0.1, views.rotation, views.half)
    one, two = (model.sample(model.observe(latents, text, state, v), noise(video=False)) for v in (views, moved))
    assert not torch.allclose(one.action, two.action, atol=1e-3)


def test_it_says_where_the_actions_tokens_looked(model):
    present = model.observe(*observation())
    sample = model.sample(present, noise(video=False))
    assert sample.attention.shape == (2, 2 * 8 * 8 + 1)
    assert torch.allclose(sample.attention.sum(1), torch.ones(2))
    assert sample.attention.min() > 0
    given = model.sample(present, noise(), action_given=True)
    assert given.attention is None
    # with random weights each token gets about as much as its neighbours: those of the future are 96 of 224
    assert 0.2 < float(sample.attention[0, -1]) < 0.8


def test_a_checkpoint_comes_back(model, tmp_path):
    model.save_pretrained(tmp_path)
    again = ActionImagesModel.from_pretrained(tmp_path)
    assert again.config == model.config
    with pytest.raises(CheckpointError, match="expected 'wam'"):
        WorldActionModel.from_pretrained(tmp_path)
