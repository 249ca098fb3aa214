"""Fine-tuning: only the head learns, the time and the stop file end it, and what was learnt has a name."""

import numpy as np
import pytest
import torch

from wam_demo.data.recording import EpisodeNotes, RecordingWriter
from wam_demo.data.schema import image_key, recording_features
from wam_demo.errors import DataError, InvalidInputError
from wam_demo.models.geometry import token_rays
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.policies import tuned
from wam_demo.policies.registry import policy_spec, unregister
from wam_demo.runfolder import ask_to_stop, progress
from wam_demo.train.batches import TrainingFrames
from wam_demo.train.cache import load_cache
from wam_demo.train.tune import Parent, TuneRecipe, tune
from wam_demo.train.tune_batches import FrozenFrames, TuneBatches


@pytest.fixture(scope="module")
def tokenizer():
    torch.manual_seed(0)
    return Tokenizer(TokenizerConfig(width=32))


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> Parent:
    torch.manual_seed(0)
    config = WamConfig(BackboneConfig(dim=48, depth=3, heads=2), ActionHeadConfig(dim=48, depth=2, heads=2))
    config.trained.update(tasks=["reach"], steps=7)
    folder = tmp_path_factory.mktemp("parent")
    WorldActionModel(config).save_pretrained(folder)
    return Parent("small", folder)


def film(root, fps: float, lengths=(12, 9), taken_over: int = 6):
    """A recording at any rate, of pictures of any size, in which a person takes over."""
    rng = np.random.default_rng(0)
    with RecordingWriter(root, recording_features({"front": (64, 96), "wrist": (64, 96)}), fps=fps) as writer:
        for length in lengths:
            for step in range(length):
                image = rng.integers(0, 256, (64, 96, 3), np.uint8)
                state = np.eye(17)[3] + np.eye(17)[7] + 0.01 * step * np.eye(17)[0]
                values = {"observation.state": state, "action": np.zeros(7), "commanded_action": np.zeros(7)}
                values |= {"intervention": step >= taken_over, "person_weight": 0.0, "next.success": False}
                values |= {"events": "", "task_name": "push", "camera_poses": np.full(26, step)}
                writer.add_frame({image_key("front"): image, image_key("wrist"): image, **values}, "nudge it")
            writer.end_episode(EpisodeNotes(task_name="push"))
    return root


def test_the_head_learns_and_the_backbone_stays(tmp_path, parent, tokenizer):
    data, kept = film(tmp_path / "d", 20.0), film(tmp_path / "k", 10.0)
    recipe = TuneRecipe(steps=4, recorded=3, rehearsed=2, draws=2)
    result = tune(parent, data, kept, tmp_path / "run", tokenizer, recipe=recipe)
    before, after = (WorldActionModel.from_pretrained(path) for path in (parent.checkpoint, tmp_path / "run"))
    for name, value in after.backbone.state_dict().items():
        assert torch.equal(value, before.backbone.state_dict()[name]), name
    assert any((a != b).any() for a, b in zip(after.head.parameters(), before.head.parameters(), strict=True))
    assert result["steps"] == 4
    assert result["frames"] == 21
    trained = after.config.trained
    assert (trained["parent"], trained["tasks"], trained["episodes"]) == ("small", ["push", "reach"], 2)


def test_a_network_that_reads_rays_learns_under_the_calibration_that_was_recorded(tmp_path, tokenizer):
    torch.manual_seed(0)
    config = WamConfig(BackboneConfig(dim=48, depth=2, heads=2, rays=True), ActionHeadConfig(dim=48, depth=2, heads=2))
    model, rows = WorldActionModel(config).eval(), torch.tensor([3, 5])
    torch.nn.init.normal_(model.backbone.rays.weight)
    cache = load_cache(film(tmp_path / "d", 10.0), tokenizer)
    frames = TrainingFrames(cache, rows, model.normaliser, torch.device("cpu"))
    seen, *_ = FrozenFrames(model, frames, torch.tensor([0.0, 1.0])).draw(1, torch.Generator())
    expected = model.read(
        torch.from_numpy(cache.latents[5:6]).float(),
        cache.embeddings[cache.text[5:6]],
        cache.states[5:6],
        token_rays(torch.full((1, 2, 13), 5.0), cache.states[5:6, :3], config.backbone.grid),
    )
    blocks = sorted(set(model.head.bridge))
    torch.testing.assert_close(seen[0].float(), torch.cat([expected.features[b] for b in blocks]), atol=1e-2, rtol=1e-2)


def test_the_same_seed_gives_the_same_weights(tmp_path, parent, tokenizer):
    data = film(tmp_path / "d", 10.0)
    recipe = TuneRecipe(steps=2, recorded=2, rehearsed=2, draws=1, seed=3)
    for run in ("one", "two"):
        tune(parent, data, data, tmp_path / run, tokenizer, recipe=recipe, episodes=[1])
    weights = [(tmp_path / run / "model.safetensors").read_bytes() for run in ("one", "two")]
    assert weights[0] == weights[1]


def test_it_ends_when_the_time_is_over(tmp_path, parent, tokenizer):
    data = film(tmp_path / "d", 10.0)
    recipe = TuneRecipe(minutes=0.02, recorded=2, rehearsed=2, draws=1)
    result = tune(parent, data, data, tmp_path / "timed", tokenizer, recipe=recipe)
    assert 10 < result["steps"] < 1000
    assert result["losses"]["step"][-1] == result["steps"]
    told = progress(tmp_path / "timed")
    assert (told["stage"], told["step"]) == ("learning", 10 * ((result["steps"] - 1) // 10))
    assert 0 < told["share"] <= 1


def test_a_stop_file_keeps_what_was_learnt(tmp_path, parent, tokenizer, monkeypatch):
    data, run = film(tmp_path / "d", 10.0), tmp_path / "run"
    drawn = TuneBatches.draw

    def stopping(batches, step):
        if step == 2:
            ask_to_stop(run)
        return drawn(batches, step)

    monkeypatch.setattr(TuneBatches, "draw", stopping)
    result = tune(parent, data, data, run, tokenizer, recipe=TuneRecipe(steps=500, recorded=2, rehearsed=2, draws=1))
    assert result["steps"] == 4
    assert WorldActionModel.from_pretrained(run).config.trained["steps"] == 4


def test_only_episodes_that_exist(tmp_path, parent, tokenizer):
    data = film(tmp_path / "d", 10.0)
    with pytest.raises(DataError, match=r"no episode 5; valid: 0 .. 1"):
        tune(parent, data, data, tmp_path / "run", tokenizer, episodes=[0, 5])


def test_published_weights_are_a_policy_until_they_are_removed(tmp_path, parent, tokenizer):
    data = film(tmp_path / "d", 10.0)
    recipe = TuneRecipe(steps=1, recorded=2, rehearsed=2, draws=1)
    tune(parent, data, data, tmp_path / "run", tokenizer, recipe=recipe)
    folder = tmp_path / "policies"
    spec = tuned.publish(tmp_path / "run", "nudger", folder)
    try:
        assert policy_spec("nudger") is spec
        assert (spec.parent, list(spec.tasks(None)), spec.label) == ("small", ["push", "reach"], "nudger (from small)")
        assert spec.digest(None) != policy_spec("agra").digest(None)
        with pytest.raises(InvalidInputError, match="already"):
            tuned.publish(tmp_path / "run", "nudger", folder)
        unregister("nudger")
        assert [found.name for found in tuned.register_tuned(folder)] == ["nudger"]
        assert tuned.register_tuned(folder) == []
    finally:
        tuned.remove("nudger", folder)
    assert not any(folder.iterdir())


@pytest.mark.parametrize("name", ["", "A", "agra", "../x", "a b", "x" * 41])
def test_names_that_cannot_be(name):
    with pytest.raises(InvalidInputError):
        tuned.check_name(name)


def test_shipped_policies_are_not_removed(tmp_path):
    with pytest.raises(InvalidInputError, match="not fine-tuned here"):
        tuned.remove("agra", tmp_path)
