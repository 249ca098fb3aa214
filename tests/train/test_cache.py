"""The training cache: future rows, and arrays that survive an interrupted encoding."""

import contextlib
import shutil
from dataclasses import replace

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from wam_demo.data.schema import CAMERA_POSES, DEMONSTRATION_FEATURES
from wam_demo.data.writer import LeRobotWriter
from wam_demo.models.geometry import token_rays
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.train.cache import (
    Cache,
    encoded_rows,
    future_rows,
    load_cache,
    load_teacher_features,
    measured_motion,
)
from wam_demo.train.calibration import calibrate, rotations, usual_poses


def test_future_rows_stay_in_their_episode():
    episode = np.repeat([0, 1], [6, 3])
    rows = future_rows(episode, fps=2.5)
    assert rows[0].tolist() == [1, 2, 3, 4]
    assert rows[4].tolist() == [5, 5, 5, 5]
    assert rows[6].tolist() == [7, 8, 8, 8]
    assert (episode[rows] == episode[:, None]).all()


def test_every_control_step_stored():
    rows = future_rows(np.zeros(30, int), fps=10)
    assert rows[3].tolist() == [7, 11, 15, 19]


def test_a_faster_recording_looks_further_ahead():
    rows = future_rows(np.zeros(90, int), fps=30)
    assert rows[3].tolist() == [15, 27, 39, 51]


def test_motion_follows_the_recorded_states():
    turn = Rotation.from_rotvec([[0, 0, 0], [0, 0, 0.3], [0, 0, 0.5]]).as_matrix()
    states = torch.zeros(3, 17)
    states[:, :3] = torch.tensor([[0.4, 0, 0.2], [0.5, 0.1, 0.2], [0.5, 0.1, 0.1]])
    states[:, 3:6], states[:, 6:9] = torch.from_numpy(turn[:, :, 0]), torch.from_numpy(turn[:, :, 1])
    assert torch.allclose(rotations(states), torch.from_numpy(turn).float(), atol=1e-6)
    chunks = torch.zeros(3, 16, 7)
    chunks[0, 8:, 6] = 1.0
    motion = measured_motion(states, torch.tensor([[1, 2, 2, 2]] * 3), chunks)
    assert torch.allclose(motion[0, 0], torch.tensor([0.1, 0.1, 0, 0, 0, 0.3, 0]), atol=1e-5)
    assert torch.allclose(motion[0, 2], torch.tensor([0.1, 0.1, -0.1, 0, 0, 0.5, 1]), atol=1e-5)
    states[1:, 9] = torch.tensor([1.0, 0.5])  # let go, then closed on something
    unlabelled = measured_motion(states, torch.tensor([[1, 2, 2, 2]] * 3), None)
    assert unlabelled[0, :, 6].tolist() == [1, 0, 0, 0]
    assert torch.equal(unlabelled[..., :6], motion[..., :6])


def test_an_interrupted_encoding_is_redone(tmp_path):
    path = tmp_path / "rows.npy"

    def broken():
        yield np.zeros((2, 3))
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        encoded_rows(path, (4, 3), broken())
    assert not path.exists()
    rows = encoded_rows(path, (4, 3), iter([np.ones((2, 3)), np.full((2, 3), 2.0)]))
    assert rows[:, 0].tolist() == [1, 1, 2, 2]

    def never():
        raise AssertionError("a complete file is not encoded again")
        yield

    assert np.array_equal(encoded_rows(path, (4, 3), never()), rows)


def test_approach_ends_where_the_expert_first_closes_the_gripper():
    chunks = torch.ones(7, 16, 7)
    chunks[2:5, 0, 6] = 0  # closed at frames 2 and 3 of the first episode, at once in the second
    empty = torch.empty(0)
    episode = torch.tensor([0, 0, 0, 0, 1, 1, 1])
    cache = Cache(np.empty(0), empty, chunks, empty, empty, episode, empty, empty, [])
    assert cache.approach().tolist() == [True, True, False, False, False, False, False]


class MeanTeacher:
    """Every cell is the image's mean colour, times a factor."""

    dim = 3

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def to(self, device):
        return self

    def digest(self):
        return str(self.factor)

    def features(self, images, grid):
        mean = self.factor * images.float().mean((1, 2)) / 255
        return mean[:, None].expand(-1, grid * grid, -1)


def film(root, seed: int, task: str = "reach") -> None:
    """Three frames of demonstrations that say nothing of their cameras."""
    rng = np.random.default_rng(seed)
    shutil.rmtree(root / "data", ignore_errors=True)
    shutil.rmtree(root / "meta", ignore_errors=True)
    features = {name: feature for name, feature in DEMONSTRATION_FEATURES.items() if name != CAMERA_POSES}
    with LeRobotWriter(root / "new", features) as writer:
        for _ in range(3):
            image = rng.integers(0, 256, (128, 128, 3), np.uint8)
            frame = {"observation.images.front": image, "observation.images.wrist": image, "next.success": False}
            numbers = {
                "observation.state": np.eye(17)[3] + np.eye(17)[7],
                "action": np.zeros(7),
                "expert_chunk": np.zeros(112),
            }
            writer.add_frame({**frame, **numbers, "task_name": task}, "go")
        writer.end_episode()
    for part in ("data", "meta"):
        (root / "new" / part).rename(root / part)
    (root / "new").rmdir()


def test_other_frames_of_the_same_number_are_encoded_anew(tmp_path, caplog):
    torch.manual_seed(0)
    tokenizer = Tokenizer(TokenizerConfig(width=32))
    film(tmp_path, seed=0)
    before = load_cache(tmp_path, tokenizer)
    features = load_teacher_features(tmp_path, before.content, MeanTeacher(1), 2)[0]
    assert not caplog.records
    film(tmp_path, seed=1)
    after = load_cache(tmp_path, tokenizer)
    assert after.latents.shape == before.latents.shape
    assert np.abs(after.latents.astype(float) - before.latents).mean() > 0.01
    assert (load_teacher_features(tmp_path, after.content, MeanTeacher(1), 2)[0] != features).any()
    assert [record.message.split(" is of ")[1] for record in caplog.records] == [
        "other frames or another network: encoding anew"
    ] * 2


def test_the_same_frames_are_encoded_once_and_anew_by_another_network(tmp_path):
    torch.manual_seed(0)
    tokenizer = Tokenizer(TokenizerConfig(width=32))
    film(tmp_path, seed=0)
    cache = load_cache(tmp_path, tokenizer)
    (file,) = (tmp_path / "cache").glob("latents-*.npy")
    written = file.stat().st_mtime_ns
    assert load_cache(tmp_path, tokenizer).content == cache.content
    assert file.stat().st_mtime_ns == written
    load_cache(tmp_path, Tokenizer(TokenizerConfig(width=32)))
    assert len(list((tmp_path / "cache").glob("latents-*.npy"))) == 2
    one, two = (load_teacher_features(tmp_path, cache.content, MeanTeacher(f), 2)[0] for f in (1.0, 2.0))
    assert np.allclose(2 * one.astype(float), two, rtol=1e-2)


def test_a_policy_is_told_what_the_dataset_says_of_its_cameras_or_the_usual_mounts_or_nothing(tmp_path):
    torch.manual_seed(0)
    tokenizer, blind, sees = Tokenizer(TokenizerConfig(width=32)), BackboneConfig(), BackboneConfig(rays=True)
    rows, at = torch.tensor([2, 0]), {}
    for task in ("reach", "mine"):
        film(tmp_path / task, seed=0, task=task)
        at[task] = load_cache(tmp_path / task, tokenizer)
    said = replace(at["mine"], poses=torch.arange(78.0).reshape(3, 2, 13))
    assert torch.equal(said.told_poses, said.poses)
    assert torch.equal(at["reach"].told_poses, usual_poses(calibrate(["reach"]), at["reach"].states))
    assert not at["mine"].told_poses.any(), "nobody knows the cameras of another scene"
    assert said.told_rays(rows, blind) is None
    assert torch.equal(said.told_rays(rows, sees), token_rays(said.poses[rows], said.states[rows, :3], sees.grid))
