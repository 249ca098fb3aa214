"""A recording grows by whole episodes, whatever happens to who records."""

from itertools import count
from pathlib import Path

import numpy as np
import pytest

from wam_demo.data import recording
from wam_demo.data.lerobot import Dataset
from wam_demo.data.recording import RUNNING, EpisodeNotes, Found, RecordingWriter
from wam_demo.data.schema import recording_features
from wam_demo.errors import DataError

FEATURES = recording_features({"front": (16, 24), "wrist": (16, 16)})


def frame(number: int, **changes) -> dict:
    shade = np.uint8(8 * number % 256)
    return {
        "observation.images.front": np.full((16, 24, 3), shade),
        "observation.images.wrist": np.full((16, 16, 3), 255 - shade),
        "observation.state": np.full(17, number, np.float32),
        "action": np.full(7, number / 100, np.float32),
        "camera_poses": np.zeros(26, np.float32),
        "commanded_action": np.full(7, number / 50, np.float32),
        "intervention": number % 2 == 1,
        "person_weight": 0.5,
        "next.success": False,
        "events": "",
        "task_name": "reach",
        **changes,
    }


def record(writer: RecordingWriter, length: int, instruction: str = "go", **notes) -> int:
    for number in range(length):
        writer.add_frame(frame(number), instruction)
    return writer.end_episode(EpisodeNotes(seed=7, task_name="reach", **notes))


def test_it_comes_back_as_it_was_recorded(tmp_path):
    with RecordingWriter(tmp_path / "r", FEATURES) as writer:
        record(writer, 5, success=True, success_by="judge", drivers="agra,person", interventions=2)
        record(writer, 3, "touch it")
    dataset = Dataset(tmp_path / "r")
    assert (dataset.num_episodes, dataset.num_frames, dataset.cameras) == (2, 8, ["front", "wrist"])
    assert dataset.instructions == ["go"] * 5 + ["touch it"] * 3
    numbers = [0, 1, 2, 3, 4, 0, 1, 2]
    np.testing.assert_array_equal(dataset.column("observation.state")[:, 3], numbers)
    np.testing.assert_array_equal(dataset.column("intervention"), [n % 2 == 1 for n in numbers])
    for camera, shades in (("front", [8 * n for n in numbers]), ("wrist", [255 - 8 * n for n in numbers])):
        means = [image.mean() for image in dataset.iter_images(camera)]
        np.testing.assert_allclose(means, shades, atol=3)
    assert [round(image.mean() / 8) for image in dataset.episode_images("front", 1)] == [0, 1, 2]
    first, second = dataset.episodes(["seed", "success", "success_by", "drivers", "interventions"]).to_pylist()
    assert first == {"seed": 7, "success": True, "success_by": "judge", "drivers": "agra,person", "interventions": 2}
    assert not second["success"]


def test_it_goes_on_where_it_was_left(tmp_path):
    with RecordingWriter(tmp_path, FEATURES) as writer:
        assert writer.found == Found()
        record(writer, 4)
    with RecordingWriter(tmp_path, FEATURES) as writer:
        assert str(writer.found) == "1 whole episode, 4 frames"
        assert record(writer, 6, "another") == 1
    dataset = Dataset(tmp_path)
    assert dataset.episode_bounds.tolist() == [[0, 4], [4, 10]]
    np.testing.assert_array_equal(dataset.column("index"), np.arange(10))
    states = dataset.column("observation.state")
    np.testing.assert_allclose(dataset.stats["observation.state"]["mean"], states.mean(0), atol=1e-6)


def test_the_verdict_of_a_person_stands_in_the_last_frame(tmp_path):
    with RecordingWriter(tmp_path, FEATURES) as writer:
        record(writer, 3, success=True, success_by="person")
        writer.add_frame(frame(0, **{"next.success": True}), "go")
        writer.end_episode(EpisodeNotes(success=False, success_by="person"))
    assert Dataset(tmp_path).column("next.success").tolist() == [False, False, True, False]


class Killed(BaseException):
    """Stands for the death of the process: nothing is cleaned up after it."""


@pytest.mark.parametrize("survived", range(10))
def test_a_death_at_any_write_costs_the_running_episode_at_most(tmp_path, monkeypatch, survived):
    """Every rename of the end of an episode may be the last thing that happens."""
    replace, done = recording.os.replace, count()

    def dying(source, target) -> None:
        if next(done) == survived:
            raise Killed
        replace(source, target)

    def live_and_die() -> int:
        writer = RecordingWriter(tmp_path, FEATURES)
        record(writer, 4)
        monkeypatch.setattr(recording.os, "replace", dying)
        try:
            record(writer, 3)
        except Killed:
            return 1
        finally:
            monkeypatch.undo()
        return 2

    whole = live_and_die()
    dataset = Dataset(tmp_path)
    assert dataset.num_episodes == whole
    assert len(list(dataset.iter_images("wrist"))) == dataset.num_frames
    with RecordingWriter(tmp_path, FEATURES) as after:
        assert (after.found.episodes, after.found.lost is None) == (whole, whole == 2)
        assert not (tmp_path / RUNNING).exists()
        record(after, 2)
    assert Dataset(tmp_path).num_episodes == whole + 1
    data = list((tmp_path / "data").rglob("*.parquet"))
    assert len(data) == len(list((tmp_path / "meta/episodes").rglob("*.parquet"))) == whole + 1


def test_what_is_no_recording_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="not empty"):
        RecordingWriter(tmp_path, FEATURES)
    assert (tmp_path / "mine.txt").read_text() == "keep"
    with pytest.raises(DataError, match="is a file"):
        RecordingWriter(tmp_path / "mine.txt", FEATURES)


def test_another_recorder_or_other_cameras_are_refused(tmp_path):
    with RecordingWriter(tmp_path, FEATURES) as writer:
        record(writer, 2)
        with pytest.raises(DataError, match="somebody else"):
            RecordingWriter(tmp_path, FEATURES)
    with pytest.raises(DataError, match="other features"):
        RecordingWriter(tmp_path, recording_features({"front": (16, 24)}))
    RecordingWriter(tmp_path, FEATURES).close()


def test_a_damaged_video_is_named_with_its_episode(tmp_path):
    with RecordingWriter(tmp_path, FEATURES) as writer:
        record(writer, 3)
        record(writer, 3)
    video: Path = Dataset(tmp_path).video_files[1]
    video.write_bytes(video.read_bytes()[:400])
    with pytest.raises(DataError, match="episode 1"):
        list(Dataset(tmp_path).iter_images("front"))
