"""Labelling by an action-images model: the video is given, the action is sampled and read off."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.fakes.action_images_checkpoint import a_sight, write_action_images
from tests.policies.action_images.test_policy import opened
from wam_demo.errors import InvalidInputError, PolicyFault
from wam_demo.models.action_images.pictures import decode
from wam_demo.models.action_images.sequence import Future
from wam_demo.models.action_images.views import Views
from wam_demo.models.tokenizer import to_tensor
from wam_demo.policies.action_images.family import ACTION_IMAGES
from wam_demo.policies.engine import InferenceEngine
from wam_demo.policies.labelling import Footage, run_label
from wam_demo.policies.shared import SharedPolicy


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    return opened(write_action_images(tmp_path_factory.mktemp("labels")) / "action_images")


def film(seed=0):
    """Any moment, and four more pictures of each camera."""
    came = {c: np.stack([a_sight(10 * seed + k).images[c] for k in range(1, 5)]) for c in ("front", "wrist")}
    return Footage(a_sight(seed), came)


def test_it_is_what_the_model_samples_when_the_video_is_given(policy):
    footage, model = film(), policy.model
    present, _ = policy.read([footage.observation])
    latents = [
        [policy.tokenizer.encode(to_tensor(torch.from_numpy(frame[None])))[0] for frame in footage.came[camera]]
        for camera in ("front", "wrist")
    ]
    video = torch.stack([torch.stack(frames) for frames in latents])[None]
    sampled = model.sample(present, Future(policy.noise([3]), video), video_given=True)
    expected = decode(present.canvas, model.pictures(sampled.action), model.config.sigma)
    found = run_label(policy, footage, seed=3)
    np.testing.assert_allclose(found.position, expected.position[0], atol=1e-4)
    np.testing.assert_allclose(found.opening, expected.opening[0], atol=1e-4)
    assert found.rotation.shape == (16, 3, 3)


def test_points_lie_where_the_pose_is_seen(policy):
    footage = film()
    found = run_label(policy, footage)
    assert np.isfinite(found.position).all()
    views = Views.calibrated(policy.calibration, torch.from_numpy(footage.observation.state)[None])
    image, seen = views.project(torch.from_numpy(found.position)[None])
    assert seen[0, 0].all()
    apart = np.abs(0.5 + 0.5 * image[0, 0].numpy() - found.points["front"][:, 0])
    assert apart.max() < 0.03


def test_the_pictures_that_came_and_the_seed_matter_and_nothing_else(policy):
    first, again = run_label(policy, film(), 1), run_label(policy, film(), 1)
    assert np.array_equal(first.position, again.position)
    other = replace(film(), came=film(1).came)
    for different in (run_label(policy, film(), 2), run_label(policy, other, 1)):
        assert not np.array_equal(first.position, different.position)


def test_what_cannot_be_read_is_no_number(tmp_path):
    scribbler = opened(write_action_images(tmp_path, std=0.1) / "action_images")
    found = run_label(scribbler, film())
    assert np.isnan(found.position).any()
    unknown = np.isnan(found.position).any(1)
    assert (found.confidence[~unknown] >= 0.15).all()
    assert np.isfinite(found.opening).all()


def test_plans_may_go_between_its_stages(policy):
    *stages, found = policy.label_stages(film())
    assert stages == [None] * (1 + policy.model.config.steps)
    assert found is not None


def test_through_an_engine_it_is_the_same(policy):
    assert ACTION_IMAGES.labels
    engine = InferenceEngine(policy)
    shared = run_label(SharedPolicy(engine), film(), 4)
    np.testing.assert_allclose(shared.position, run_label(policy, film(), 4).position, atol=1e-5)
    broken = replace(film(), observation=replace(a_sight(), state=np.full(17, np.nan, np.float32)))
    with pytest.raises(InvalidInputError, match="not finite"):
        run_label(SharedPolicy(engine), broken)
    engine.submit_label(film()).cancel()
    engine._queue.close()  # the policy itself is that of the other tests


def test_a_film_without_a_camera_is_refused(policy):
    blind = replace(film(), came={"front": film().came["front"]})
    with pytest.raises(InvalidInputError, match="no 'wrist' image"):
        run_label(policy, blind)


def test_values_that_are_not_finite_are_a_fault(tmp_path):
    broken = opened(write_action_images(tmp_path) / "action_images")
    broken.model.out_action.bias[5] = torch.nan
    with pytest.raises(PolicyFault, match="not finite"):
        run_label(broken, film())
