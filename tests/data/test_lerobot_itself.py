"""LeRobot's own loader takes our datasets; runs where the ``lerobot`` package is installed."""

import numpy as np
import pytest

from tests.data.test_lerobot import SMALL, frame, write
from wam_demo.data.edit import merge
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
