"""A trained WAM as a policy: what it answers, what it depends on, what it refuses."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.fakes.wam_checkpoint import an_observation, write_imagination, write_policy
from wam_demo.errors import CheckpointError, InvalidInputError
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.policies.wam.policy import WamPolicy
from wam_demo.types import ActionChunk


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    return write_policy(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="module")
def policy(checkpoints):
    return WamPolicy(checkpoints / "agra")


def test_a_prediction_is_complete(policy):
    (prediction,) = policy.predict([an_observation()], [0])
    assert prediction.chunk.actions.shape == (16, 7)
    assert {camera: grid.shape for camera, grid in prediction.attention.items()} == {"front": (8, 8), "wrist": (8, 8)}
    mass = sum(grid.sum() for grid in prediction.attention.values()) + sum(prediction.attention_mass.values())
    assert mass == pytest.approx(1, abs=0.02)
    assert prediction.timing_ms["policy_call"] > 0
    assert prediction.panels["Plan"].values["standard deviation [m]"] > 0


def test_only_the_observation_and_the_seed_matter(policy):
    first, again = (policy.predict([an_observation()], seeds=[3])[0].chunk.actions for _ in range(2))
    assert np.array_equal(first, again)
    looking_elsewhere = replace(an_observation(), images=an_observation(1).images)
    other_noise = policy.predict([an_observation()], seeds=[4])[0].chunk.actions
    other_words = policy.predict([an_observation(instruction="push the button")], seeds=[3])[0].chunk.actions
    other_image = policy.predict([looking_elsewhere], seeds=[3])[0].chunk.actions
    for other in (other_noise, other_words, other_image):
        assert not np.array_equal(first, other)


def test_a_batch_answers_as_its_members(policy):
    observations = [an_observation(seed) for seed in range(3)]
    together = policy.predict(observations, seeds=[0, 1, 2])
    for seed, (observation, prediction) in enumerate(zip(observations, together, strict=True)):
        alone = policy.predict([observation], seeds=[seed])[0]
        np.testing.assert_allclose(prediction.chunk.actions, alone.chunk.actions, atol=0.02)


def test_features_are_those_of_every_block(policy):
    features = policy.features([an_observation(0), an_observation(1)])
    assert features.shape == (2, 2, policy.token_grid.count, 32)
    assert np.isfinite(features).all()
    assert not np.array_equal(features[:, 0], features[:, 1])


def test_imagination_has_stages_and_samples(policy):
    *stages, futures = policy.imagine_stages([an_observation()], samples=2, seed=1)
    steps, frames = policy.model.config.video_steps, policy.model.config.backbone.horizons
    assert stages == [None] * (1 + steps + frames)  # the plan, denoising, decoding
    assert [{camera: frames.shape for camera, frames in sample.items()} for sample in futures[0]] == [
        {"front": (4, 128, 128, 3), "wrist": (4, 128, 128, 3)}
    ] * 2
    again = policy.imagine([an_observation()], samples=2, seed=1)
    assert np.array_equal(futures[0][1]["front"], again[0][1]["front"])


def test_imagination_follows_the_plan_unless_another_is_given(policy):
    observation = an_observation()
    ((own,),) = policy.imagine([observation], seed=1)
    plan = policy.predict([observation], seeds=[0])[0].chunk
    ((same,),) = policy.imagine([observation], seed=1, chunks=[plan])
    ((left,),) = policy.imagine([observation], seed=1, chunks=[ActionChunk(plan.actions + np.float32(0.02))])
    np.testing.assert_allclose(own["front"].astype(int), same["front"].astype(int), atol=2)
    assert not np.array_equal(own["front"], left["front"])


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (replace(an_observation(), images={"front": an_observation().images["front"]}), "no 'wrist' image"),
        (replace(an_observation(), images={"front": np.zeros((64, 64, 3), np.uint8), "wrist": 0}), "expected"),
        (replace(an_observation(), state=np.full(17, np.nan, np.float32)), "17 finite numbers"),
        (an_observation(instruction="a" * 10_000), "10000 characters"),
        (an_observation(instruction="  "), "empty"),
    ],
)
def test_unusable_observations_are_refused_in_one_line(policy, broken, message):
    with pytest.raises(InvalidInputError, match=message) as error:
        policy.predict([broken], [0])
    assert "\n" not in str(error.value)
    assert policy.predict([an_observation()], [0])


def test_another_tokenizer_is_refused(checkpoints, tmp_path):
    torch.manual_seed(1)
    Tokenizer(TokenizerConfig(width=32)).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="another tokenizer"):
        WamPolicy(checkpoints / "agra", tmp_path)


@pytest.fixture
def with_expert(checkpoints, tmp_path):
    """The same weights with an imagining expert beside them."""
    for name in ("agra", "tokenizer"):
        shutil.copytree(checkpoints / name, tmp_path / name)
    return write_imagination(tmp_path)


def test_an_expert_imagines_and_changes_no_plan(policy, with_expert):
    aided = WamPolicy(with_expert / "agra")
    assert aided.checkpoint_sha256 == policy.checkpoint_sha256
    assert np.array_equal(*(p.predict([an_observation()], [0])[0].chunk.actions for p in (aided, policy)))
    own, other = (p.imagine([an_observation()], seed=3)[0][0] for p in (policy, aided))
    assert own["front"].shape == other["front"].shape == (4, 128, 128, 3)
    assert not np.array_equal(own["front"], other["front"])
    still, moved = (ActionChunk(np.tile(np.array([x, 0, 0, 0, 0, 0, 1], np.float32), (16, 1))) for x in (0.0, 0.03))
    first, second = (aided.imagine([an_observation()], seed=3, chunks=[chunk])[0][0] for chunk in (still, moved))
    assert not np.array_equal(first["wrist"], second["wrist"])


def test_an_expert_of_other_weights_is_refused(with_expert):
    config = with_expert / "agra" / "imagination" / "config.json"
    config.write_text(config.read_text().replace('"policy_sha256": "', '"policy_sha256": "0'))
    with pytest.raises(CheckpointError, match="trained with other weights"):
        WamPolicy(with_expert / "agra")
