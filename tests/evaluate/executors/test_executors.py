"""Real episodes of a grid: replayed exactly, and the same on a Ray cluster."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import av
import numpy as np
import pytest

from tests.fakes import grid as fakes
from wam_demo.errors import DataError, UnknownNameError
from wam_demo.evaluate.executors.choice import open_executor
from wam_demo.evaluate.executors.executor import ExecutorConfig, estimate_s
from wam_demo.evaluate.executors.local import LocalExecutor
from wam_demo.evaluate.grid.journal import JOURNAL_NAME
from wam_demo.evaluate.grid.replays import Replays
from wam_demo.evaluate.grid.run import GridRun
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.policies.registry import load_policy
from wam_demo.types import ActionChunk, Policy, Prediction

SPEC = GridSpec(("expert", "hold"), axes=("none", "shove"), severities=(4,), episodes=2, linger=3).validated()
HERE = ExecutorConfig(batch=2, processes=0)


class Wanderer(Policy):
    """Moves at random, from the seeds it is given."""

    def predict(self, observations, seeds):
        draws = [np.random.default_rng(seed).uniform(-0.02, 0.02, (16, 7)) for seed in seeds]
        return [Prediction(ActionChunk(actions.astype(np.float32))) for actions in draws]


@pytest.fixture
def short(monkeypatch):
    """Episodes that end after twelve steps, so that timeouts are quick."""
    from wam_demo.evaluate.specs import grid

    monkeypatch.setattr(grid, "TASKS", {"pick_place": replace(grid.TASKS["pick_place"], horizon=12)})


def play(spec, config=HERE, load=lambda name, checkpoint: Wanderer(), executor=None):
    records = []
    executor = executor or LocalExecutor(spec, config, load)
    executor.play(spec.sweeps(config.batch), records.append, lambda: False)
    executor.close()
    return sorted(records, key=lambda record: record.key)


def test_the_same_grid_twice_and_in_other_batches_and_processes(short):
    first = play(SPEC)
    assert len(first) == SPEC.total
    assert {len(record.plan()) for record in first} == {12}
    assert play(SPEC) == first
    assert play(SPEC, ExecutorConfig(batch=3, processes=1)) == first


def test_episodes_replay_exactly_and_leave_a_video(short, tmp_path):
    replays = Replays(SPEC, tmp_path, processes=0)
    for record in play(SPEC)[::3]:
        path = replays.video(record)
        with av.open(str(path)) as video:
            frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
        assert len(frames) == record.steps + 1
        assert frames[0].shape == (256, 512, 3)
        changed = path.stat().st_mtime_ns
        assert replays.video(record).stat().st_mtime_ns == changed  # rendered once
    wrong = replace(record, success=not record.success, seed=record.seed + 1)
    with pytest.raises(DataError, match="does not replay"):
        replays.video(wrong)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".mp4"] * 3
    replays.close()


def test_the_final_state_of_a_replay_is_the_same_bit_for_bit(short):
    from wam_demo.evaluate.executors.runner import EpisodeRunner
    from wam_demo.evaluate.executors.simulators import Simulators

    record = play(SPEC)[-1]
    states = []
    for _ in range(2):
        runner = EpisodeRunner()
        with Simulators(1, 0, lambda runner=runner: runner) as simulators:
            simulators.begin({0: SPEC.scene(record.cell, record.seed)})
            simulators.play({0: record.plan()})
            states.append(runner.world.scene.data.qpos.copy())
    np.testing.assert_array_equal(*states)


def test_cancelling_drops_only_what_is_running(short, tmp_path):
    run = GridRun(SPEC, tmp_path, HERE, load=lambda name, checkpoint: Wanderer())
    run.subscribe(lambda record: run.cancel())
    run.start()
    assert run.wait(60)
    assert run.snapshot().state == "cancelled"
    assert 1 <= run.snapshot().done < SPEC.total
    run._listeners.clear()
    run.start()
    assert run.wait(120)
    assert run.snapshot().done == SPEC.total
    assert sorted(run.records(), key=lambda record: record.key) == play(SPEC)
    run.close()


def test_names_and_estimates():
    with pytest.raises(UnknownNameError, match="did you mean 'ray'"):
        open_executor("rai", SPEC, HERE)
    assert estimate_s(replace(SPEC, episodes=20)) == pytest.approx(10 * estimate_s(SPEC))


_WITHOUT_RAY = """
import sys
sys.modules["ray"] = None
from wam_demo.cli import main
sys.exit(main(["eval", "--policy", "hold", "--episodes", "1", "--engine", "ray", "--out", sys.argv[1]]))
"""


def test_without_ray_installed_one_line_says_what_to_install(tmp_path):
    command = [sys.executable, "-c", _WITHOUT_RAY, str(tmp_path)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert "pip install 'wam-demo[ray]'" in finished.stderr
    assert finished.stderr.count("\n") == 1


class SlowWorker:
    """Stands in for a Ray worker: the fake episodes of a part, after a moment in which it can be killed."""

    def __init__(self, spec, config):
        pass

    def play(self, sweep):
        time.sleep(1.0)
        return [fakes.played(sweep.policy, scene).to_line() for scene in sweep.scenes]


def kill_first_worker(executor, records):
    """A listener that kills a worker's process at the first episode."""
    import ray

    executor.prepare()
    pids = [ray.get(worker.__ray_call__.remote(lambda self: os.getpid())) for worker in executor._idle]
    assert len({os.getpid(), *pids}) == 1 + len(pids)

    def keep(record):
        if not records:
            os.kill(pids[0], signal.SIGKILL)
        records.append(record)

    return keep


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_ray_cluster_redoes_what_a_killed_worker_was_doing(monkeypatch):
    ray = pytest.importorskip("ray")
    from wam_demo.evaluate.executors import ray as ray_executor

    monkeypatch.setattr(ray_executor, "_Worker", SlowWorker)
    config = ExecutorConfig(batch=20, processes=2)
    executor, records = open_executor("ray", fakes.SPEC, config), []
    keep = kill_first_worker(executor, records)
    executor.play(fakes.SPEC.sweeps(config.batch), keep, lambda: False)
    executor.close()
    assert not ray.is_initialized()
    straight = []
    fakes.FakeExecutor().play(fakes.SPEC.sweeps(8), straight.append, lambda: False)
    assert sorted(records, key=lambda record: record.key) == sorted(straight, key=lambda record: record.key)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_ray_cluster_plays_the_same_episodes():
    """Two workers in processes of their own; one is killed on the way."""
    pytest.importorskip("ray")
    spec = replace(SPEC, policies=("expert", "hold", "agra"), episodes=2)
    here = play(spec, HERE, load=load_policy)
    config = ExecutorConfig(batch=2, processes=2)
    executor, there = open_executor("ray", spec, config), []
    keep = kill_first_worker(executor, there)
    executor.play(spec.sweeps(config.batch), keep, lambda: False)
    executor.close()
    assert sorted(there, key=lambda record: record.key) == here


def evaluate(out, *more):
    command = ["eval", "--policy", "agra", "--task", "reach", "--axis", "none,light", "--episodes", "5", "--batch", "3"]
    return subprocess.Popen([sys.executable, "-m", "wam_demo", *command, "--out", str(out), *more])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kill_9_in_the_middle_and_resume_give_the_same_episodes(tmp_path):
    killed, straight = tmp_path / "killed", tmp_path / "straight"
    journal = killed / JOURNAL_NAME
    process = evaluate(killed)
    while not journal.is_file() or journal.read_bytes().count(b"\n") < 4:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    before = journal.read_bytes()
    assert evaluate(killed, "--resume").wait() == 0
    assert journal.read_bytes().startswith(before[: before.rindex(b"\n")])
    assert evaluate(straight).wait() == 0
    lines = [sorted((folder / JOURNAL_NAME).read_bytes().splitlines()) for folder in (killed, straight)]
    assert lines[0] == lines[1]
    assert len(lines[0]) >= 10
