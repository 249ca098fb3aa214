"""A dataset recorded by LeRobot itself, in an environment of its own: found, read, and our download loads there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.brain import imagine, plan
from wam_demo.config import ROOT
from wam_demo.data.uploads.contracts import CameraMapping
from wam_demo.data.uploads.guess import action_dim, guess, state_dim
from wam_demo.data.uploads.process import EpisodeStream, Selection, describe
from wam_demo.diagnose.answers import Answers
from wam_demo.diagnose.retouch import Retouch
from wam_demo.policies.registry import policy_spec
from wam_demo.robots.clip import Clip
from wam_demo.robots.recording import Recording
from wam_demo.ui.robot.export import export

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
PACKAGE = "lerobot==0.4.4"
FRAMES, EPISODES = 20, 2

WRITE = """
import sys, numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset
names = ["x", "y", "z", "rx", "ry", "rz", "gripper"]
features = {
    "observation.images.front": {"dtype": "video", "shape": (96, 128, 3), "names": ["height", "width", "channels"]},
    "observation.state": {"dtype": "float32", "shape": (7,), "names": names},
    "action": {"dtype": "float32", "shape": (7,), "names": names},
}
dataset = LeRobotDataset.create("local/made", fps=10, root=sys.argv[1], robot_type="other_arm", features=features)
for episode in range(2):
    for k in range(20):
        image = np.full((96, 128, 3), 90, np.uint8)
        image[40:56, 8 + 5 * k : 24 + 5 * k] = (230, 40, 30)
        state = np.float32([0.4, 0.01 * k, 0.2, 3.14, 0, 0, 1 - k / 19])
        frame = {"observation.images.front": image, "observation.state": state, "action": state}
        dataset.add_frame({**frame, "task": "go"})
    dataset.save_episode()
getattr(dataset, "finalize", lambda: None)()
"""
READ = """
import sys
from lerobot.datasets.lerobot_dataset import LeRobotDataset
dataset = LeRobotDataset("local/read", root=sys.argv[1])
item = dataset[5]
shape = tuple(item["observation.images.front"].shape)
print(len(dataset), dataset.fps, shape, item["task"], item["planned_chunk"].shape[0])
"""


@pytest.fixture(scope="module")
def python() -> str:
    """An interpreter with LeRobot: ``LEROBOT_PYTHON``, or a new environment under build/."""
    given = os.environ.get("LEROBOT_PYTHON")
    if given:
        return given
    folder = ROOT / "build" / "lerobot"
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = str(folder / "bin" / "python")
    installed = subprocess.run([python, "-m", "pip", "install", "--quiet", PACKAGE], capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f"{PACKAGE} cannot be installed here: {installed.stderr.strip().splitlines()[-1]}")
    return python


def run(python: str, program: str, folder: Path) -> str:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": ""}
    finished = subprocess.run(
        [python, "-c", program, str(folder)], capture_output=True, text=True, env=environment, cwd=folder.parent
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    return finished.stdout


def test_lerobots_dataset_is_read_and_ours_loads_in_lerobot(python, tmp_path):
    run(python, WRITE, tmp_path / "made")
    found = describe(tmp_path / "made")
    mapping = guess(found)
    assert (found.format, found.frames, len(found.episodes)) == ("lerobot", FRAMES * EPISODES, EPISODES)
    assert (state_dim(found, mapping), action_dim(found), found.robot) == (7, 7, "other_arm")
    assert str(mapping.position) == "observation.state[0:3]"
    with EpisodeStream(
        tmp_path / "made", Selection([CameraMapping("front", fit="pad")], episode=1, size=128)
    ) as stream:
        columns = [float((p[..., 0].astype(int) - p[..., 1] > 60).any(0).argmax()) for (p,) in stream.pictures()]
    # every second frame is a key frame; between them LeRobot's encoder leaves traces of a sharp edge
    assert columns[::2] == pytest.approx([8 + 5 * k for k in range(0, FRAMES, 2)], abs=3)
    assert len(columns) == FRAMES
    download = _open_loop(tmp_path / "made", found, mapping, tmp_path)
    shutil.unpack_archive(download, tmp_path / "read")
    assert run(python, READ, tmp_path / "read" / "open_loop").split() == [
        str(FRAMES), "10", "(3,", "128,", "128)", "go", str(16 * 7),
    ]  # fmt: skip


def _open_loop(path: Path, found, mapping, folder: Path) -> Path:
    with Recording(path, found, mapping) as recording:
        clip = Clip(folder / "clip", recording)
        clip.load(recording)
    answers = Answers(
        clip, Retouch(), lambda os: [plan(o) for o in os], lambda os: [imagine(o)[0] for o in os], folder / "futures"
    )
    answers.run(10, lambda: None)
    return export("dataset", answers, policy_spec("wam"), folder / "download", "go")
