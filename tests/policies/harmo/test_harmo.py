"""HarmoWAM as a policy: who drives, what it shows, what it refuses."""

import numpy as np
import pytest
import torch

from tests.models.harmo.test_experts import PRIOR, SMALL
from tests.models.wam.test_imagination import CALIBRATION
from tests.policies.test_wam import an_observation, checkpoints  # noqa: F401  (a fixture)
from wam_demo.errors import CheckpointError
from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.harmo.experts import FOLDER, Experts, ExpertsConfig
from wam_demo.models.wam.imagination import ImaginationConfig, ImaginationModel
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.policies.dreaming import DreamAnchor, DreamMotion
from wam_demo.policies.harmo.family import EXPERTS as FAMILY_FOLDER
from wam_demo.policies.harmo.family import FAMILY
from wam_demo.policies.harmo.policy import EXPERTS, GATE, READ, HarmoPolicy, drive
from wam_demo.policies.panels import check_panels, decode_panels, encode_panels
from wam_demo.policies.registry import LoadContext
from wam_demo.policies.wam.policy import WamPolicy
from wam_demo.types import ActionChunk


@pytest.fixture(scope="module")
def checkpoint(checkpoints):  # noqa: F811
    torch.manual_seed(1)
    folder = checkpoints / "agra"
    sizes = WorldActionModel.from_pretrained(folder).config.backbone
    experts = Experts(ExpertsConfig(sizes, SMALL, PRIOR, 16, wam_sha256=sha256_of(folder), steps=1))
    torch.nn.init.normal_(experts.gate.out.weight, std=5.0)
    experts.save_pretrained(folder / FOLDER)
    if not (folder / "imagination").is_dir():
        config = ImaginationConfig(sizes, CALIBRATION, sha256_of(folder))
        imagination = ImaginationModel(config)
        imagination.begin_as(WorldActionModel.from_pretrained(folder).backbone)
        imagination.save_pretrained(folder / "imagination")
    return folder


@pytest.fixture(scope="module")
def answers(checkpoint):
    seen = [an_observation(seed) for seed in range(3)]
    return {
        driver: HarmoPolicy(checkpoint, driver).predict(seen, [0, 1, 2])
        for driver in ("gate", "predictive", "reactive", "average")
    }


def test_every_driver_makes_both_plans_and_executes_its_own(answers):
    for row in range(3):
        gated = answers["gate"][row]
        plans = {name: chunk.actions for name, chunk in gated.panels[EXPERTS].chunks.items()}
        expected = {
            "gate": plans["predictive" if gated.panels[GATE].value >= 0.5 else "reactive"],
            "predictive": plans["predictive"],
            "reactive": plans["reactive"],
            "average": (plans["predictive"] + plans["reactive"]) / 2,
        }
        for driver, actions in expected.items():
            np.testing.assert_allclose(answers[driver][row].chunk.actions, actions, atol=1e-5)


def test_the_gate_switches_hard():
    one, two = ActionChunk(np.zeros((16, 7), np.float32)), ActionChunk(np.ones((16, 7), np.float32))
    assert drive("gate", one, two, 0.5, height_m=0.3) is one
    assert drive("gate", one, two, 0.49, height_m=0.0) is two


def test_the_height_rule_looks_at_nothing_but_the_height():
    one, two = ActionChunk(np.zeros((16, 7), np.float32)), ActionChunk(np.ones((16, 7), np.float32))
    assert drive("height", one, two, 0.0, height_m=0.089) is one
    assert drive("height", one, two, 1.0, height_m=0.091) is two


def test_panels_can_be_shown_sent_and_kept(answers):
    panels = answers["gate"][0].panels
    check_panels(panels)
    again = decode_panels(encode_panels(panels))
    assert list(again) == list(panels)
    assert again[READ].images["front"].shape == (4, 128, 128, 3)
    assert tuple(again[READ].steps) == (4, 8, 12, 16)


def test_the_predictive_expert_is_the_world_models_own_policy(checkpoint, answers):
    seen = [an_observation(seed) for seed in range(3)]
    own = WamPolicy(checkpoint).predict(seen, [0, 1, 2])
    for one, two in zip(own, answers["predictive"], strict=True):
        np.testing.assert_array_equal(one.chunk.actions, two.chunk.actions)
        assert one.attention_mass == two.attention_mass


def test_an_answer_depends_on_its_own_seed_alone(checkpoint):
    policy = HarmoPolicy(checkpoint, "reactive")
    alone = policy.predict([an_observation()], [5])[0].chunk.actions
    beside = policy.predict([an_observation(1), an_observation()], [4, 5])[1].chunk.actions
    other = policy.predict([an_observation()], [6])[0].chunk.actions
    np.testing.assert_allclose(alone, beside, atol=1e-4)
    assert np.abs(alone - other).max() > 1e-4


def test_the_family_is_one_checkpoint_and_shown_only_where_there_is_one(checkpoint, tmp_path):
    assert FAMILY_FOLDER == FOLDER
    assert [spec.name for spec in FAMILY] == [
        "harmo", "harmo_height", "harmo_predictive", "harmo_reactive", "harmo_average"
    ]  # fmt: skip
    for spec in FAMILY:
        assert spec.tasks(checkpoint) == ("pick_place",)
        assert spec.digest(checkpoint) == sha256_of(checkpoint / FOLDER)
        assert spec.load(LoadContext(checkpoint)).driver == (spec.name.partition("_")[2] or "gate")
        with pytest.raises(CheckpointError, match="no checkpoint"):
            spec.load(LoadContext(tmp_path))


def test_experts_of_other_weights_are_refused(checkpoint, tmp_path):
    import shutil

    shutil.copytree(checkpoint.parent, tmp_path / "copy")
    folder = tmp_path / "copy" / "agra"
    experts = Experts.from_pretrained(folder / FOLDER)
    Experts(ExpertsConfig(experts.config.backbone, SMALL, PRIOR, 16, wam_sha256="0")).save_pretrained(folder / FOLDER)
    with pytest.raises(CheckpointError, match="other weights"):
        HarmoPolicy(folder)


def test_its_dream_is_that_of_its_world_model(checkpoint):
    frames = [
        policy.dream(DreamMotion(DreamAnchor(an_observation()), np.full(7, 0.01, np.float32), 2))
        for policy in (HarmoPolicy(checkpoint), WamPolicy(checkpoint))
    ]
    np.testing.assert_array_equal(frames[0].images["front"], frames[1].images["front"])
    assert all(spec.dreams for spec in FAMILY)


def test_a_world_model_without_an_imagination_model_is_refused(checkpoint, tmp_path):
    import shutil

    shutil.copytree(checkpoint.parent, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "agra" / "imagination")
    with pytest.raises(CheckpointError, match="no imagination model"):
        HarmoPolicy(tmp_path / "copy" / "agra")
