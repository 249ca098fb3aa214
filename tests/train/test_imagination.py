"""Training the imagination model: it learns, the policy does not change."""

from dataclasses import replace

import pytest
import torch

from tests.models.wam.test_imagination import CALIBRATION, TOKENIZER
from tests.train.test_losses import CONFIG, batches
from wam_demo.errors import InvalidInputError
from wam_demo.models.flow import euler, euler_times
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.models.wam.imagination import ImaginationConfig, ImaginationModel
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.train.imagination import _begun, imagination_loss, train_imagination


def imagination_of(model):
    imagination = ImaginationModel(ImaginationConfig(CONFIG.backbone, CALIBRATION, "abc"))
    imagination.begin_as(model.backbone)
    return imagination


def test_one_batch_is_overfitted_and_the_policy_left_alone():
    torch.manual_seed(0)
    model, (_, batch) = WorldActionModel(CONFIG), batches()
    imagination = imagination_of(model)
    optimizer = torch.optim.AdamW(imagination.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        value = imagination_loss(imagination, model, TOKENIZER, batch)
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(value.detach()))
    assert losses[-1] < 0.8 * losses[0]
    assert all(parameter.grad is None for parameter in model.parameters())
    assert float(imagination.places.front.weight.detach().abs().max()) > 0


def test_it_learns_at_the_times_that_sampling_visits():
    visited = []

    def still(state, tau):
        visited.append(float(tau[0]))
        return torch.zeros_like(state)

    config = imagination_of(WorldActionModel(CONFIG)).config
    euler(still, torch.zeros(1, 2), config.steps, shift=config.shift)
    assert euler_times(config.steps, shift=config.shift).tolist() == pytest.approx(visited)
    assert visited[0] == 1


def test_the_loss_is_the_error_of_the_clean_latents():
    """At the start nothing is predicted to change, so it is how much changes, whatever the noise."""
    torch.manual_seed(0)
    model, (_, batch) = WorldActionModel(CONFIG), batches()
    change = (batch.future - batch.latents[:, :, None]).square().mean()
    for time in (1.0, 0.5):
        at = replace(batch, tau=torch.full_like(batch.tau, time))
        torch.testing.assert_close(imagination_loss(imagination_of(model), model, TOKENIZER, at), change)


def test_another_tokenizer_and_an_imagination_model_of_other_sizes_are_refused(tmp_path, monkeypatch):
    from types import SimpleNamespace

    from wam_demo.train import imagination
    from wam_demo.train.recipes import IMAGINATION

    torch.manual_seed(0)
    tokenizer = Tokenizer(TokenizerConfig(width=32))
    cache = SimpleNamespace(tasks=["pick_place"], states=[], read_by=lambda model: cache)
    monkeypatch.setattr(imagination, "load_cache", lambda *_, **__: cache)

    def train(digest):
        WorldActionModel(replace(CONFIG, trained={"encoder_sha256": digest})).save_pretrained(tmp_path / "policy")
        train_imagination(IMAGINATION["debug"], tmp_path / "policy", tmp_path, tmp_path / "out", tokenizer)

    with pytest.raises(InvalidInputError, match="another tokenizer"):
        train("another")
    other = replace(CONFIG.backbone, dim=16)
    ImaginationModel(ImaginationConfig(other, CALIBRATION, "abc")).save_pretrained(tmp_path / "policy" / "imagination")
    with pytest.raises(InvalidInputError, match="other sizes"):
        train(tokenizer.encoder_digest())


def test_an_imagination_model_without_rays_is_gone_on_from_by_a_policy_that_reads_them(tmp_path):
    torch.manual_seed(0)
    seeing = replace(CONFIG.backbone, rays=True)
    before = ImaginationModel(ImaginationConfig(CONFIG.backbone, CALIBRATION, "abc"))
    before.save_pretrained(tmp_path / "policy" / "imagination")
    model = WorldActionModel(replace(CONFIG, backbone=seeing))
    model.save_pretrained(tmp_path / "policy")
    provenance = {}
    begun = _begun(tmp_path / "policy", model, CALIBRATION, provenance, tmp_path / "out")
    assert begun.config.backbone == seeing
    assert provenance["begun_with"]["policy_sha256"] == "abc"
    wanted, found = before.state_dict(), begun.state_dict()
    assert all(torch.equal(found[name], value.to(torch.bfloat16).float()) for name, value in wanted.items())
    assert not found["net.rays.weight"].any()
