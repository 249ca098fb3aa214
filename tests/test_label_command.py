"""The command `label`, on the shipped example with a small model of random weights."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.fakes.action_images_checkpoint import write_action_images
from wam_demo.cli import main
from wam_demo.config import EXAMPLES
from wam_demo.data.lerobot import Dataset
from wam_demo.data.uploads.process import describe
from wam_demo.models.checkpoint import sha256_of
from wam_demo.robots.arm.calibration import Mount, save_mounts
from wam_demo.types import CameraPose

EXAMPLE = EXAMPLES / "pick_place.zip"
STEPS = 23


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_action_images(tmp_path_factory.mktemp("label")) / "action_images"


@pytest.fixture
def run(capsys, tmp_path, checkpoint):
    def call(*more, file=EXAMPLE, policy="action_images"):
        chosen = ["--policy", policy, *(["--checkpoint", checkpoint] if policy == "action_images" else [])]
        command = ["label", file, *chosen, "--stop", (STEPS - 1) / 10, "--every", 8, "--out", tmp_path / "out", *more]
        code = main([str(part) for part in command])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_a_calibrated_recording_becomes_a_dataset_with_errors(run, tmp_path, checkpoint):
    code, out, _ = run()
    assert code == 0
    assert "TCP after 1.6 s, median cm" in out
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert found["schema"] == "wam_demo.label"
    assert found["checkpoint_sha256"] == sha256_of(checkpoint)
    assert (found["episodes"], found["too_short"], found["labels"], found["every"]) == (1, 0, 2, 8)
    assert found["calibrated"] is True
    assert found["label_cm"]["16"] > 1  # its weights are random: the hand stays
    dataset = Dataset(tmp_path / "out" / "dataset")
    assert dataset.num_frames == STEPS - 1
    assert np.isfinite(dataset.column("action")).all()
    table = pq.read_table(tmp_path / "out" / "labels.parquet")
    assert table.num_rows == 2 * 16
    assert "x_m" in table.column_names
    assert describe(tmp_path / "out" / "labels.mp4").frames == STEPS


def test_without_calibration_labels_stay_in_the_pictures_and_it_says_so(run, tmp_path):
    code, out, _ = run("--map", "calibration=none")
    assert code == 0
    assert "nobody says where the cameras stand" in out
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (found["calibrated"], found["label_cm"], found["undecoded"]) == (False, None, None)
    assert found["seen"]["front"] > 0
    assert not (tmp_path / "out" / "dataset").exists()
    assert "x_m" not in pq.read_table(tmp_path / "out" / "labels.parquet").column_names


def test_a_calibration_from_a_file_is_used(run, tmp_path):
    pose = CameraPose(np.float32([1.1, 0, 0.9]), np.eye(3, dtype=np.float32), 0.3)
    save_mounts({"front": Mount(pose, False, 0.1, 480)}, tmp_path / "cameras.json")
    code, _, _ = run("--map", "calibration=none", "--calibration", tmp_path / "cameras.json")
    assert code == 0
    assert json.loads((tmp_path / "out" / "results.json").read_text())["calibrated"] is True


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"policy": "hold"}, "policy 'hold' has no weights; valid: "),
        ({"more": ["--stop", "1"]}, "a label needs 1.6 s"),
        ({"more": ["--calibration", "nowhere.json"]}, "there is no calibration at nowhere.json"),
        ({"more": ["--map", "calibration=somewhere"]}, "unknown calibration 'somewhere'"),
        ({"more": ["--map", "calibration=recorded"]}, "recorded camera poses need 26 numbers"),
        ({"more": ["--episodes", "3"]}, "episode 3"),
    ],
)
def test_bad_input_is_one_line(run, more, message):
    code, _, err = run(*more.pop("more", []), **more)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
