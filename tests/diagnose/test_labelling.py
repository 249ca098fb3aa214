"""Labels along a clip: where they are made, what they become, and how far they are from what was recorded."""

from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.fakes import recordings
from tests.fakes.labeller import LOST, label
from wam_demo.data.lerobot import Dataset
from wam_demo.data.uploads.guess import guess
from wam_demo.data.uploads.process import describe
from wam_demo.data.writer import LeRobotWriter
from wam_demo.diagnose.labelled import LABELLED_FEATURES, add_episode, shown_points, table_rows, write_film, write_table
from wam_demo.diagnose.labelling import ClipLabels, LabelErrors, footage_of, label_starts
from wam_demo.errors import InvalidInputError
from wam_demo.robots.arm.calibration import Mount
from wam_demo.robots.clip import Clip
from wam_demo.robots.recording import Recording
from wam_demo.types import CameraPose

STEPS = recordings.FRAMES


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """The same episode with cameras where the usual ones are, and where nobody knows."""
    folder = tmp_path_factory.mktemp("clips")
    path = recordings.robomimic(folder / "mine.hdf5")
    found = describe(path)
    guessed = replace(guess(found), align=False, fps=10.0, instruction="go")
    opened = {}
    for calibration in ("usual", "none"):
        with Recording(path, found, replace(guessed, calibration=calibration)) as recording:
            opened[calibration] = Clip(folder / calibration, recording)
            opened[calibration].load(recording)
    return opened


@pytest.fixture
def clip(clips):
    return clips["usual"]


def made(clip, every=4, **more):
    labels = ClipLabels(clip, partial(label, **more), every)
    labels.run()
    return labels


def test_a_clip_is_labelled_while_there_is_a_future_and_to_its_end():
    assert label_starts(24, 4) == [0, 4, 7]
    assert label_starts(17, 4) == [0]
    assert label_starts(25, 4) == [0, 4, 8]
    with pytest.raises(InvalidInputError, match=r"lasts 1\.5 s: a label needs 1\.6 s"):
        label_starts(16, 4)


def test_footage_is_the_moment_and_the_pictures_that_came(clip):
    footage = footage_of(clip, 3)
    assert footage.came["front"].shape == (4, 128, 128, 3)
    for index, ahead in enumerate((4, 8, 12, 16)):
        assert np.array_equal(footage.came["front"][index], clip.moment(3 + ahead).observation.images["front"])
    assert footage.observation.time == pytest.approx(0.3)


def test_true_labels_give_the_recorded_actions_back(clip):
    labels = made(clip)
    actions = labels.actions()
    assert np.isnan(actions[-1]).all()
    np.testing.assert_allclose(actions[:-1, :3], clip.actions[:-1, :3], atol=1e-4)
    np.testing.assert_allclose(actions[:-1, 3:6], 0, atol=1e-4)
    assert ((actions[:-1, 6] > 0.5) == (clip.actions[:-1, 6] > 0.5)).all()
    found = labels.errors().document()
    assert found["labels"] == 3
    assert found["label_cm"] == pytest.approx({"4": 0, "8": 0, "16": 0}, abs=1e-3)
    assert (found["undecoded"], found["gripper_agreement"]) == (0, 1)
    assert found["seen"] == {"front": 1, "wrist": 0}


def test_errors_are_those_of_the_label(clip):
    def off(footage):
        true = label(footage)
        ahead = np.arange(1, 17)[:, None]
        return replace(true, position=true.position + 0.001 * ahead * [0, 0, 1], opening=1 - true.opening)

    labels = ClipLabels(clip, off)
    labels.run()
    found = labels.errors().document()
    assert found["label_cm"] == pytest.approx({"4": 0.4, "8": 0.8, "16": 1.6}, abs=1e-3)
    assert found["gripper_agreement"] == 0


def test_what_could_not_be_read_off_is_a_gap(clip):
    labels = made(clip, every=8, lossy=True)
    actions = labels.actions()
    unknown = np.isnan(actions[:, 0])
    assert np.flatnonzero(unknown).tolist() == [4, 5, 11, 12, 23]  # to the lost pose, and from it
    assert np.isfinite(actions[:-1, 6]).all()
    assert labels.errors().document()["undecoded"] == pytest.approx(1 / 16)
    (first, path), (second, _) = labels.paths()
    assert (first, second) == (0, 7)
    assert len(path) == LOST  # the start, and the steps before
    np.testing.assert_allclose(path[:, 1], 0.01 * np.arange(LOST), atol=1e-4)


def test_without_calibration_only_pictures_and_gripper_are_compared(clips):
    found = made(clips["none"]).errors().document()
    assert (found["calibrated"], found["label_cm"], found["undecoded"]) == (False, None, None)
    assert found["gripper_agreement"] == 1
    assert not any("x_m" in row for row in table_rows(made(clips["none"]), 0))


def test_errors_of_clips_join(clip):
    first, second = LabelErrors(True), made(clip).errors()
    first.add(label(footage_of(clip, 0)), clip.states[0], clip.actions[:16])
    joined = first.joined(second)
    assert joined.document()["labels"] == 4
    assert len(joined.apart_m[16]) == 4


def test_the_newest_label_is_shown_until_it_ends(clip):
    labels = made(clip, every=16)
    assert labels.newest(3)[0] == 0
    assert labels.newest(7)[0] == 7
    assert labels.newest(23) is None
    at_once, later = shown_points(labels, 0), shown_points(labels, 3)
    assert set(at_once) == {"front", "wrist"}
    assert list(later) == ["front"]  # the wrist camera has moved since
    assert np.array_equal(later["front"], at_once["front"][3:])


def test_a_calibration_says_where_the_cameras_stand(clips, tmp_path):
    clip = Clip.__new__(Clip)
    clip.__dict__.update(clips["none"].__dict__)
    assert not clip.calibrated
    pose = CameraPose(np.float32([0, 0, 0.1]), np.eye(3, dtype=np.float32), 0.5)
    clip.calibrate({"front": Mount(pose, False, 0.1, 480), "wrist": Mount(pose, True, 0.1, 480)})
    assert clip.calibrated
    cameras = clip.moment(2).observation.cameras
    np.testing.assert_allclose(cameras["front"].position, pose.position)
    hand = clip.states[2]
    down = np.cross(hand[3:6], hand[6:9])
    np.testing.assert_allclose(cameras["wrist"].position, hand[:3] + 0.1 * down, atol=1e-6)


def test_what_is_written_can_be_read(clip, tmp_path):
    labels = made(clip, lossy=True)
    write_table(list(table_rows(labels, 7)), tmp_path / "labels.parquet")
    table = pq.read_table(tmp_path / "labels.parquet")
    assert table.num_rows == 3 * 16
    rows = table.to_pylist()
    assert rows[LOST - 1]["x_m"] is None
    assert (rows[0]["episode"], rows[0]["step"], rows[0]["ahead"]) == (7, 0, 1)
    assert rows[0]["y_m"] == pytest.approx(float(clip.states[0, 1]) + 0.01, abs=1e-5)
    assert (rows[0]["front_tool_u"], rows[0]["wrist_tool_u"]) == (pytest.approx(0.24), None)
    with LeRobotWriter(tmp_path / "set", LABELLED_FEATURES) as writer:
        add_episode(writer, labels, "go")
    dataset = Dataset(tmp_path / "set")
    assert dataset.num_frames == STEPS - 1
    known, actions = dataset.column("action_known"), dataset.column("action")
    assert np.isfinite(actions).all()
    assert known[10].tolist() == [1] * 7
    assert known[11].tolist() == known[12].tolist() == [0, 0, 0, 0, 0, 0, 1]  # the last label, from 7 on
    assert (actions[11, :6] == 0).all()
    write_film(labels, tmp_path / "labels.mp4")
    found = describe(tmp_path / "labels.mp4")
    assert (found.frames, found.cameras[0].width, found.cameras[0].height) == (STEPS, 512, 256)
