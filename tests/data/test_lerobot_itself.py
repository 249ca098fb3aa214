"""LeRobot's own loader takes our datasets; runs where the ``lerobot`` package is installed."""

from collections.abc import Iterator

import av
import numpy as np
import pytest

from tests.data.test_lerobot import SMALL, frame, write
from tests.data.test_recording import FEATURES, record
from wam_demo.data.edit import merge
from wam_demo.data.lerobot import Dataset
from wam_demo.data.recording import RecordingWriter
from wam_demo.data.writer import LeRobotWriter

pytestmark = pytest.mark.slow


@pytest.fixture
def lerobot_dataset():
    from wam_demo.models.torchvision_guard import ensure_torchvision

    ensure_torchvision()
    return pytest.importorskip("lerobot.datasets.lerobot_dataset").LeRobotDataset


def test_it_reads_a_merged_dataset(tmp_path, lerobot_dataset):
    written = write(tmp_path / "a", seed=0) + write(tmp_path / "b", seed=1)
    merge([tmp_path / "a", tmp_path / "b"], tmp_path / "m")
    dataset = lerobot_dataset("local/m", root=tmp_path / "m", delta_timestamps={"action": [0.0, 0.1]})
    assert (len(dataset), dataset.num_episodes, dataset.fps) == (16, 4, 10)
    assert dataset.meta.stats["observation.images.front"]["mean"].shape == (3, 1, 1)
    for index in (0, 7, 9, 15):
        item, expected = dataset[index], written[index]
        pixels = expected["observation.images.wrist"].transpose(2, 0, 1) / 255
        np.testing.assert_allclose(item["observation.images.wrist"].numpy(), pixels, atol=1e-6)
        np.testing.assert_array_equal(item["observation.state"].numpy(), expected["observation.state"])
        np.testing.assert_array_equal(item["action"][0].numpy(), expected["action"])
        assert item["task"] == ("go" if index % 8 < 3 else "touch it")
        assert item["task_name"] == "reach"


def test_it_reads_a_subsampled_dataset(tmp_path, lerobot_dataset):
    rng = np.random.default_rng(0)
    with LeRobotWriter(tmp_path / "d", SMALL, fps=2.5) as writer:
        for _ in range(3):
            writer.add_frame(frame(rng), "go")
        writer.end_episode()
    dataset = lerobot_dataset("local/d", root=tmp_path / "d", episodes=[0])
    assert dataset.fps == 2.5
    assert dataset[2]["timestamp"].item() == pytest.approx(0.8)


class VideoReader:
    """As ``torchvision.io.VideoReader``, which newer releases lack and LeRobot's pyav backend wants."""

    def __init__(self, path: str, stream: str) -> None:
        self.container = av.open(path)
        self._stream = self.container.streams.video[0]

    def seek(self, seconds: float, keyframes_only: bool) -> None:
        self.container.seek(int(seconds / self._stream.time_base), stream=self._stream)

    def __iter__(self) -> Iterator[dict]:
        import torch

        for picture in self.container.decode(self._stream):
            pixels = torch.from_numpy(picture.to_ndarray(format="rgb24")).permute(2, 0, 1)
            yield {"data": pixels, "pts": float(picture.pts * self._stream.time_base)}


@pytest.fixture
def videos(monkeypatch, lerobot_dataset):
    """Whatever decodes videos here: LeRobot's choice where it works, else its pyav backend."""
    import torchvision

    if not hasattr(torchvision.io, "VideoReader"):
        monkeypatch.setattr(torchvision.io, "VideoReader", VideoReader, raising=False)
    if not hasattr(torchvision, "set_video_backend"):
        monkeypatch.setattr(torchvision, "set_video_backend", lambda name: None, raising=False)
    return "pyav"


def check_recording(root, loaded, cameras) -> None:
    """LeRobot sees what our own reader sees: shapes, rate, videos, flags."""
    ours = Dataset(root)
    assert (len(loaded), loaded.num_episodes, loaded.fps) == (ours.num_frames, ours.num_episodes, 10)
    assert {name for name in loaded.meta.features if name.startswith("observation.")} == {
        "observation.state",
        *(f"observation.images.{camera}" for camera in cameras),
    }, "LeRobot trains a policy on every column of that name, and ours are not told it"
    assert loaded.meta.video_keys == [f"observation.images.{camera}" for camera in cameras]
    pictures = {camera: list(ours.iter_images(camera)) for camera in cameras}
    columns = {name: ours.column(name) for name in ("observation.state", "action", "commanded_action", "intervention")}
    for index in sorted({0, 1, len(loaded) // 2, len(loaded) - 1}):
        item = loaded[index]
        for camera in cameras:
            seen = 255 * item[f"observation.images.{camera}"].numpy().transpose(1, 2, 0)
            assert np.abs(seen - pictures[camera][index]).mean() < 1
        for name, values in columns.items():
            np.testing.assert_array_equal(item[name].numpy().squeeze(), values[index])
        assert item["task"] == ours.instructions[index]


def test_it_reads_a_recording_that_grew_over_two_runs(tmp_path, lerobot_dataset, videos):
    for lengths in ((5, 3), (7,)):
        with RecordingWriter(tmp_path / "r", FEATURES) as writer:
            for length in lengths:
                record(writer, length, f"go {length}", success=True, success_by="judge")
    loaded = lerobot_dataset("local/r", root=tmp_path / "r", video_backend=videos)
    check_recording(tmp_path / "r", loaded, ["front", "wrist"])
    assert loaded.meta.episodes["success"] == [True] * 3


def test_it_reads_what_record_writes_with_a_person_in_it(tmp_path, lerobot_dataset, videos):
    from wam_demo.cli import main

    root = tmp_path / "r"
    words = ["--task", "pick_place", "--axis", "language", "--severity", "5", "--out", str(root)]
    assert main(["record", "--policy", "expert", "--episodes", "2", *words]) == 0
    assert main(["record", "--policy", "agra", "--person", "expert", "--episodes", "3", *words]) == 0
    loaded = lerobot_dataset("local/r", root=root, video_backend=videos, delta_timestamps={"action": [0.0]})
    rows = Dataset(root).episodes(["drivers", "interventions", "intervention_frames"]).to_pylist()
    assert [row["drivers"] for row in rows[:2]] == ["expert", "expert"]
    assert sum(row["interventions"] for row in rows) >= 1
    assert Dataset(root).column("intervention").sum() == sum(row["intervention_frames"] for row in rows)
    check_recording(root, loaded, ["front", "wrist"])
