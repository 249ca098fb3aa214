"""Imagination against reality: the measures, the moments that count, and the copying baseline."""

import numpy as np
import pytest

from wam_demo.diagnose.imagination import (
    PSNR_CAP_DB,
    ImaginationScores,
    expert_moments,
    feature_distance,
    played_moments,
    psnr,
    score_imagination,
    ssim,
)
from wam_demo.evaluate.report.tables import imagination_table
from wam_demo.types import FUTURE_STEPS, ActionChunk, Prediction


class Copier:
    """Imagines that nothing changes."""

    def imagine(self, observations, *, samples=1, seed=0, chunks=None):
        return [
            [{camera: np.repeat(image[None], 4, axis=0) for camera, image in o.images.items()}] * samples
            for o in observations
        ]


@pytest.fixture(scope="module")
def world():
    from wam_demo.sim.world import World

    world = World("pick_place")
    yield world
    world.close()


def test_psnr_and_ssim_of_known_images():
    rng = np.random.default_rng(0)
    image = rng.integers(20, 230, (64, 64, 3)).astype(np.uint8)
    assert psnr(image, image) == PSNR_CAP_DB
    assert psnr(image, image + np.uint8(10)) == pytest.approx(20 * np.log10(25.5))
    assert ssim(image, image) == pytest.approx(1.0)
    assert ssim(image, rng.integers(0, 255, image.shape).astype(np.uint8)) < 0.2


def test_copying_the_last_frame_scores_as_the_baseline(world):
    document = score_imagination(Copier(), world, [500_000]).document()
    assert document["moments"] >= 3
    assert list(document["psnr"]) == [str(step) for step in FUTURE_STEPS]
    assert document["psnr"] == document["psnr_copy_last"]
    assert document["psnr"]["4"] > document["psnr"]["16"]
    assert "+16" in imagination_table(document)


def test_moments_move_and_their_future_is_what_was_seen(world):
    moments = expert_moments(world, 500_000)
    for moment in moments:
        assert moment.future["front"].shape == (4, 128, 128, 3)
        assert not np.array_equal(moment.future["wrist"][3], moment.observation.images["wrist"])
    np.testing.assert_array_equal(moments[0].future["front"][0], moments[1].observation.images["front"])


def test_a_perfect_imagination_beats_the_baseline(world):
    scores = ImaginationScores()
    moment = expert_moments(world, 500_001)[0]
    scores.add(moment, [moment.future])
    document = scores.document()
    assert document["psnr"]["16"] == PSNR_CAP_DB
    assert document["psnr_copy_last"]["16"] < PSNR_CAP_DB
    assert document["by_camera"]["wrist"]["ssim"]["16"] == pytest.approx(1.0)


def colours(images):
    """Features of a cell: its mean colour."""
    count, side = len(images), images.shape[1] // 8
    return images.reshape(count, 8, side, 8, side, 3).mean((2, 4)).reshape(count, 64, 3)


def test_distances_of_features_and_intervals_over_episodes(world):
    document = score_imagination(Copier(), world, [500_000, 500_002], samples=2, features=colours).document()
    assert document["feature_distance"] == document["feature_distance_copy_last"]
    assert document["feature_distance"]["16"] > 0
    assert document["psnr_gain_ci95"]["16"] == [0, 0]
    assert "feature distance" in imagination_table(document)
    image = np.full((128, 128, 3), 90, np.uint8)
    assert feature_distance(colours, image, image) == pytest.approx(0, abs=1e-6)
    red, green = (image * np.array(mask, np.uint8) for mask in ([1, 0, 0], [0, 1, 0]))
    assert feature_distance(colours, red, green) == pytest.approx(1)


def test_several_samples_count_by_their_mean(world):
    moment = expert_moments(world, 500_001)[0]
    still = {camera: np.repeat(image[None], 4, 0) for camera, image in moment.observation.images.items()}
    alone, both = ImaginationScores(), ImaginationScores()
    alone.add(moment, [still])
    both.add(moment, [still, moment.future])
    low, mean = alone.document()["ssim"]["16"], both.document()["ssim"]["16"]
    assert mean == pytest.approx((low + 1) / 2)


def test_what_was_done_leads_where_the_arm_went(world):
    for moment in expert_moments(world, 500_001):
        path = moment.moved.actions[:, :3].sum(0)
        assert np.isfinite(moment.moved.actions).all()
        assert 0.01 < np.linalg.norm(path) < 0.8
        assert ((moment.moved.actions[:, 6] >= 0) & (moment.moved.actions[:, 6] <= 1)).all()


def test_a_plan_is_played_out_from_the_same_moments(world):
    """A policy that always lifts: what comes is the same scene from the same moment, lifted."""

    class Lifter:
        def predict(self, observations, seeds):
            actions = np.zeros((16, 7), np.float32)
            actions[:, 2], actions[:, 6] = 0.01, 1.0
            return [Prediction(ActionChunk(actions)) for _ in observations]

    moments = expert_moments(world, 500_001)[:2]
    for before, after in zip(moments, played_moments(world, Lifter(), moments), strict=True):
        assert after.observation is before.observation
        rise = after.moved.actions[:, :3].sum(0)
        assert rise[2] > 0.1
        assert np.linalg.norm(rise[:2]) < 0.03
        assert not np.array_equal(after.future["wrist"][3], before.future["wrist"][3])
        np.testing.assert_array_equal(after.plan.actions[:, 2], np.float32(0.01))
    told = []

    class Listener(Copier):
        def imagine(self, observations, *, samples=1, seed=None, chunks=None):
            told.extend(chunks)
            return super().imagine(observations, samples=samples, seed=seed)

    played = score_imagination(Listener(), world, [500_001], player=Lifter()).document()
    assert all((chunk.actions[:, 2] == np.float32(0.01)).all() for chunk in told)
    assert played["psnr"] == played["psnr_copy_last"]
    assert played["psnr"] != score_imagination(Copier(), world, [500_001]).document()["psnr"]


def test_the_motion_is_told_when_that_is_asked_for(world):
    class Listener(Copier):
        told = ()

        def imagine(self, observations, *, samples=1, seed=None, chunks=None):
            self.told = chunks
            return super().imagine(observations, samples=samples, seed=seed)

    listener = Listener()
    score_imagination(listener, world, [500_000], true_motion=True)
    assert all(chunk.actions.shape == (16, 7) for chunk in listener.told)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["agra", "harmo", "action_images"])
def test_the_command_measures_every_family_that_imagines(policy, tmp_path):
    """Also one without a token grid of its own."""
    from wam_demo.cli import main

    assert main(["imagine", "--policy", policy, "--episodes", "1", "--told", "motion", "--out", str(tmp_path)]) in (
        0,
        None,
    )
    assert (tmp_path / "results.json").is_file()
