"""The imagining expert: begins as the backbone, reads the policy, and depends on how the arm will move."""

from dataclasses import replace

import pytest
import torch

from wam_demo.models.chunk import motion_of
from wam_demo.models.geometry import CalibratedCamera, Calibration
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.imagination import (
    ImaginationConfig,
    ImaginationModel,
    conditioning_stages,
    motion_conditioning,
)
from wam_demo.models.wam.model import WamConfig, WorldActionModel

TOKENIZER = Tokenizer(TokenizerConfig(width=32)).requires_grad_(False)
SIZES = BackboneConfig(dim=32, depth=2, heads=2)
CALIBRATION = Calibration(
    CalibratedCamera((1.1, 0.0, 0.9), (0.0, -0.78, 0.63, 1.0, 0.0, 0.0, 0.0, 0.63, 0.78), 0.27),
    CalibratedCamera((0.08, 0.0, -0.09), (0.0, 0.88, 0.47, 1.0, 0.0, 0.0, 0.0, 0.47, -0.88), 0.75),
)


def random_weights(network):
    for parameter in network.parameters():  # zero-initialised layers would hide every dependency
        torch.nn.init.normal_(parameter, std=0.1)


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = WorldActionModel(WamConfig(SIZES, ActionHeadConfig(dim=32, depth=2, heads=2)))
    random_weights(model)
    return model.eval()


@pytest.fixture
def expert(model):
    expert = ImaginationModel(ImaginationConfig(SIZES, CALIBRATION, "abc"))
    expert.begin_as(model.backbone)
    return expert.eval()


def inputs(model, batch=2):
    generator = torch.Generator().manual_seed(1)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    text = torch.nn.functional.normalize(draw(batch, 384), dim=-1)
    observed = model.read(draw(batch, 2, 12, 16, 16), text, draw(batch, 17))
    return observed, draw(batch, 2, 4, 12, 16, 16), 0.05 * draw(batch, 16, 7)


def velocity(model, expert, observed, future, actions, tau=1.0, horizons=range(4)):
    motion = model.normaliser.encode_motion(motion_of(actions))[:, list(horizons)]
    with torch.no_grad():
        conditioning = motion_conditioning(model, TOKENIZER, CALIBRATION, observed, motion, horizons)
        return expert(
            model, observed, future[:, :, list(horizons)], torch.full((len(future),), tau), conditioning, horizons
        )


def test_the_conditioning_in_stages_is_that_at_once(model):
    observed, _, actions = inputs(model)
    motion = model.normaliser.encode_motion(motion_of(actions))
    at_once = motion_conditioning(model, TOKENIZER, CALIBRATION, observed, motion, range(4))
    *before, last = conditioning_stages(model, TOKENIZER, CALIBRATION, observed, motion)
    assert before == [None] * 5  # the warp and each moment's pictures, so that plans need not wait for all
    assert torch.allclose(last.warped, at_once.warped, atol=1e-5)
    assert torch.equal(last.geometry, at_once.geometry)


def test_it_begins_as_the_backbone_imagines(model, expert):
    observed, future, actions = inputs(model)
    times, motion = torch.ones(2), model.normaliser.encode_motion(motion_of(actions))
    condition = model.backbone.condition(observed.text, observed.state, times)
    own = model.backbone.video(observed.latents, future, condition, times, motion)[0]
    torch.testing.assert_close(velocity(model, expert, observed, future, actions), own, atol=1e-4, rtol=1e-3)


def test_it_depends_on_what_is_read_and_on_where_the_arm_goes(model, expert):
    random_weights(expert.places)
    observed, future, actions = inputs(model)
    reference = velocity(model, expert, observed, future, actions)
    others = [
        velocity(model, expert, replace(observed, features=[f.flip(0) for f in observed.features]), future, actions),
        velocity(model, expert, replace(observed, state=observed.state.flip(0)), future, actions),
        velocity(model, expert, observed, future, actions.flip(0)),
        velocity(model, expert, observed, future, actions, tau=0.5),
    ]
    for other in others:
        assert (other - reference).abs().max() > 1e-3
    some = velocity(model, expert, observed, future, actions, horizons=(1, 3))
    assert some.shape == (2, 2, 2, 12, 16, 16)


def test_geometry_alone_changes_what_is_imagined(model, expert):
    """Another camera mount, everything else the same."""
    random_weights(expert.places)
    observed, future, actions = inputs(model)
    *_, here = expert.imagine_stages(model, TOKENIZER, observed, future, actions)
    moved = replace(CALIBRATION, front=replace(CALIBRATION.front, position=(1.2, 0.1, 0.9)))
    elsewhere = ImaginationModel(replace(expert.config, calibration=moved))
    elsewhere.load_state_dict(expert.state_dict())
    *_, there = elsewhere.imagine_stages(model, TOKENIZER, observed, future, actions)
    assert (here - there).abs().max() > 1e-3


def test_the_wrist_takes_over_what_geometry_brings_and_the_front_is_not_asked(model, expert):
    observed, future, actions = inputs(model)
    before = velocity(model, expert, observed, future, actions)
    random_weights(expert.warped.masks)
    change = (velocity(model, expert, observed, future, actions) - before).abs().amax((0, 2, 3, 4, 5))
    assert change[0] == 0
    assert change[1] > 1e-3


def test_round_trip(expert, tmp_path):
    expert.save_pretrained(tmp_path)
    again = ImaginationModel.from_pretrained(tmp_path)
    assert again.config == expert.config
    for name, value in again.state_dict().items():
        torch.testing.assert_close(value, expert.state_dict()[name], atol=1e-2, rtol=1e-2)
