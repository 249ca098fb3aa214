"""Plans under token edits: equal to editing the features by hand, and blind where everything is masked."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from wam_demo.errors import PolicyFault
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.policies.probe import run_probe
from wam_demo.policies.wam.edited_plans import edited
from wam_demo.policies.wam.policy import WamPolicy
from wam_demo.types import Observation


def an_observation(seed=0):
    rng = np.random.default_rng(seed)
    images = {camera: rng.integers(0, 256, (128, 128, 3), np.uint8) for camera in ("front", "wrist")}
    return Observation(images, np.linspace(-1, 1, 17, dtype=np.float32), "put the red cube in the bowl", 0.0)


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    Tokenizer(TokenizerConfig(width=32)).save_pretrained(folder / "tokenizer")
    backbone, head = BackboneConfig(dim=32, depth=3, heads=2), ActionHeadConfig(dim=32, depth=2, heads=2)
    model = WorldActionModel(WamConfig(backbone, head))
    for parameter in model.parameters():  # zero-initialised layers would hide every dependency
        torch.nn.init.normal_(parameter, std=0.1)
    model.save_pretrained(folder / "agra")
    return WamPolicy(folder / "agra")


def test_edits_take_tokens_zero_and_the_mean_of_a_view():
    tokens = torch.arange(16.0).view(8, 2)  # two views of four tokens
    edit = torch.tensor([[7, 1, 8, 9, 10, 5, 6, 0]])
    expected = [[14, 15], [2, 3], [0, 0], [3, 4], [11, 12], [10, 11], [12, 13], [0, 1]]
    assert edited(tokens, edit, 2)[0].tolist() == expected


def test_a_probe_is_what_editing_the_features_of_every_block_gives(policy):
    grid, seen = policy.token_grid, an_observation()
    cells = np.array([3, 4, 70])
    probe = run_probe(policy, seen, np.stack([grid.keep(), grid.zero(cells), grid.mean(cells)]), seed=5)
    model = policy.model
    latents, text, state, _ = policy.encode([seen])
    text, state = text.to(model.dtype), model.normaliser.encode_state(state).to(model.dtype)
    features = model.features(latents.to(model.dtype), text, state)
    for tokens in features:
        tokens[:, cells] = 0
    by_hand = model.plan(features, text, state, policy.noise([5])[:, :1]).actions[0].numpy()
    np.testing.assert_allclose(probe.actions[1], by_hand, atol=1e-3)
    np.testing.assert_allclose(probe.actions[0], probe.prediction.chunk.actions, atol=1e-3)
    assert probe.change[0] < 0.1 * probe.change[1:].min()
    assert probe.shift_m.shape == (3,)


def test_with_every_cell_masked_the_images_do_not_matter(policy):
    blind = policy.token_grid.zero(np.arange(policy.token_grid.count))[None]
    plans = [run_probe(policy, an_observation(seed), blind, seed=1) for seed in (0, 1)]
    np.testing.assert_allclose(plans[0].actions, plans[1].actions, atol=1e-6)
    assert np.abs(plans[0].prediction.chunk.actions - plans[1].prediction.chunk.actions).max() > 1e-3


def test_a_probe_pauses_between_its_batches(policy):
    edits = np.repeat(policy.token_grid.keep()[None], 5, axis=0)
    *pauses, probe = policy.probe_stages(an_observation(), edits, batch=2)
    assert pauses == [None] * 3
    assert probe.actions.shape == (5, 16, 7)


def test_values_that_are_not_finite_are_a_fault(policy, monkeypatch):
    endless = replace(policy.model.plan(*_inputs(policy)), actions=torch.full((1, 16, 7), float("nan")))
    monkeypatch.setattr(policy.model, "plan", lambda *_: endless)
    with pytest.raises(PolicyFault, match="not finite"):
        run_probe(policy, an_observation(), policy.token_grid.keep()[None])


def _inputs(policy):
    latents, text, state, _ = (part.to(policy.dtype) for part in policy.encode([an_observation()]))
    return policy.model.features(latents, text, state), text, state, policy.noise([0])
