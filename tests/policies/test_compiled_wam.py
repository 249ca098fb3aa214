"""A world action model as compiled graphs: it answers as in torch, one observation like the other, and is chosen."""

from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip("openvino")

from tests.fakes.dreamer import action
from tests.fakes.wam_checkpoint import an_observation, write_imagination, write_policy
from wam_demo.errors import PolicyFault
from wam_demo.policies.compute.variants import EAGER, variant_named
from wam_demo.policies.dreaming import ANCHOR_STEPS, DreamAnchor, DreamMotion
from wam_demo.policies.wam import choice, exports
from wam_demo.policies.wam.choice import open_wam
from wam_demo.policies.wam.compiled import CompiledWamPolicy
from wam_demo.policies.wam.policy import WamPolicy


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_imagination(write_policy(tmp_path_factory.mktemp("checkpoints")))


@pytest.fixture(scope="module", autouse=True)
def float32():
    """Torch computes in float32 on every machine, so that what graphs change can be seen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wam_demo.policies.wam.policy.compute_dtype", lambda: torch.float32)
        yield


@pytest.fixture(scope="module")
def eager(folder):
    return WamPolicy(folder / "agra")


@pytest.fixture(scope="module")
def compiled(folder):
    return open_wam(folder / "agra", "openvino-f32-winograd", root=folder / "graphs")


def test_plans_and_attention_are_those_of_torch(eager, compiled):
    (wanted,), (found,) = (policy.predict([an_observation()], [3]) for policy in (eager, compiled))
    np.testing.assert_allclose(found.chunk.actions, wanted.chunk.actions, atol=1e-4)
    for camera, grid in wanted.attention.items():
        np.testing.assert_allclose(found.attention[camera], grid, atol=1e-4)
    mass = sum(grid.sum() for grid in found.attention.values()) + sum(found.attention_mass.values())
    assert mass == pytest.approx(1, abs=1e-5)
    assert found.timing_ms["policy_call"] > 0


def test_a_plan_is_the_same_to_the_bit_in_any_batch(compiled):
    observations = [an_observation(seed) for seed in range(3)]
    together = compiled.predict([*observations, observations[0]], seeds=[0, 1, 2, 7])
    for seed, observation in zip((0, 1, 2, 7), [*observations, observations[0]], strict=True):
        (alone,) = compiled.predict([observation], seeds=[seed])
        position = (0, 1, 2, 7).index(seed)
        assert np.array_equal(together[position].chunk.actions, alone.chunk.actions)
        assert np.array_equal(together[position].attention["wrist"], alone.attention["wrist"])


def test_it_imagines_what_torch_imagines_stage_by_stage(eager, compiled):
    plan = eager.predict([an_observation()], [0])[0].chunk
    stages = [list(policy.imagine_stages([an_observation()], seed=1, chunks=[plan])) for policy in (eager, compiled)]
    assert [stage is None for stage in stages[0]] == [stage is None for stage in stages[1]]
    for camera, frames in stages[0][-1][0][0].items():
        np.testing.assert_allclose(stages[1][-1][0][0][camera].astype(int), frames.astype(int), atol=2)


def test_it_dreams_what_torch_dreams(eager, compiled):
    first = DreamAnchor(an_observation())
    frames = [policy.dream(DreamMotion(replace(first), action(0.05), ANCHOR_STEPS)) for policy in (eager, compiled)]
    onward = DreamAnchor(replace(an_observation(), images=frames[0].images), frames[0].latents)
    frames += [policy.dream(DreamMotion(replace(onward), action(0.02), ANCHOR_STEPS)) for policy in (eager, compiled)]
    for wanted, found in zip(frames[::2], frames[1::2], strict=True):
        torch.testing.assert_close(found.latents, wanted.latents, atol=1e-3, rtol=0)
        for camera, picture in wanted.images.items():
            np.testing.assert_allclose(found.images[camera].astype(int), picture.astype(int), atol=2)


def test_what_was_kept_answers_the_same_to_the_bit(folder, compiled):
    made = sorted((folder / "graphs").rglob("*.blob"))
    assert [path.stem for path in made] == ["decoder", "encoder", "future", "head", "mean_frame", "reading"]
    again = open_wam(folder / "agra", "openvino-f32-winograd", root=folder / "graphs")
    plans = [policy.predict([an_observation()], [5])[0].chunk.actions for policy in (compiled, again)]
    assert np.array_equal(*plans)


def test_a_plan_that_is_not_finite_is_caught(folder):
    class Broken(CompiledWamPolicy):
        def read(self, observations, samples=1):
            observed = super().read(observations, samples)
            observed.head[0].fill_(torch.nan)
            return observed

    broken = Broken(folder / "agra", variant_named("openvino-f32-winograd"), root=folder / "graphs")
    with pytest.raises(PolicyFault, match="not finite"):
        broken.predict([an_observation()], [0])


@pytest.mark.slow  # makes nine graphs
def test_the_fastest_is_measured_once_and_opened_from_then_on(folder, tmp_path, monkeypatch):
    assert open_wam(folder / "agra", "auto", root=tmp_path).compute == EAGER
    monkeypatch.setattr(choice, "measure", lambda ways: [len(ways) - number for number in range(len(ways))])
    fastest = choice.fastest_way(folder / "agra", tmp_path)
    monkeypatch.setattr(choice, "measure", lambda ways: pytest.fail("it was measured before"))
    assert choice.fastest_way(folder / "agra", tmp_path) == fastest != EAGER
    monkeypatch.setattr(exports, "compile_graph", lambda *_: pytest.fail("its graphs were made before"))
    assert open_wam(folder / "agra", "auto", root=tmp_path).compute == fastest


def test_a_way_that_plans_otherwise_is_not_chosen(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(choice, "plan_distance_m", lambda eager, way: 0.0 if way is eager else 1.0)
    measured = []
    monkeypatch.setattr(choice, "measure", lambda ways: [measured.append(way.compute) or 1.0 for way in ways])
    monkeypatch.setattr(choice, "candidates", lambda capabilities: [variant_named("openvino-f32-winograd")])
    assert choice.fastest_way(folder / "agra", tmp_path) == EAGER
    assert measured == [EAGER]


def test_the_fastest_is_eager_where_openvino_fails_or_is_missing(folder, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("unsupported processor")

    monkeypatch.setattr(choice, "measure", fail)
    monkeypatch.setattr(choice, "candidates", lambda capabilities: [])
    assert choice.fastest_way(folder / "agra", tmp_path) == EAGER
    assert choice.measured_way(folder / "agra", tmp_path) is None, "the next start tries again"
    monkeypatch.setattr(choice, "has_openvino", lambda: False)
    assert choice.measured_way(folder / "agra", tmp_path) == EAGER


def test_a_backbone_that_imagines_by_itself_goes_on(tmp_path):
    write_policy(tmp_path)
    policy = open_wam(tmp_path / "agra", "openvino-f32", root=tmp_path / "graphs")
    ((future,),) = policy.imagine([an_observation()], seed=1)
    assert future["front"].shape == (4, 128, 128, 3)
