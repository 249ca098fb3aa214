"""A dataset comes back as it was written, alone and merged."""

import json

import numpy as np
import pytest

from wam_demo.data.edit import merge
from wam_demo.data.lerobot import Dataset
from wam_demo.data.schema import DEMONSTRATION_FEATURES, Feature
from wam_demo.data.writer import LeRobotWriter
from wam_demo.errors import DataError, UnknownNameError

SMALL = {
    **DEMONSTRATION_FEATURES,
    "observation.images.front": Feature("image", (16, 24, 3)),
    "observation.images.wrist": Feature("image", (16, 24, 3)),
}


def frame(rng: np.random.Generator, success: bool = False) -> dict:
    return {
        "observation.images.front": rng.integers(0, 256, (16, 24, 3), np.uint8),
        "observation.images.wrist": rng.integers(0, 256, (16, 24, 3), np.uint8),
        "observation.state": rng.normal(size=17).astype(np.float32),
        "action": rng.normal(size=7).astype(np.float32),
        "camera_poses": rng.normal(size=26).astype(np.float32),
        "expert_chunk": rng.normal(size=(16, 7)).astype(np.float32).reshape(-1),
        "next.success": success,
        "task_name": "reach",
    }


def write(root, seed: int, lengths=(3, 5), instructions=("go", "touch it")) -> list[dict]:
    rng = np.random.default_rng(seed)
    frames = []
    with LeRobotWriter(root, SMALL) as writer:
        for length, instruction in zip(lengths, instructions, strict=True):
            for step in range(length):
                frames.append(frame(rng, success=step == length - 1))
                writer.add_frame(frames[-1], instruction)
            writer.end_episode(seed=seed, success=True)
    return frames


def assert_holds(dataset: Dataset, frames: list[dict]) -> None:
    assert dataset.num_frames == len(frames)
    for camera in ("front", "wrist"):
        images = list(dataset.iter_images(camera))
        assert len(images) == len(frames)
        for image, expected in zip(images, frames, strict=True):
            np.testing.assert_array_equal(image, expected[f"observation.images.{camera}"])
    for name in ("observation.state", "action", "expert_chunk", "next.success"):
        np.testing.assert_array_equal(dataset.column(name), [f[name] for f in frames])
    np.testing.assert_array_equal(dataset.column("index"), np.arange(len(frames)))


def test_round_trip(tmp_path):
    frames = write(tmp_path / "d", seed=0)
    dataset = Dataset(tmp_path / "d")
    assert_holds(dataset, frames)
    assert dataset.instructions == ["go"] * 3 + ["touch it"] * 5
    assert dataset.column("task_name").tolist() == ["reach"] * 8
    assert dataset.column("observation.state").dtype == np.float32
    assert dataset.column("next.success").dtype == bool
    np.testing.assert_allclose(dataset.column("timestamp"), [0, 0.1, 0.2, 0, 0.1, 0.2, 0.3, 0.4])
    assert dataset.episode_bounds.tolist() == [[0, 3], [3, 8]]
    assert dataset.episodes(["seed", "success"]).to_pylist() == [{"seed": 0, "success": True}] * 2


def test_merge_renumbers_frames_episodes_and_tasks(tmp_path):
    first = write(tmp_path / "a", seed=0)
    second = write(tmp_path / "b", seed=1, lengths=(2, 2), instructions=("touch it", "new"))
    merged = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "m")
    assert_holds(merged, first + second)
    assert merged.tasks == ["go", "touch it", "new"]
    assert merged.instructions[-4:] == ["touch it", "touch it", "new", "new"]
    assert merged.column("episode_index").tolist() == [0] * 3 + [1] * 5 + [2] * 2 + [3] * 2
    assert merged.episode_bounds.tolist() == [[0, 3], [3, 8], [8, 10], [10, 12]]
    assert merged.episodes(["data/file_index"])["data/file_index"].to_pylist() == [0, 0, 0, 0]


def test_statistics_are_those_of_all_frames(tmp_path):
    frames = write(tmp_path / "a", 0) + write(tmp_path / "b", 1, lengths=(9, 40))
    stats = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "m").stats
    states = np.stack([f["observation.state"] for f in frames])
    np.testing.assert_allclose(stats["observation.state"]["mean"], states.mean(0), atol=1e-6)
    np.testing.assert_allclose(stats["observation.state"]["std"], states.std(0), atol=1e-6)
    np.testing.assert_array_equal(stats["observation.state"]["min"], states.min(0))
    assert stats["observation.images.front"]["mean"].shape == (3, 1, 1)
    assert 0 <= stats["observation.images.front"]["min"].min() <= 1


def test_info_says_what_lerobot_expects(tmp_path):
    write(tmp_path, seed=0)
    info = json.loads((tmp_path / "meta" / "info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["total_episodes"]) == ("v3.0", 10, 2)
    assert info["features"]["action"]["shape"] == [7]
    assert info["features"]["index"] == {"dtype": "int64", "shape": [1], "names": None}


def test_a_discarded_episode_leaves_no_trace(tmp_path):
    rng = np.random.default_rng(0)
    with LeRobotWriter(tmp_path, SMALL) as writer:
        writer.add_frame(frame(rng), "given up")
        writer.discard_episode()
        writer.add_frame(frame(rng), "kept")
        writer.end_episode()
    dataset = Dataset(tmp_path)
    assert (dataset.num_frames, dataset.num_episodes) == (1, 1)
    assert dataset.tasks == ["kept"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"action": np.zeros(6, np.float32)}, "action has shape"),
        ({"observation.images.front": np.zeros((8, 8, 3), np.uint8)}, "has shape"),
        ({"surplus": 1}, "surplus"),
    ],
)
def test_a_frame_of_another_form_is_refused(tmp_path, change, said):
    writer = LeRobotWriter(tmp_path, SMALL)
    with pytest.raises(DataError, match=said):
        writer.add_frame({**frame(np.random.default_rng(0)), **change}, "go")


def test_what_is_no_finished_dataset_is_refused(tmp_path):
    with pytest.raises(DataError, match="no finished"):
        Dataset(tmp_path)
    with pytest.raises(RuntimeError), LeRobotWriter(tmp_path / "killed", SMALL) as writer:
        writer.add_frame(frame(np.random.default_rng(0)), "go")
        writer.end_episode()
        raise RuntimeError
    with pytest.raises(DataError, match="no finished"):
        Dataset(tmp_path / "killed")
    with pytest.raises(DataError, match="not empty"):
        LeRobotWriter(tmp_path / "killed", SMALL)


def test_unknown_columns_and_cameras_are_named(tmp_path):
    write(tmp_path, seed=0)
    dataset = Dataset(tmp_path)
    with pytest.raises(UnknownNameError, match="did you mean 'action'"):
        dataset.column("actions")
    with pytest.raises(UnknownNameError, match="did you mean 'front'"):
        next(dataset.iter_images("frnt"))
    with pytest.raises(DataError, match="iterate"):
        dataset.column("observation.images.front")
