"""HarmoWAM's second stage: it learns, the world model does not, and a run leaves a checkpoint that plays."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.models.harmo.test_experts import SMALL
from tests.train.test_losses import CONFIG, batches
from wam_demo.errors import InvalidInputError
from wam_demo.models.harmo.experts import FOLDER, Experts, ExpertsConfig
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.train.harmo import HarmoBatches, HarmoRecipe, ImaginedFrames
from wam_demo.train.harmo_figures import tcp_errors_cm
from wam_demo.train.harmo_losses import MOTION_ROWS, FramesBatch, HarmoBatch, harmo_loss


def harmo_batch():
    action, _ = batches()
    generator = torch.Generator().manual_seed(2)
    future = action.latents[:, :, None] + 0.5 * torch.randn(4, 2, 4, 12, 16, 16, generator=generator)
    every = torch.ones(16, dtype=torch.bool)
    imagined = FramesBatch(action.latents, future, action.chunk, every)
    few = torch.zeros(16, dtype=torch.bool)
    few[list(MOTION_ROWS)] = True
    labels = torch.tensor([True, False, True, False])
    return HarmoBatch(replace(action, teacher=None), labels, imagined, replace(imagined, known=few))


def test_one_batch_is_overfitted_and_the_world_model_left_alone():
    torch.manual_seed(0)
    model, experts, batch = WorldActionModel(CONFIG), Experts(ExpertsConfig(CONFIG.backbone, SMALL, 16)), harmo_batch()
    head = WorldActionModel(CONFIG).head
    optimizer = torch.optim.AdamW([*experts.parameters(), *head.parameters()], lr=3e-3)
    losses = []
    for _ in range(60):
        value, parts = harmo_loss(model, experts, head, batch)
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append({name: float(part) for name, part in parts.items()})
    assert float(value.detach()) == pytest.approx(
        losses[-1]["pred"] + 0.1 * losses[-1]["react"] + 0.05 * losses[-1]["gate"], rel=1e-5
    )
    assert losses[-1]["pred"] < 0.7 * losses[0]["pred"]
    assert losses[-1]["react"] < 0.3 * losses[0]["react"]
    assert losses[-1]["gate"] < 0.3 * losses[0]["gate"]
    assert all(parameter.grad is None for parameter in model.parameters())


def test_without_a_head_of_its_own_nothing_predictive_is_trained():
    model, experts = WorldActionModel(CONFIG), Experts(ExpertsConfig(CONFIG.backbone, SMALL, 16))
    assert float(harmo_loss(model, experts, None, harmo_batch())[1]["pred"]) == 0


def test_rows_that_are_not_known_teach_nothing():
    model, experts, batch = WorldActionModel(CONFIG), Experts(ExpertsConfig(CONFIG.backbone, SMALL, 16)), harmo_batch()
    wrong = batch.happened.chunk.clone()
    wrong[:, 0] += 100
    other = replace(batch, happened=replace(batch.happened, chunk=wrong))
    for one, two in zip(
        harmo_loss(model, experts, None, batch)[1].values(),
        harmo_loss(model, experts, None, other)[1].values(),
        strict=True,
    ):
        assert float(one) == float(two)


class Frames:
    """Twelve frames; those of even number may be learned from."""

    rows = torch.arange(0, 12, 2)
    chunks = torch.arange(12.0)[:, None, None].expand(12, 16, 7)
    motion = torch.cat([-torch.arange(12.0)[:, None, None].expand(12, 4, 7), torch.ones(12, 4, 1)], -1)

    class cache:
        future = torch.arange(12)[:, None].expand(12, 4)

    def latents(self, rows):
        return rows.float()[:, None, None, None, None].expand(len(rows), 2, 12, 16, 16)

    def observed(self, rows):
        return self.latents(rows), torch.zeros(len(rows), 384), torch.zeros(len(rows), 17)


def test_batches_draw_only_what_may_be_learned_from_and_pair_it_rightly():
    positions = np.arange(4.0).reshape(4, 1, 1, 1, 1, 1)
    imagined = ImaginedFrames(torch.tensor([0, 3, 4, 9]), positions * np.ones((2, 4, 12, 16, 16)))
    recipe = HarmoRecipe(batch=64, draws=2)
    labels = torch.arange(12) % 4 == 0
    draws = HarmoBatches(Frames(), imagined, labels, recipe, 0, torch.device("cpu"))
    batch, again = draws(3), draws(3)
    rows = batch.action.chunk[:, 0, 0].long()
    assert set(rows.tolist()) <= set(range(0, 12, 2))
    assert torch.equal(batch.interaction, labels[rows])
    # frames 3 and 9 are not to be learned from; 0 and 4 are at positions 0 and 2
    assert set(batch.imagined.chunk[:, 0, 0].tolist()) == {0.0, 4.0}
    assert torch.equal(batch.imagined.future[:, 0, 0, 0, 0, 0], batch.imagined.chunk[:, 0, 0] / 2)
    happened = batch.happened
    assert torch.equal(happened.chunk[:, 3, 0], -happened.future[:, 0, 0, 0, 0, 0])
    assert torch.equal(batch.imagined.chunk, again.imagined.chunk)


def test_errors_are_distances_of_the_planned_tcp():
    truth, actions = torch.zeros(1, 16, 7), torch.zeros(1, 16, 7)
    actions[0, :, 0] = 0.01
    assert tcp_errors_cm(actions, truth)[0, [0, 3, 15]].tolist() == pytest.approx([1, 4, 16])


@pytest.mark.slow
@pytest.mark.parametrize("region", ["whole", "training"])
def test_debug_preset_end_to_end(tmp_path, region):
    """Demonstrations, training and a policy that answers; what it was trained from is unchanged."""
    from wam_demo.config import CHECKPOINTS
    from wam_demo.data.collect import collect
    from wam_demo.models.checkpoint import read_config, sha256_of
    from wam_demo.train import recipes

    collect({"reach": 1.0}, 6, tmp_path / "data", seed=7, processes=1, every=4, noise=0.0, region="training")
    out, agra = tmp_path / "out", tmp_path / "agra"
    shutil.copytree(CHECKPOINTS / "agra", agra)
    with pytest.raises(InvalidInputError, match="imagines freely"):
        recipes.run("harmo", "debug", tmp_path / "data", out, init=agra)
    free = recipes.run("imagination", "small", tmp_path / "data", tmp_path / "free", init=agra, free=1.0, steps=1)
    assert free["losses"]["free"][-1] > 0 == free["losses"]["video"][-1]
    for file in ("config.json", "model.safetensors"):
        shutil.copyfile(tmp_path / "free" / file, agra / "imagination" / file)
    report = recipes.run("harmo", "debug", tmp_path / "data", out, init=agra, region=region)
    assert report["steps"] == 5
    curve = report["losses"]
    assert np.isfinite(curve["react"][-1])
    assert (sha256_of(out) == sha256_of(agra)) == (region == "whole")
    assert (curve["pred"][-1] == 0) == (region == "whole")
    experts = read_config(out / FOLDER, "experts")
    assert experts["wam_sha256"] == sha256_of(out) == read_config(out / "imagination", "imagination")["policy_sha256"]
    assert experts["trained"]["region"] == region
