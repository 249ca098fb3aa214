"""Batches: what recordings without actions add, and that their actions are never read."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from wam_demo.data.collect import collect
from wam_demo.models.chunk import ChunkNormaliser
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.train.batches import Batches, TrainingFrames
from wam_demo.train.cache import load_cache
from wam_demo.train.calibration import calibrate, usual_poses
from wam_demo.train.recipes import WAM

CPU = torch.device("cpu")
RECIPE = replace(WAM["debug"], batch=4, video_batch=6, recorded_batch=3, motion_known=1.0)


@pytest.fixture(scope="module")
def caches(tmp_path_factory):
    """Demonstrations, and recordings in other rooms."""
    torch.manual_seed(0)
    tokenizer, folder = Tokenizer(TokenizerConfig()), tmp_path_factory.mktemp("datasets")
    for name, rooms in (("demos", False), ("rooms", True)):
        collect(["reach"], 2, folder / name, seed=1, processes=1, every=4, scenery="rooms" if rooms else "plain")
    return load_cache(folder / "demos", tokenizer), load_cache(folder / "rooms", tokenizer, labelled=False)


def frames(cache):
    normaliser = ChunkNormaliser(16, 7, 17)
    return TrainingFrames(cache, torch.arange(len(cache.states)), normaliser, CPU)


def aligned(cache):
    result = frames(cache)
    features = np.random.default_rng(0).standard_normal((len(cache.states), 128, 5)).astype(np.float16)
    result.align_to(features, torch.zeros(128, 5), torch.ones(5), CPU)
    return result


def test_actions_of_recordings_are_never_read(caches):
    demonstrations, recordings = caches
    assert float(demonstrations.chunks.abs().max()) > 0
    assert float(recordings.chunks.abs().max()) == 0


def test_the_same_scenes_look_different_in_another_room(caches):
    demonstrations, recordings = caches
    assert torch.allclose(demonstrations.states[0], recordings.states[0])
    assert np.abs(demonstrations.latents[0].astype(float) - recordings.latents[0]).mean() > 0.01


def test_a_second_teacher_stands_beside_the_first(caches):
    result = aligned(caches[0])
    rows = torch.tensor([0, 3])
    first = result.teacher(rows)
    features = np.full((len(caches[0].states), 128, 3), 4, np.float16)
    result.align_to(features, torch.full((128, 3), 2.0), torch.full((3,), 4.0), CPU)
    both = result.teacher(rows)
    torch.testing.assert_close(both[..., :5], first)
    assert both.shape == (2, 128, 8)
    assert (both[..., 5:] == 0.5).all()


def test_recordings_join_the_video_batch_without_motion(caches):
    both = Batches(frames(caches[0]), frames(caches[1]), RECIPE, 0, CPU).video(3)
    known = both.motion.flatten(1).abs().sum(1) > 0
    assert known.tolist() == [True] * 4 + [False] * 2
    assert len(both.latents) == len(both.tau) == 6
    alone = Batches(frames(caches[0]), None, RECIPE, 0, CPU).video(3)
    assert (alone.motion.flatten(1).abs().sum(1) > 0).all()


def test_recordings_are_aligned_where_there_is_a_teacher(caches):
    assert Batches(frames(caches[0]), frames(caches[1]), RECIPE, 0, CPU).recorded(0) is None
    assert Batches(aligned(caches[0]), None, RECIPE, 0, CPU).recorded(0) is None
    batches = Batches(aligned(caches[0]), aligned(caches[1]), RECIPE, 0, CPU)
    assert batches.recorded(0).teacher.shape == (3, 128, 5)
    assert torch.equal(batches.recorded(5).latents, batches.recorded(5).latents)
    assert not torch.equal(batches.recorded(5).latents, batches.recorded(6).latents)


def test_recordings_leave_the_action_batches_as_they_are(caches):
    alone = Batches(frames(caches[0]), None, RECIPE, 0, CPU).action(7)
    beside = Batches(aligned(caches[0]), aligned(caches[1]), RECIPE, 0, CPU).action(7)
    assert torch.equal(alone.latents, beside.latents)
    assert torch.equal(alone.noise, beside.noise)


def test_demonstrations_say_where_the_cameras_are_and_recordings_in_rooms_do_not(caches):
    plain, rooms = caches
    torch.testing.assert_close(plain.poses, usual_poses(calibrate(["reach"]), plain.states), atol=2e-3, rtol=0)
    assert not rooms.poses.any()


def test_rays_are_told_of_calibrated_cameras_part_of_the_time(caches):
    plain, wide = caches[0], replace(caches[0], poses=torch.full((len(caches[0].states), 2, 13), 0.5))
    demonstrations = frames(wide)
    assert Batches(demonstrations, None, RECIPE, 0, CPU).action(0).rays is None
    unchanged = Batches(frames(plain), None, RECIPE, 0, CPU).action(0)
    calibration = calibrate(["reach"])
    demonstrations.look_along(calibration, 8)
    recordings = frames(caches[1])
    recordings.look_along(calibration, 8)
    batches = Batches(demonstrations, recordings, replace(RECIPE, batch=64), 0, CPU)
    rays = batches.action(0).rays
    assert rays.shape == (64, 128, 9)
    kinds = [tuple(row.tolist()) for row in rays[:, 0, :3].round(decimals=4)]
    assert (0.0, 0.0, 0.0) in kinds
    assert len(set(kinds)) == 3, "unknown, stale and followed"
    assert torch.equal(batches.action(7).rays, batches.action(7).rays)
    video = batches.video(3)
    assert video.rays[:4].any()
    assert not video.rays[4:].any(), "nobody calibrated the cameras of recordings"
    torch.testing.assert_close(Batches(demonstrations, None, RECIPE, 0, CPU).action(0).chunk, unchanged.chunk)
