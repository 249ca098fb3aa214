"""``kill -9`` at random moments of a recording: at most the running episode is lost, and the set stays loadable."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.data.test_recording import FEATURES
from wam_demo.data.lerobot import Dataset
from wam_demo.data.recording import RecordingWriter
from wam_demo.data.schema import INFO_PATH

SCRIPT = """
import sys
from pathlib import Path
from tests.data.test_recording import FEATURES, record
from wam_demo.data.recording import RecordingWriter
with RecordingWriter(Path(sys.argv[1]), FEATURES) as writer:
    print("open", flush=True)
    for number in range(10_000):
        print("whole", record(writer, 4 + number % 9), flush=True)
"""


def recorded_until_killed(root: Path, seconds: float) -> int:
    """Episodes that the recorder said were whole before it died."""
    child = subprocess.Popen([sys.executable, "-c", SCRIPT, str(root)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    said, _ = child.communicate()
    return 1 + max((int(line.split()[1]) for line in said.splitlines() if line.startswith("whole ")), default=-1)


def kill_again_and_again(root: Path, times: int) -> None:
    rng, before = random.Random(0), 0
    for _ in range(times):
        said = max(before, recorded_until_killed(root, rng.uniform(0.0, 0.4)))
        left = 0
        if (root / INFO_PATH).exists():  # else it died before the first episode was whole
            dataset = Dataset(root)
            left = dataset.num_episodes
            assert len(list(dataset.iter_images("front"))) == dataset.num_frames
        assert left in (said, said + 1)  # one may have become whole between its end and the word of it
        with RecordingWriter(root, FEATURES) as writer:
            assert writer.found.episodes == left
        before = left


def test_three_kills(tmp_path):
    kill_again_and_again(tmp_path / "r", 3)


@pytest.mark.slow
def test_twenty_kills(tmp_path):
    kill_again_and_again(tmp_path / "r", 20)
