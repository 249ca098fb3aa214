"""HarmoWAM's second stage: it learns, the world model does not, and a run leaves a checkpoint that plays."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.models.harmo.test_experts import PRIOR, SMALL
from tests.train.test_losses import CONFIG, batches
from wam_demo.models.harmo.experts import FOLDER, Experts, ExpertsConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.train.harmo import HarmoBatches, HarmoRecipe, ImaginedFrames
from wam_demo.train.harmo_losses import MOTION_ROWS, FramesBatch, HarmoBatch, ReadBatch, harmo_loss


def networks():
    return WorldActionModel(CONFIG), Experts(ExpertsConfig(CONFIG.backbone, SMALL, PRIOR, 16))


def harmo_batch():
    action, _ = batches()
    generator = torch.Generator().manual_seed(2)
    future = action.latents[:, :, None] + 0.5 * torch.randn(4, 2, 4, 12, 16, 16, generator=generator)
    every = torch.ones(16, dtype=torch.bool)
    imagined = FramesBatch(action.latents, future, action.chunk, every)
    few = torch.zeros(16, dtype=torch.bool)
    few[list(MOTION_ROWS)] = True
    labels, dim = torch.tensor([True, False, True, False]), CONFIG.backbone.dim
    tokens = torch.randn(4, 128, dim, generator=generator)
    motion = action.chunk[:, list(MOTION_ROWS)]
    read = ReadBatch(tokens, action.text, action.state, motion, labels, torch.tensor([True, True, True, False]))
    return HarmoBatch(read, imagined, replace(imagined, known=few), replace(action, teacher=None))


def test_one_batch_is_overfitted_and_the_world_model_left_alone():
    torch.manual_seed(0)
    model, experts, batch = (
        WorldActionModel(CONFIG),
        Experts(ExpertsConfig(CONFIG.backbone, SMALL, PRIOR, 16)),
        harmo_batch(),
    )
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
        losses[-1]["pred"] + 0.1 * (losses[-1]["react"] + losses[-1]["motion"]) + 0.05 * losses[-1]["gate"], rel=1e-5
    )
    assert losses[-1]["pred"] < 0.7 * losses[0]["pred"]
    assert losses[-1]["react"] < 0.3 * losses[0]["react"]
    assert losses[-1]["gate"] < 0.3 * losses[0]["gate"]
    assert losses[-1]["motion"] < 0.5 * losses[0]["motion"]
    assert all(parameter.grad is None for parameter in model.parameters())


def test_without_a_head_of_its_own_nothing_predictive_is_trained():
    model, experts = networks()
    assert float(harmo_loss(model, experts, None, harmo_batch())[1]["pred"]) == 0


def test_rows_that_are_not_known_teach_nothing():
    model, experts, batch = (
        WorldActionModel(CONFIG),
        Experts(ExpertsConfig(CONFIG.backbone, SMALL, PRIOR, 16)),
        harmo_batch(),
    )
    wrong = batch.happened.chunk.clone()
    wrong[:, 0] += 100
    other = replace(batch, happened=replace(batch.happened, chunk=wrong))
    for one, two in zip(
        harmo_loss(model, experts, None, batch)[1].values(),
        harmo_loss(model, experts, None, other)[1].values(),
        strict=True,
    ):
        assert float(one) == float(two)


def test_the_gate_is_not_told_the_labels_of_frames_outside_the_region():
    model, experts, batch = (
        WorldActionModel(CONFIG),
        Experts(ExpertsConfig(CONFIG.backbone, SMALL, PRIOR, 16)),
        harmo_batch(),
    )
    other = replace(batch, read=replace(batch.read, interaction=torch.tensor([True, False, True, True])))
    first, second = (float(harmo_loss(model, experts, None, b)[1]["gate"]) for b in (batch, other))
    assert first == second


class Frames:
    """Twelve frames; the labels of those of even number may be learned from."""

    rows = torch.arange(0, 12, 2)
    states = torch.zeros(12, 17)
    chunks = torch.arange(12.0)[:, None, None].expand(12, 16, 7)
    motion = torch.cat([-torch.arange(12.0)[:, None, None].expand(12, 4, 7), torch.ones(12, 4, 1)], -1)

    class cache:
        future = torch.arange(12)[:, None].expand(12, 4)
        embeddings, text = torch.zeros(1, 384), torch.zeros(12, dtype=torch.long)

        def told_rays(rows, backbone):
            return rows.float()[:, None, None].expand(len(rows), 128, 9) if backbone.rays else None

    def latents(self, rows):
        return rows.float()[:, None, None, None, None].expand(len(rows), 2, 12, 16, 16)

    def observed(self, rows):
        return self.latents(rows), torch.zeros(len(rows), 384), torch.zeros(len(rows), 17)


def test_batches_draw_only_what_may_be_learned_from_and_pair_it_rightly():
    positions = np.arange(2.0).reshape(2, 1, 1, 1, 1, 1)
    imagined = ImaginedFrames(torch.tensor([0, 4]), positions * np.ones((2, 4, 12, 16, 16)))
    recipe = HarmoRecipe(batch=64, draws=2)
    labels, seen = torch.arange(12) % 4 == 0, torch.arange(10)

    def tokens(rows):
        return rows.float()[:, None, None].expand(len(rows), 128, 8)

    cpu, through = torch.device("cpu"), BackboneConfig(rays=True)
    draws = HarmoBatches(Frames(), seen, tokens, imagined, labels, recipe, 0, cpu, predictive=through)
    batch, again = draws(3), draws(3)
    assert set(batch.action.chunk[:, 0, 0].tolist()) <= set(range(0, 12, 2))
    assert torch.equal(batch.action.rays[:, 0, 0], batch.action.chunk[:, 0, 0])
    read, rows = batch.read, batch.read.tokens[:, 0, 0].long()
    assert set(rows.tolist()) == set(range(10))  # motion is learned from frames that nobody labelled, too
    assert torch.equal(read.interaction, labels[rows])
    assert torch.equal(read.labelled, rows % 2 == 0)
    assert torch.equal(read.motion[:, 0, 0].long(), -rows)
    assert set(batch.imagined.chunk[:, 0, 0].tolist()) == {0.0, 4.0}
    assert torch.equal(4 * batch.imagined.future[:, 0, 0, 0, 0, 0], batch.imagined.chunk[:, 0, 0])
    happened = batch.happened
    assert torch.equal(happened.chunk[:, 3, 0], -happened.future[:, 0, 0, 0, 0, 0])
    assert set(happened.future[:, 0, 0, 0, 0, 0].tolist()) == set(map(float, range(10)))  # states say it, no label
    assert torch.equal(batch.imagined.chunk, again.imagined.chunk)


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
    report = recipes.run("harmo", "debug", tmp_path / "data", out, init=agra, region=region)
    assert report["steps"] == 5
    curve = report["losses"]
    assert {"motion_cm4", "react_cm16"} <= curve.keys()
    assert np.isfinite(curve["react"][-1])
    assert (sha256_of(out) == sha256_of(agra)) == (region == "whole")
    assert (curve["pred"][-1] == 0) == (region == "whole")
    experts = read_config(out / FOLDER, "experts")
    assert experts["wam_sha256"] == sha256_of(out) == read_config(out / "imagination", "imagination")["policy_sha256"]
    assert experts["trained"]["region"] == region
