"""The success head: what attempts and demonstrations teach, a batch overfitted, a run that leaves a head that loads."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from wam_demo.errors import CheckpointError, InvalidInputError
from wam_demo.models.geometry import token_rays
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.models.wam.success import SuccessConfig, SuccessHead, lasts
from wam_demo.train.cache import Cache
from wam_demo.train.success import success_loss
from wam_demo.train.success_features import FeatureReader, ReadFrames, joined_frames
from wam_demo.train.success_figures import success_figures
from wam_demo.train.success_samples import JudgedSamples, attempted, demonstrated, steps_until

SMALL = SuccessConfig(BackboneConfig(dim=32, depth=2, heads=2), blocks=(0, 1), dim=16, depth=1, heads=2)


def samples(count=8):
    generator = torch.Generator().manual_seed(0)
    holds = torch.arange(count) % 2 == 0
    return JudgedSamples(
        rows=torch.arange(count),
        words=np.array(["reach"] * count, object),
        text=torch.nn.functional.normalize(torch.randn(count, 384, generator=generator), dim=-1),
        own=torch.ones(count, dtype=torch.bool),
        fulfilled=holds,
        value=holds.float() * 0.5 + 0.25,
        episode=torch.arange(count) // 2,
        task=np.array(["reach"] * count, object),
    )


class Attempts:
    """Two episodes of three frames at 2.5 Hz; the instruction is fulfilled in the last of the first one."""

    root, fps = "attempts", 2.5
    features = ("fulfilled", "next.success")
    instructions = ("reach the red cube",) * 3 + ("reach the blue cube",) * 3
    columns: ClassVar = {
        "episode_index": [0, 0, 0, 1, 1, 1],
        "fulfilled": [False, False, True, False, False, False],
        "other_fulfilled": [False, False, False, False, True, False],
        "next.success": [False, False, True, False, False, False],
        "other_instruction": ["reach the green cube"] * 5 + ["reach the blue cube"],
        "task_name": ["reach"] * 6,
    }

    def column(self, name):
        return np.array(self.columns[name])


def test_frames_until_it_is_fulfilled_do_not_reach_into_another_episode():
    until = steps_until(np.array([0, 0, 1, 0, 0, 1], bool), np.array([0, 0, 0, 0, 1, 1]))
    assert until.tolist() == [2, 1, 0, np.inf, 1, 0]


def test_attempts_are_judged_by_their_own_instruction_and_where_it_says_most_by_another():
    found = attempted(Attempts(), others=0.0, discount=0.5, seed=0)
    of_own = found.own.numpy()
    assert found.rows[found.own].tolist() == list(range(6))
    assert found.fulfilled[found.own].tolist() == [False, False, True, False, False, False]
    assert found.value[found.own].tolist() == [0.5**8, 0.5**4, 1, 0, 0, 0]
    # frame 2 fulfils its own and frame 4 the other one; the last frame's other words are its own
    assert found.rows[~found.own].tolist() == [2, 4]
    assert found.fulfilled[~found.own].tolist() == [False, True]
    assert found.words[~of_own].tolist() == ["reach the green cube"] * 2
    assert not torch.equal(found.text[found.rows == 2][0], found.text[found.rows == 2][1])
    assert len(attempted(Attempts(), others=1.0, discount=0.5, seed=0).rows) == 11


def test_the_frame_before_a_demonstrated_success_teaches_nothing():
    found = demonstrated(Attempts(), discount=0.5)
    assert found.rows.tolist() == [0, 2, 3, 4, 5]
    assert found.fulfilled.tolist() == [False, True, False, False, False]


def test_frames_are_read_as_a_policy_reads_them_under_the_calibration_that_it_is_told(tmp_path, monkeypatch):
    torch.manual_seed(0)
    backbone = BackboneConfig(dim=32, depth=2, heads=2, rays=True)
    model = WorldActionModel(WamConfig(backbone, ActionHeadConfig(dim=32, depth=1, heads=2))).eval()
    torch.nn.init.normal_(model.backbone.rays.weight)
    model.save_pretrained(tmp_path / "policy")
    (tmp_path / "cache").mkdir()
    poses, labels = torch.randn(8, 2, 13), samples()
    cache = Cache(
        latents=np.random.default_rng(0).normal(size=(8, 2, 12, 16, 16)).astype(np.float16),
        states=torch.randn(8, 17), chunks=torch.zeros(8, 16, 7), text=torch.zeros(8, dtype=torch.long),
        embeddings=labels.text, episode=torch.arange(8) // 2, future=torch.zeros(8, 4, dtype=torch.long),
        motion=torch.zeros(8, 4, 7), tasks=[], poses=poses,
    )  # fmt: skip
    monkeypatch.setattr("wam_demo.train.success_features.load_cache", lambda *_, **__: cache)
    tokenizer = Tokenizer(TokenizerConfig(width=32))
    read = FeatureReader(model, tmp_path / "policy", tokenizer, (1,)).read(tmp_path, labels)
    rays = token_rays(poses[3:4], cache.states[3:4, :3], backbone.grid)
    seen = torch.from_numpy(cache.latents[3:4]).float()
    expected = model.read(seen, labels.text[3:4], cache.states[3:4], rays).features[1]
    torch.testing.assert_close(read.features(torch.tensor([3]))[:, 0], expected, atol=5e-2, rtol=2e-2)


def test_datasets_are_numbered_on():
    one, two = samples(4), samples(4)
    features = [lambda rows, base=base: (base + rows).float()[:, None] for base in (0, 100)]
    both = joined_frames([ReadFrames(one, features[0]), ReadFrames(two, features[1])])
    assert both.features(torch.tensor([5, 1, 4]))[:, 0].tolist() == [101, 1, 100]
    assert both.samples.episode.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert both.samples.fulfilled.tolist() == [True, False] * 4


def test_one_batch_is_overfitted():
    torch.manual_seed(0)
    head, labels = SuccessHead(SMALL), samples()
    seen = torch.randn(8, 2, 128, 32)
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2)
    for _ in range(80):
        value, parts = success_loss(head, seen, labels, torch.arange(8))
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert float(parts["success"]) < 0.05
    success, value = head.judge(seen.unbind(1), labels.text)
    assert ((success > 0) == labels.fulfilled).all()
    torch.testing.assert_close(value.sigmoid(), labels.value, atol=0.05, rtol=0)


def test_the_head_reads_the_blocks_that_it_was_trained_on(tmp_path):
    torch.manual_seed(0)
    head = SuccessHead(SuccessConfig(SMALL.backbone, blocks=(1,), dim=16, depth=1, heads=2))
    features = [torch.randn(3, 128, 32) for _ in range(2)]
    text = torch.randn(3, 384)
    first, _ = head(features, text)
    assert torch.equal(head([torch.zeros(3, 128, 32), features[1]], text)[0], first)
    assert not torch.equal(head([features[0], torch.zeros(3, 128, 32)], text)[0], first)
    head.save_pretrained(tmp_path)
    again = SuccessHead.from_pretrained(tmp_path)
    assert again.config == head.config
    with pytest.raises(CheckpointError, match="missing"):
        SuccessHead.from_pretrained(tmp_path / "nowhere")


def test_figures_count_what_is_wrong_in_which_way():
    probability = np.array([0.9, 0.9, 0.2, 0.6, 0.1, 0.4])
    labels = {
        "fulfilled": np.array([1, 1, 0, 0, 0, 1], bool),
        "own": np.array([1, 1, 1, 1, 1, 0], bool),
        "episode": np.array([0, 0, 1, 1, 1, 1]),
        "value": np.array([1, 1, 0, 0, 0, 1.0]),
    }
    found = success_figures(probability, probability, labels, np.array(["push"] * 6, object), 0.5)
    assert found["all"]["false_positive_rate"] == pytest.approx(1 / 3)
    assert found["all"]["false_negative_rate"] == pytest.approx(1 / 3)
    assert found["all"]["balanced_accuracy"] == pytest.approx(2 / 3)
    assert found["other_instruction"]["balanced_accuracy"] is None
    assert found["episodes"] == {"n": 2, "right": 2, **found["episodes"]}
    assert found["value_error"] == pytest.approx((0.1 + 0.1 + 0.2 + 0.6 + 0.1 + 0.6) / 6)


def test_success_must_last():
    assert lasts([False, True, True])
    assert not lasts([True, False, True])
    assert not lasts([True])


def test_the_shipped_head_belongs_to_the_shipped_weights():
    from wam_demo.config import CHECKPOINTS
    from wam_demo.models.checkpoint import sha256_of

    head = SuccessHead.from_pretrained(CHECKPOINTS / "agra" / "success")
    assert head.config.policy_sha256 == sha256_of(CHECKPOINTS / "agra")
    assert sum(parameter.numel() for parameter in head.parameters()) < 500_000


@pytest.mark.slow
def test_debug_preset_end_to_end(tmp_path):
    """Attempts, training, and a judge beside the weights that it reads."""
    from tests.fakes.wam_checkpoint import an_observation
    from wam_demo.config import CHECKPOINTS
    from wam_demo.data.collect import collect
    from wam_demo.policies.wam.judge import SuccessJudge
    from wam_demo.policies.wam.policy import WamPolicy
    from wam_demo.train import recipes

    data, demos, out = (tmp_path / name for name in ("attempts", "demos", "out"))
    collect({"reach": 1.0}, 4, data, seed=7, processes=1, every=8, scenery="attempts")
    collect({"reach": 1.0}, 3, demos, seed=7, processes=1, every=8)
    with pytest.raises(InvalidInputError, match="does not say what is fulfilled"):
        recipes.run("success", "debug", demos, tmp_path / "no", init=CHECKPOINTS / "agra")
    report = recipes.run("success", "debug", data, out, init=CHECKPOINTS / "agra", videos=demos)
    assert next(iter(report)) == "held_out"
    assert report["held_out"]["all"]["not_fulfilled"] > 0
    assert report["steps"] == 5
    policy = WamPolicy(CHECKPOINTS / "agra")
    judge = SuccessJudge(policy, out)
    judged = judge.judge([an_observation(), an_observation(1)])
    assert judged.success.shape == judged.value.shape == (2,)
    assert ((judged.success > 0) & (judged.success < 1)).all()
    policy.checkpoint_sha256 = "other"
    with pytest.raises(CheckpointError, match="other weights"):
        SuccessJudge(policy, out)
