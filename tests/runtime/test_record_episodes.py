"""Recording without a page, over the drawn world: the policy, a scripted person, and both again the same."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes import brain
from tests.fakes.world import FakeWorld
from wam_demo.data.lerobot import Dataset
from wam_demo.errors import DataError
from wam_demo.policies.receding import InlinePlanner
from wam_demo.policies.scripted import HoldPolicy
from wam_demo.runtime.record_episodes import RecordedEpisode, Scene, record_episodes
from wam_demo.runtime.recorder import Recorder, require_space
from wam_demo.types import CameraPose, Event


@pytest.fixture
def world():
    opened = FakeWorld()
    yield opened
    opened.close()


def steer(observation, seed):
    return brain.at_once(observation)


def hold(observation, seed):
    return InlinePlanner(HoldPolicy()).submit(observation, seed)


SCENES = (Scene(1_000_000),)


def run(world, root, submit=steer, scenes=SCENES, horizon=120, **more) -> list[RecordedEpisode]:
    done: list[RecordedEpisode] = []
    options = {"task": "reach", "horizon": horizon, "policy": "steer", "source_name": "simulator", **more}
    with closing(Recorder(root, world.reset(0))) as recorder:
        record_episodes(world, submit, recorder, scenes, done=done.append, **options)
    return done


def towards_the_dot(world):
    way = np.append(world.objects["red_dot"] - world.tcp[:2], 0.1 - world.tcp[2])
    return np.append(np.clip(way, -0.02, 0.02), [0, 0, 0, 1]).astype(np.float32)


def test_a_policy_alone_is_recorded_with_its_disturbances(world, tmp_path):
    scenes = [Scene(1_000_000), Scene(1_000_001, [Event(0, "light", {"severity": 3})])]
    done = run(world, tmp_path, scenes=scenes)
    assert [(episode.success, episode.interventions) for episode in done] == [(True, 0)] * 2
    rows = Dataset(tmp_path).episodes(["seed", "drivers", "success_by", "length"]).to_pylist()
    assert [(row["seed"], row["drivers"], row["success_by"]) for row in rows] == [
        (1_000_000, "steer", "judge"), (1_000_001, "steer", "judge"),
    ]  # fmt: skip
    assert '"light"' in Dataset(tmp_path).column("events")[rows[0]["length"]]


def test_where_the_cameras_are_is_recorded(world, tmp_path, monkeypatch):
    wrist = CameraPose(np.arange(3.0), np.eye(3), 0.5)
    seen = world.observe
    monkeypatch.setattr(world, "observe", lambda: replace(seen(), cameras={"wrist": wrist}))
    run(world, tmp_path)
    front, recorded = np.split(Dataset(tmp_path).column("camera_poses")[0], 2)
    assert not front.any(), "nobody calibrated it"
    assert recorded.tolist() == [0, 1, 2, *np.eye(3).ravel(), 0.5]


def test_a_scripted_person_helps_a_policy_that_gets_nowhere_and_gives_the_arm_back(world, tmp_path, monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", 60)
    (episode,) = run(world, tmp_path, hold, intervene=lambda: towards_the_dot(world), policy="hold")
    assert episode.success
    assert episode.interventions >= 1
    flags = Dataset(tmp_path).column("intervention")
    assert 0 < flags.sum() < len(flags)
    actions, commanded = (Dataset(tmp_path).column(name) for name in ("action", "commanded_action"))
    np.testing.assert_allclose(actions, commanded, atol=1e-6)
    assert not actions[~flags][:, :6].any()
    assert actions[flags][:, :3].any()


def test_the_same_scenes_give_the_same_recording(world, tmp_path):
    for name in ("a", "b"):
        run(world, tmp_path / name)
    first, second = (Dataset(tmp_path / name) for name in ("a", "b"))
    np.testing.assert_array_equal(first.column("action"), second.column("action"))
    for one, other in zip(first.iter_images("front"), second.iter_images("front"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_episode_runs_out_of_time(world, tmp_path):
    (episode,) = run(world, tmp_path, hold, horizon=6)
    assert (episode.outcome, episode.success, episode.frames) == ("timeout", False, 6)


def test_a_source_that_comes_to_its_end_is_judged_by_nobody(world, tmp_path):
    (episode,) = run(world, tmp_path, hold, finished=lambda: world.step_count >= 4)
    assert (episode.outcome, episode.frames) == ("stopped", 4)


def test_actions_that_nobody_knows_are_refused_and_the_episode_is_dropped(world, tmp_path, monkeypatch):
    monkeypatch.setattr(world, "finish", lambda: np.full(7, np.nan, np.float32))
    with pytest.raises(DataError, match="does not know what was done"):
        run(world, tmp_path)
    assert not (tmp_path / "meta" / "info.json").exists()


def test_a_source_without_cameras_and_a_full_disk_are_refused(world, tmp_path, monkeypatch):
    with pytest.raises(DataError, match="no camera"):
        Recorder(tmp_path, replace(world.reset(0), images={}))
    monkeypatch.setattr("wam_demo.runtime.recorder.free_bytes", lambda root: 10**6)
    with pytest.raises(DataError, match="nearly full"):
        require_space(tmp_path / "not" / "there")
