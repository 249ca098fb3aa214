"""Several processes learn what one does: shares of a batch, and the real command under `accelerate launch`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from wam_demo.commands.train import run
from wam_demo.data.collect import collect
from wam_demo.errors import InvalidInputError
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.agra import Projector, teacher_weight
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.train.losses import ActionBatch, Arm, RecordedBatch, action_loss, action_noise
from wam_demo.train.parallel import Share

CONFIG = WamConfig(BackboneConfig(dim=32, depth=3, heads=2), ActionHeadConfig(dim=32, depth=2, heads=2))
SIZE, RECORDED = 8, 4


def test_shares_make_up_the_batch():
    rows = list(range(12))
    assert [row for index in range(3) for row in rows[Share(index, 3).of(12)]] == rows
    assert rows[Share().of(12)] == rows


def test_a_batch_that_cannot_be_shared_evenly_is_refused():
    Share(0, 2).require(batch=32, video_batch=6)
    with pytest.raises(InvalidInputError, match="video_batch is 6, which 4 processes cannot share evenly"):
        Share(0, 4).require(batch=32, video_batch=6)


def drawn():
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    noise, tau = action_noise((SIZE, 2, 16, 7), generator)
    action = ActionBatch(
        draw(SIZE, 2, 12, 16, 16),
        draw(SIZE, 384) / 20,
        draw(SIZE, 17),
        draw(SIZE, 16, 7),
        noise,
        tau,
        draw(SIZE, 128, 10),
    )
    recorded = RecordedBatch(
        draw(RECORDED, 2, 12, 16, 16), draw(RECORDED, 384) / 20, draw(RECORDED, 17), 3 * draw(RECORDED, 128, 10)
    )
    return action, recorded


def test_the_mean_gradient_of_shares_is_that_of_the_whole_batch():
    torch.manual_seed(0)
    model, (action, recorded) = WorldActionModel(CONFIG), drawn()
    projectors = nn.ModuleDict({"1": Projector("linear", 32, (10,), 8)})
    trained = [*model.head.parameters(), *model.backbone.blocks.parameters(), *projectors.parameters()]

    def gradient(share, average):
        parts = action.rows(share.of(SIZE)), recorded.rows(share.of(RECORDED))
        loss = action_loss(model, parts[0], projectors, Arm(), parts[1], average)[0]
        found = torch.autograd.grad(loss, trained, allow_unused=True, materialize_grads=True)
        return torch.cat([part.flatten() for part in found])

    whole = gradient(Share(), lambda total: total)
    half = teacher_weight(torch.cat([action.teacher, recorded.teacher])).sum((1, 2)) / 2
    mean = torch.stack([gradient(Share(index, 2), lambda total: half) for index in range(2)]).mean(0)
    assert float(whole.norm()) > 0
    assert torch.allclose(mean, whole, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", ["arms", "all"])
def test_what_starts_processes_itself_is_not_launched(monkeypatch, tmp_path, kind):
    monkeypatch.setenv("WORLD_SIZE", "2")
    options = {"kind": kind, "data": tmp_path, "arms": None, "out": tmp_path, "region": "whole", "runs": 1}
    unset = dict.fromkeys(("align", "weight", "blocks", "projector", "frozen", "rate"))
    with pytest.raises(InvalidInputError, match="launch its commands one by one"):
        run(type("Options", (), options | unset))


def train(folder: Path, data: Path, *launcher: str) -> dict[str, Any]:
    """Results of a short training of all parts."""
    arguments = [
        "-m",
        "wam_demo",
        "train",
        "agra",
        "--preset",
        "debug",
        "--data",
        data,
        "--videos",
        data,
        "--out",
        folder,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *launcher, *map(str, arguments)], check=True, env=environment, timeout=400)
    return json.loads((folder / "results.json").read_text())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_processes_learn_what_one_does(tmp_path):
    collect(["reach"], 2, tmp_path / "data", seed=1, processes=1, every=4)
    one = train(tmp_path / "one", tmp_path / "data")
    launcher = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2")
    two = train(tmp_path / "two", tmp_path / "data", *launcher)
    assert (one["processes"], two["processes"]) == (1, 2)
    for name in ("loss", "act", "agra", "video", "grad_norm", "cm8"):
        assert two["losses"][name] == pytest.approx(one["losses"][name], rel=2e-3), name
    assert len((tmp_path / "two" / "log.jsonl").read_text().splitlines()) == len(one["losses"]["step"])
    weights = [load_file(tmp_path / name / "model.safetensors") for name in ("one", "two")]
    apart = sum((weights[1][k].float() - v.float()).square().sum() for k, v in weights[0].items())
    assert apart < 1e-4 * sum(v.float().square().sum() for v in weights[0].values())
