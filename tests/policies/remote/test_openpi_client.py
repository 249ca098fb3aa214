"""openpi's own client, from the package index and in its own environment, drives the shipped policy."""

import os
import struct
import subprocess
import sys
import threading
import time
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest

from wam_demo.config import CHECKPOINTS, ROOT
from wam_demo.evaluate.executors.executor import ExecutorConfig
from wam_demo.evaluate.executors.local import play_grid
from wam_demo.evaluate.executors.play import noise_seed
from wam_demo.evaluate.executors.runner import EpisodeRunner
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.scene import SceneSpec
from wam_demo.policies.checks import predict
from wam_demo.policies.receding import EXECUTE_STEPS
from wam_demo.policies.remote.client import RemoteConfig, RemotePolicy
from wam_demo.sim import TASKS
from wam_demo.wire import decode, encode

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHECKPOINTS / "agra" / "model.safetensors").is_file(), reason="needs the shipped weights"),
]

TASK, SEEDS, TOKEN = "pick_place", (500_000, 500_001), "test-token"
ROBOT = Path(__file__).parents[2] / "fakes" / "openpi_robot.py"


@pytest.fixture(scope="module")
def openpi_python(tmp_path_factory):
    """Interpreter of an environment with openpi-client; ``OPENPI_CLIENT_PYTHON`` names one that is there already."""
    if given := os.environ.get("OPENPI_CLIENT_PYTHON"):
        return given
    folder = tmp_path_factory.mktemp("openpi")
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    installed = subprocess.run([python, "-m", "pip", "install", "-q", "openpi-client==0.1.2", "typing-extensions"])
    if installed.returncode:
        pytest.skip("openpi-client cannot be installed here")
    return python


@dataclass(frozen=True)
class Served:
    port: int
    process: psutil.Process


@pytest.fixture(scope="module")
def served():
    """A ``serve`` process with the shipped policy."""
    command = [sys.executable, "-m", "wam_demo", "serve", "--policy", "agra", "--port", "0"]
    environment = {**os.environ, "WAM_DEMO_TOKEN": TOKEN, "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    assert "ws://127.0.0.1:" in line
    yield Served(int(line.split("ws://127.0.0.1:")[1].split(",")[0]), psutil.Process(process.pid))
    process.terminate()
    process.wait(timeout=10)


class Robot:
    """The program with openpi's client, in its own process."""

    def __init__(self, python, port):
        command = [python, str(ROBOT), str(port), TOKEN]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.metadata = self._receive()

    def ask(self, message):
        data = encode(message)
        self._process.stdin.write(struct.pack(">I", len(data)) + data)
        self._process.stdin.flush()
        return self._receive()

    def _receive(self):
        (size,) = struct.unpack(">I", self._process.stdout.read(4))
        return decode(self._process.stdout.read(size))

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=10)


@pytest.fixture
def robot(openpi_python, served):
    opened = Robot(openpi_python, served.port)
    yield opened
    opened.close()


def as_sent(observation, seed):
    return {
        "observation/image": observation.images["front"],
        "observation/wrist_image": observation.images["wrist"],
        "observation/state": observation.state,
        "prompt": observation.instruction,
        "seed": seed,
    }


def play(runner, seed, plan):
    """One episode; ``plan`` maps an observation and a noise seed to (16, 7) actions."""
    report = runner.begin(SceneSpec(TASK, seed, horizon=TASKS[TASK].horizon))
    while not report.done:
        report = runner.play(plan(report.observation, noise_seed(seed, report.steps))[:EXECUTE_STEPS])
    return report.success, report.steps


def test_whole_episodes_end_as_in_process_on_the_same_seeds(robot):
    assert robot.metadata["policy"] == "agra"
    spec = GridSpec(("agra",), (TASK,), episodes=len(SEEDS), linger=0).validated()
    assert tuple(spec.seeds()) == SEEDS
    expected = play_grid(spec, ExecutorConfig(batch=1, processes=0))
    runner = EpisodeRunner()
    results = [play(runner, seed, lambda o, s: robot.ask(as_sent(o, s))["actions"]) for seed in SEEDS]
    runner.close()
    assert results == [(episode.success, episode.steps) for episode in expected]


def test_openpi_reports_an_error_as_one_line_and_goes_on(robot):
    from tests.fakes.robots import message

    answer = robot.ask(message(observation__state=np.full(17, np.nan, np.float32)))
    assert answer["error"].endswith("InvalidInputError: 'observation/state' holds values that are not finite")
    assert robot.ask(message())["actions"].shape == (16, 7)


def test_the_wire_adds_little_to_a_policy_call(robot):
    from tests.fakes.robots import message

    answers = [robot.ask(message(seed=k)) for k in range(60)][10:]
    added = np.array([a["round_trip_ms"] - a["infer_ms"] for a in answers])
    trips = [a["round_trip_ms"] for a in answers]
    print(f"\nround trip p50 {np.median(trips):.1f} ms, added {np.median(added):.1f} ms")
    assert np.median(added) <= 10


def test_eight_robots_are_answered_at_least_twice_as_often_as_one(served):
    rate(served, 1, seconds=2.0)  # whatever is slow the first time
    alone, alone_ms = rate(served, 1)
    together, together_ms = rate(served, 8)
    print(f"\none client {alone:.1f} plans/s, eight {together:.1f} plans/s: {together / alone:.2f} times; "
          f"server CPU {alone_ms:.0f} and {together_ms:.0f} ms a plan")  # fmt: skip
    assert together >= 2 * alone


def rate(served, clients, seconds=10.0):
    """Plans a second that ``clients`` get together, each asking again as soon as it is answered, and the
    server's CPU time for each [ms]."""
    from tests.fakes.robots import seen

    counts, until = [0] * clients, time.monotonic() + seconds

    def drive(index):
        policy = RemotePolicy(RemoteConfig(f"ws://127.0.0.1:{served.port}", TOKEN))
        while time.monotonic() < until:
            predict(policy, [seen()], [index])
            counts[index] += 1
        policy.close()

    before = sum(served.process.cpu_times()[:2])
    threads = [threading.Thread(target=drive, args=[index]) for index in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    busy = sum(served.process.cpu_times()[:2]) - before
    return sum(counts) / seconds, 1e3 * busy / sum(counts)
