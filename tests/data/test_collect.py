"""Demonstrations survive crashes, hangs and kills, and are the same however they were made."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from wam_demo.data import collect as module
from wam_demo.data import supervise
from wam_demo.data.collect import collect
from wam_demo.data.lerobot import Dataset
from wam_demo.data.plan import FIRST_SEED, CollectionPlan
from wam_demo.errors import DataError, InvalidInputError, SimulationFault
from wam_demo.types import Observation


@dataclass(frozen=True)
class Frame:
    observation: Observation
    action: np.ndarray
    expert_chunk: np.ndarray
    success: bool
    step: int


def episode(task: str, seed: int, *, noise: float, every: int) -> Iterator[Frame]:
    """Six steps whose numbers follow from the seed."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (128, 128, 3), np.uint8)
    for step in range(0, 6, every):
        state = np.full(17, step + noise, np.float32)
        seen = Observation({"front": image, "wrist": image}, state, f"do {task}", step / 10)
        chunk = rng.normal(size=(16, 7)).astype(np.float32)
        yield Frame(seen, chunk[0], chunk, step == 5 and seed % 4 != 0, step)


def steady(task: str):
    return partial(episode, task)


def refusing(task: str):
    raise InvalidInputError(f"unknown task {task!r}")


def _sometimes(folder: Path, fail, task: str, seed: int, **options) -> Iterator[Frame]:
    """Fails in the middle of one episode, the first time it is asked for."""
    for frame in episode(task, seed, **options):
        if seed % 10 == 7 and frame.step == 3 and not (folder / str(seed)).exists():
            (folder / str(seed)).touch()
            fail()
        yield frame


def crash():
    os._exit(139)


def hang():
    time.sleep(60)


def error():
    raise RuntimeError("renderer lost")


def diverge():
    raise SimulationFault("diverged")


def _open_sometimes(folder: Path, fail, task: str):
    return partial(_sometimes, folder, fail, task)


def always_failing(task: str):
    raise RuntimeError("no renderer")


@pytest.fixture
def shards_of_four(monkeypatch):
    monkeypatch.setattr(module, "CollectionPlan", partial(CollectionPlan, shard_episodes=4))


@pytest.mark.usefixtures("shards_of_four")
def test_episodes_arrive_in_order_with_their_notes(tmp_path):
    report = collect({"push": 2, "reach": 1}, 9, tmp_path, open_task=steady, every=2, noise=0.5)
    dataset = Dataset(tmp_path)
    assert (report.episodes, report.frames) == (9, 27)
    assert (dataset.num_episodes, dataset.fps) == (9, 5.0)
    rows = dataset.episodes(["seed", "task_name", "success"]).to_pylist()
    assert [row["seed"] for row in rows] == [FIRST_SEED + i for i in range(9)]
    assert sum(row["task_name"] == "push" for row in rows) == 6
    assert report.successes == 0  # step 5 is skipped
    assert dataset.column("observation.state")[:3, 0].tolist() == [0.5, 2.5, 4.5]
    assert set(dataset.instructions) == {"do push", "do reach"}
    assert sorted(os.listdir(tmp_path)) == ["data", "demonstrations.json", "meta"]


@pytest.mark.usefixtures("shards_of_four")
@pytest.mark.parametrize("fail", [crash, error, hang])
def test_a_worker_that_fails_is_replaced(tmp_path, monkeypatch, fail):
    monkeypatch.setattr(supervise, "SILENCE_S", 4.0 if fail is hang else 60.0)
    (tmp_path / "marks").mkdir()
    failing = partial(_open_sometimes, tmp_path / "marks", fail)
    report = collect(["push"], 10, tmp_path / "d", open_task=failing, processes=1)
    assert (report.episodes, report.frames, report.successes) == (10, 60, 7)
    seeds = Dataset(tmp_path / "d").episodes(["seed"])["seed"].to_pylist()
    assert seeds == [FIRST_SEED + i for i in range(10)]
    assert [path.name for path in (tmp_path / "marks").iterdir()] == [str(FIRST_SEED + 7)]


@pytest.mark.usefixtures("shards_of_four")
def test_a_kill_loses_only_the_shard_at_work(tmp_path, monkeypatch):
    (tmp_path / "marks").mkdir()
    failing = partial(_open_sometimes, tmp_path / "marks", error)
    monkeypatch.setattr(supervise, "ATTEMPTS", 1)
    with pytest.raises(DataError, match="renderer lost"):
        collect(["push"], 10, tmp_path / "d", open_task=failing, processes=1)
    kept = sorted((tmp_path / "d" / ".shards").glob("episodes-000000-*"))
    times = [path.stat().st_mtime_ns for path in kept]
    assert len(kept) == 1
    published = []
    publish = module._publish
    monkeypatch.setattr(
        module,
        "_publish",
        lambda shards, out: (
            published.extend(path.stat().st_mtime_ns for path in kept),
            publish(shards, out),
        ),
    )
    assert collect(["push"], 10, tmp_path / "d", open_task=failing).episodes == 10
    assert published == times, "the finished shard was written again"


def test_a_diverged_episode_is_left_out(tmp_path):
    (tmp_path / "marks").mkdir()
    failing = partial(_open_sometimes, tmp_path / "marks", diverge)
    report = collect(["push"], 9, tmp_path / "d", open_task=failing, processes=1)
    assert (report.episodes, report.frames) == (8, 48)


def test_asking_again_answers_from_the_dataset(tmp_path):
    first = collect(["push"], 2, tmp_path, open_task=steady, processes=1)
    again = collect(["push"], 2, tmp_path, open_task=always_failing)
    assert (again.episodes, again.frames) == (first.episodes, first.frames)
    with pytest.raises(DataError, match="another episodes"):
        collect(["push"], 3, tmp_path, open_task=steady)


def test_what_cannot_work_says_so_at_once(tmp_path):
    with pytest.raises(InvalidInputError, match="unknown task 'fly'"):
        collect(["fly"], 2, tmp_path / "a", open_task=refusing, processes=1)
    assert collect(["push"], 2, tmp_path / "a", open_task=steady, processes=1).episodes == 2
    with pytest.raises(DataError, match="failed 3 times: RuntimeError: no renderer"):
        collect(["push"], 2, tmp_path / "b", open_task=always_failing, processes=1)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "thesis.tex").touch()
    with pytest.raises(DataError, match="something else"):
        collect(["push"], 2, tmp_path / "c", open_task=steady)


@pytest.mark.parametrize(
    "values",
    [
        {"weights": {}},
        {"weights": {"push": 0.0}},
        {"weights": {"push": float("nan")}},
        {"episodes": 0},
        {"seed": -1},
        {"every": 0},
        {"noise": float("inf")},
    ],
)
def test_a_plan_refuses_what_makes_no_sense(values):
    with pytest.raises(InvalidInputError):
        CollectionPlan(**{"weights": {"push": 1.0}, "episodes": 1, **values})


def test_task_shares_hold_for_every_prefix():
    plan = CollectionPlan({"a": 1, "b": 2, "c": 1}, episodes=400)
    tasks = [plan.episode(number)[0] for number in range(400)]
    for length in (40, 100, 400):
        assert tasks[:length].count("b") == pytest.approx(length / 2, abs=3)
        assert tasks[:length].count("a") == pytest.approx(length / 4, abs=3)
