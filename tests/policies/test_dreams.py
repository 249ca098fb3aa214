"""Frames of a dream by a small world action model, and through an engine."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.fakes.dreamer import FakeDreamer, action
from tests.fakes.wam_checkpoint import an_observation, write_imagination, write_policy
from wam_demo.errors import InvalidInputError, PolicyFault
from wam_demo.models.wam.doubt import DoubtModel, pooled_features
from wam_demo.models.wam.imagination import HELD
from wam_demo.policies.dreaming import ANCHOR_STEPS, DreamAnchor, DreamMotion
from wam_demo.policies.engine import InferenceEngine
from wam_demo.policies.wam.policy import WamPolicy
from wam_demo.types import FUTURE_STEPS


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def policy(tmp_path_factory, request):
    """In both of the formats that machines compute in, whatever this one would choose."""
    folder = write_imagination(write_policy(tmp_path_factory.mktemp("weights"))) / "agra"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wam_demo.policies.wam.policy.compute_dtype", lambda: getattr(torch, request.param))
        yield WamPolicy(folder)


def motion(anchor, x=0.01, steps=ANCHOR_STEPS):
    return DreamMotion(anchor, action(x), steps)


def test_a_frame_follows_the_motion_and_nothing_else(policy):
    anchor = DreamAnchor(an_observation())
    first, again = (policy.dream(motion(DreamAnchor(an_observation()))) for _ in range(2))
    assert first.images["front"].shape == first.images["wrist"].shape == (128, 128, 3)
    for camera in ("front", "wrist"):
        np.testing.assert_array_equal(first.images[camera], again.images[camera])
    other = policy.dream(motion(anchor, x=0.05))
    assert not torch.equal(other.latents, first.latents)
    with pytest.raises(InvalidInputError, match="at most 4 steps ahead, not 5"):
        policy.dream(motion(anchor, steps=ANCHOR_STEPS + 1))


def test_an_anchor_is_read_once_and_a_dream_goes_on_from_its_latents(policy):
    anchor = DreamAnchor(an_observation())
    frame = policy.dream(motion(anchor))
    features = anchor.features
    assert policy.dream(motion(anchor, steps=2)).latents is None  # it becomes no anchor
    assert anchor.features is features
    onward = policy.dream(motion(DreamAnchor(an_observation(1), frame.latents)))
    encoded = policy.dream(motion(DreamAnchor(an_observation(1))))
    assert not torch.equal(onward.latents, encoded.latents)


def test_what_left_the_wrists_view_is_remembered_by_weights_that_learned_to(policy, monkeypatch):
    def above(x, seed=0):
        state = np.zeros(17, np.float32)
        state[:10] = x - 1, 0, -0.3, 1, 0, 0, 0, 1, 0, 1  # the camera, 1 m beside the hand, looks down from 0.6 m
        return replace(an_observation(seed), state=state)

    def moved(anchor, x, steps=ANCHOR_STEPS):
        return policy.dream(motion(anchor, x=x, steps=steps))

    anchor = DreamAnchor(above(0.5))
    assert moved(anchor, 0.25).memory is None
    monkeypatch.setattr(policy.imagination, "config", replace(policy.imagination.config, remembers=True))
    assert moved(anchor, 0.25, ANCHOR_STEPS - 1).memory is None
    away = moved(anchor, 0.25)
    assert away.memory.picture[:, 3].mean() > 0.01
    forgot, back = (moved(DreamAnchor(above(0.75, 1), away.latents, memory), -0.25) for memory in (None, away.memory))
    assert not torch.equal(back.latents[:, 1], forgot.latents[:, 1])
    assert back.memory.picture[:, 3].sum() > away.memory.picture[:, 3].sum()


def test_a_frame_that_becomes_an_anchor_is_doubted_where_somebody_measured(policy, monkeypatch):
    def dreamt(steps):
        return policy.dream(motion(DreamAnchor(an_observation()), steps=steps))

    assert dreamt(ANCHOR_STEPS).doubt is None  # nobody measured
    usual = np.random.default_rng(0).normal(size=(50, 2 * policy.model.config.backbone.dim)).astype(np.float32)
    curve = {"doubt": np.array([0, 1e6], np.float32), "error": np.array([0, 1], np.float32)}
    monkeypatch.setattr(policy, "doubt", replace(DoubtModel.of_demonstrations(usual), **curve))
    assert dreamt(ANCHOR_STEPS - 1).doubt is None
    imagine, imagined = policy._mean_frame, []
    monkeypatch.setattr(policy, "_mean_frame", lambda *given: imagined.append(imagine(*given)) or imagined[-1])
    frame = dreamt(ANCHOR_STEPS)
    with torch.inference_mode():
        shown = policy.tokenizer.encode(policy.tokenizer.decode(imagined[0][0].to(policy.dtype)))
    torch.testing.assert_close(frame.latents[0], imagined[0][0] + HELD * (shown - imagined[0][0]), atol=1e-5, rtol=1e-5)
    pooled = pooled_features(policy.read([an_observation()]).features, 2)[0]
    amount = float((imagined[0][0] - shown).abs().mean()) * policy.doubt.strangeness(pooled)
    assert frame.doubt.amount == pytest.approx(amount, rel=1e-2)
    assert frame.doubt.expected_error == pytest.approx(amount / 1e6, rel=1e-2)


def test_what_is_not_finite_is_a_fault(policy):
    with pytest.raises(PolicyFault, match="not finite"):
        policy.dream(motion(DreamAnchor(an_observation()), x=np.nan))


def test_weights_without_an_imagination_model_do_not_dream(tmp_path):
    bare = WamPolicy(write_policy(tmp_path) / "agra")
    with pytest.raises(InvalidInputError, match="no imagination model"):
        bare.dream(motion(DreamAnchor(an_observation())))


def test_an_anchor_follows_as_soon_as_the_first_imagined_frame():
    assert FUTURE_STEPS[0] == ANCHOR_STEPS


def test_an_engine_dreams_before_it_imagines_and_a_fault_is_of_that_frame():
    class Slow(FakeDreamer):
        def __init__(self):
            super().__init__()
            self.order = []

        def imagine_stages(self, observations, **kind):
            for _ in range(50):
                yield None
            self.order.append("imagined")
            yield [[{}]]

        def dream(self, motion):
            self.order.append("dreamt")
            return super().dream(motion)

        def close(self):
            pass

    policy = Slow()
    engine = InferenceEngine(policy)
    try:
        with engine._queue.changed:  # both arrive before the worker looks
            imagined = engine.submit_imagination(an_observation())
            dreamt = engine.submit_dream(motion(DreamAnchor(an_observation())))
        assert dreamt.result(5).images["front"].shape == (128, 128, 3)
        imagined.result(5)
        assert policy.order == ["dreamt", "imagined"]
        policy.fault = PolicyFault("no picture")
        with pytest.raises(PolicyFault, match="no picture"):
            engine.submit_dream(motion(DreamAnchor(an_observation()))).result(5)
        policy.fault = None
        engine.submit_dream(motion(DreamAnchor(an_observation()))).result(5)
    finally:
        engine.close()
