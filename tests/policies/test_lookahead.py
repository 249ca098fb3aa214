"""Looking ahead: between which plans, by what, and what it leaves as it was."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.fakes.wam_checkpoint import BACKBONE, an_observation, write_imagination, write_policy
from wam_demo.errors import CheckpointError, InvalidInputError, UnknownNameError
from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.wam.success import SuccessConfig, SuccessHead
from wam_demo.policies.registry import load_policy, policy_spec, require_policy
from wam_demo.policies.wam.lookahead import PLANS, VALUES, LookaheadPolicy
from wam_demo.policies.wam.policy import WamPolicy
from wam_demo.sim.integrator import IntegratedArm

HOME = np.array([0.4, 0, 0.2, 1, 0, 0, 0, -1, 0, 1, *np.zeros(7)], np.float32)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = write_imagination(write_policy(tmp_path_factory.mktemp("weights"))) / "agra"
    torch.manual_seed(1)
    config = SuccessConfig(BACKBONE, blocks=(0, 1), dim=16, heads=2, policy_sha256=sha256_of(folder))
    head = SuccessHead(config)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    head.save_pretrained(folder / "success")
    return folder


@pytest.fixture(scope="module")
def policy(checkpoint):
    return LookaheadPolicy(checkpoint, 3)


def seen(seed=0):
    return replace(an_observation(seed), state=HOME)


def test_it_does_what_is_most_promising_of_the_plans_that_it_shows(policy):
    chosen = set()
    for seed in range(6):
        (prediction,) = policy.predict([seen()], [seed])
        plans, values = prediction.panels[PLANS].chunks, prediction.panels[VALUES].values
        best = max(values, key=lambda name: values[name])
        np.testing.assert_array_equal(prediction.chunk.actions, plans[best].actions)
        assert len(plans) == 3
        assert len(set(values.values())) == 3
        chosen.add(best)
    assert len(chosen) > 1  # it does not always take the same


def test_the_first_plan_is_the_one_that_is_made_without_looking(policy, checkpoint):
    usual = WamPolicy(checkpoint).predict([seen()], [7])[0].chunk.actions
    considered = policy.predict([seen()], [7])[0].panels[PLANS].chunks["the usual plan"].actions
    np.testing.assert_allclose(considered, usual, atol=1e-3)


def test_a_batch_answers_as_its_members(policy):
    observations = [seen(number) for number in range(2)]
    together = policy.predict(observations, [4, 5])
    for observation, seed, prediction in zip(observations, (4, 5), together, strict=True):
        alone = policy.predict([observation], [seed])[0].panels[VALUES].values
        assert prediction.panels[VALUES].values == pytest.approx(alone, abs=0.02)


def test_a_plan_is_judged_where_it_ends(policy, monkeypatch):
    """The head is shown the pose that the arm's kinematics give after the whole plan, not the present one."""
    states = []
    read = policy.model.read

    def noted(latents, text, state, rays=None):
        states.append(state)
        return read(latents, text, state, rays)

    monkeypatch.setattr(policy.model, "read", noted)
    (prediction,) = policy.predict([seen()], [0])
    for actions, state in zip(prediction.panels[PLANS].chunks.values(), states[-1], strict=True):
        arm = IntegratedArm(HOME)
        for action in actions.actions:
            arm.apply(action)
        np.testing.assert_allclose(state.numpy(), arm.state, atol=1e-5)


def test_it_has_a_name_of_its_own_and_needs_what_it_looks_with(tmp_path):
    spec = policy_spec("agra+lookahead4")
    assert (spec.name, spec.label) == ("agra+lookahead4", "AGRA, aligned, looking ahead")
    assert spec.tasks(None) == policy_spec("agra").tasks(None)
    for name in ("agra+lookahead", "agra+lookahead1", "agra+lookahead17", "agra+lookaheadx"):
        with pytest.raises(InvalidInputError, match="2 to 16 plans"):
            policy_spec(name)
    with pytest.raises(InvalidInputError, match="hold cannot look ahead"):
        policy_spec("hold+lookahead4")
    with pytest.raises(UnknownNameError, match="unknown policy 'agro'"):
        policy_spec("agro+lookahead4")
    bare = write_policy(tmp_path) / "agra"
    with pytest.raises(CheckpointError, match="imagination"):
        require_policy("agra+lookahead4", bare)
    with pytest.raises(CheckpointError, match="no imagination model to look ahead with"):
        LookaheadPolicy(bare, 4)


def test_the_registry_loads_it(checkpoint):
    policy = load_policy("agra+lookahead2", checkpoint)
    assert isinstance(policy, LookaheadPolicy)
    assert policy.candidates == 2
