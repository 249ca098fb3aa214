"""Action Images as a policy: what it answers, what it depends on, and that it holds what it cannot read."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.fakes.action_images_checkpoint import a_sight, write_action_images
from wam_demo.errors import CheckpointError, InvalidInputError, PolicyFault
from wam_demo.limits import ACTION_ROTATION_RAD, ACTION_TRANSLATION_M
from wam_demo.models.action_images.views import Views
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.policies.action_images.policy import ActionImagesPolicy
from wam_demo.policies.action_images.shown import ACTION, BESIDE, CONFIDENCE, READ
from wam_demo.policies.panels import check_panels, decode_panels, encode_panels
from wam_demo.types import ActionChunk, CameraPose


def opened(checkpoint):
    """A policy in float32 on every machine, so that small differences mean the same everywhere."""
    policy = ActionImagesPolicy(checkpoint)
    policy.dtype = torch.float32
    policy.model.to_compute(torch.float32)
    policy.tokenizer.float()
    return policy


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    return write_action_images(tmp_path_factory.mktemp("readable"))


@pytest.fixture(scope="module")
def policy(checkpoints):
    return opened(checkpoints / "action_images")


@pytest.fixture(scope="module")
def scribbler(tmp_path_factory):
    """What it draws is no pose."""
    return opened(write_action_images(tmp_path_factory.mktemp("scribbled"), std=0.1) / "action_images")


def actions_of(policy, observation, seed=0):
    return policy.predict([observation], [seed])[0].chunk.actions


def test_a_prediction_is_complete(policy):
    (prediction,) = policy.predict([a_sight()], [0])
    actions = prediction.chunk.actions
    assert (actions.shape, actions.dtype) == ((16, 7), np.float32)
    assert np.abs(actions[:, :3]).max() <= ACTION_TRANSLATION_M
    assert np.abs(actions[:, 3:6]).max() <= ACTION_ROTATION_RAD
    assert 0 <= actions[:, 6].min() <= actions[:, 6].max() <= 1
    assert np.abs(actions[:, :6]).max() > 1e-4
    assert {camera: grid.shape for camera, grid in prediction.attention.items()} == {"front": (8, 8), "wrist": (8, 8)}
    assert set(prediction.attention_mass) == {"action"}
    mass = sum(grid.sum() for grid in prediction.attention.values()) + prediction.attention_mass["action"]
    assert mass == pytest.approx(1, abs=1e-3)
    assert prediction.timing_ms["policy_call"] > 0


def test_panels_can_be_shown_sent_and_kept(policy):
    panels = policy.predict([a_sight()], [0])[0].panels
    check_panels(panels)
    again = decode_panels(encode_panels(panels))
    assert list(again) == [ACTION, BESIDE, CONFIDENCE, READ]
    assert {camera: frames.shape for camera, frames in again[ACTION].images.items()} == {
        "front": (4, 160, 160, 3),
        "wrist": (4, 160, 160, 3),
    }
    assert list(again[BESIDE].images) == ["beside"]
    assert tuple(again[ACTION].steps) == (4, 8, 12, 16)
    assert 0.5 < again[CONFIDENCE].value <= 1
    assert again[READ].values["steps decoded of 16"] == 16
    assert 0 < again[READ].values["ray gap [mm]"] < 10


def test_only_the_observation_and_the_seed_matter(policy):
    first, again = (actions_of(policy, a_sight(), 3) for _ in range(2))
    assert np.array_equal(first, again)
    others = (
        actions_of(policy, a_sight(), 4),
        actions_of(policy, a_sight(instruction="push the button"), 3),
        actions_of(policy, a_sight(1), 3),
        actions_of(policy, a_sight(position=(0.45, 0.05, 0.2)), 3),
    )
    for other in others:
        assert not np.array_equal(first, other)


def test_a_batch_answers_as_its_members(policy):
    observations = [a_sight(seed) for seed in range(3)]
    together = [prediction.chunk.actions for prediction in policy.predict(observations, [0, 1, 2])]
    alone = [actions_of(policy, observation, seed) for seed, observation in enumerate(observations)]
    apart = np.abs(np.array(together)[:, None] - np.array(alone)).max((2, 3))
    assert apart.diagonal().max() < 0.05 * apart[~np.eye(3, dtype=bool)].min()


def test_where_the_cameras_stand_changes_the_views(policy):
    seen = a_sight()
    state = torch.from_numpy(seen.state)[None]
    mounted = Views.calibrated(policy.calibration, state)
    poses = {
        name: CameraPose(*(part[0, view].numpy() for part in (mounted.position, mounted.rotation)), float(half))
        for view, (name, half) in enumerate(zip(policy.cameras, mounted.half[0], strict=True))
    }
    usual = actions_of(policy, seen)
    np.testing.assert_allclose(actions_of(policy, replace(seen, cameras=poses)), usual, atol=1e-4)
    moved = {**poses, "front": replace(poses["front"], position=poses["front"].position + np.float32([0, 0.1, 0]))}
    (told,) = policy.predict([replace(seen, cameras=moved)], [0])
    assert np.abs(told.chunk.actions - usual).max() > 1e-4
    # it draws the hand where the camera that was moved sees it
    before, after = (p.panels[ACTION].images["front"] for p in (policy.predict([seen], [0])[0], told))
    assert np.abs(before.astype(int) - after).max() > 50


def test_what_cannot_be_read_holds_the_arm_and_says_so(scribbler):
    (prediction,) = scribbler.predict([a_sight()], [0])
    actions = prediction.chunk.actions
    assert (actions[:, :6] == 0).all()
    assert actions[:, 6] == pytest.approx(0.8)
    assert prediction.panels[CONFIDENCE].value == 0
    assert prediction.panels[CONFIDENCE].low == "unreadable: the arm holds"
    assert prediction.panels[READ].values == {"steps decoded of 16": 0}
    check_panels(prediction.panels)


def test_an_opening_beyond_its_range_is_held_within(scribbler):
    wide = a_sight()
    wide.state[9] = 1.01
    assert actions_of(scribbler, wide)[:, 6].max() == 1


def test_values_that_are_not_finite_are_a_fault(checkpoints):
    broken = opened(checkpoints / "action_images")
    broken.model.out_action.bias[5] = torch.nan
    with pytest.raises(PolicyFault, match="not finite"):
        broken.predict([a_sight()], [0])


def test_imagination_has_stages_and_samples(policy):
    *stages, futures = policy.imagine_stages([a_sight(), a_sight(1)], samples=2, seed=1)
    assert stages == [None] * (1 + policy.model.config.steps + 4)  # the plan, denoising, decoding
    assert [[{c: f.shape for c, f in sample.items()} for sample in of] for of in futures] == [
        [{"front": (4, 128, 128, 3), "wrist": (4, 128, 128, 3)}] * 2
    ] * 2
    again = policy.imagine([a_sight(), a_sight(1)], samples=2, seed=1)
    assert np.array_equal(futures[1][1]["front"], again[1][1]["front"])
    assert not np.array_equal(futures[1][0]["front"], futures[1][1]["front"])


def test_imagination_follows_the_plan_unless_another_is_given(scribbler):
    observation = a_sight()
    ((own,),) = scribbler.imagine([observation], seed=1)
    plan = scribbler.predict([observation], [0])[0].chunk
    ((same,),) = scribbler.imagine([observation], seed=1, chunks=[plan])
    ((left,),) = scribbler.imagine([observation], seed=1, chunks=[ActionChunk(plan.actions + np.float32(0.01))])
    np.testing.assert_allclose(own["front"].astype(int), same["front"].astype(int), atol=2)
    assert not np.array_equal(own["front"], left["front"])


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (replace(a_sight(), images={"front": a_sight().images["front"]}), "no 'wrist' image"),
        (replace(a_sight(), state=np.full(17, np.nan, np.float32)), "17 finite numbers"),
        (a_sight(instruction="  "), "empty"),
    ],
)
def test_unusable_observations_are_refused_in_one_line(policy, broken, message):
    with pytest.raises(InvalidInputError, match=message) as error:
        policy.predict([broken], [0])
    assert "\n" not in str(error.value)


def test_another_tokenizer_is_refused(checkpoints, tmp_path):
    shutil.copytree(checkpoints / "action_images", tmp_path / "action_images")
    torch.manual_seed(1)
    Tokenizer(TokenizerConfig(width=32)).save_pretrained(tmp_path / "tokenizer")
    with pytest.raises(CheckpointError, match="another tokenizer"):
        ActionImagesPolicy(tmp_path / "action_images")
