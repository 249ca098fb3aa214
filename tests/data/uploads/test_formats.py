"""Every format, in a file made by its own library: what is found, and what comes out of it."""

import base64
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.fakes import recordings as made
from wam_demo.data.uploads.contracts import CameraMapping
from wam_demo.data.uploads.guess import action_dim, guess, state_dim
from wam_demo.data.uploads.log import LogReader
from wam_demo.data.uploads.process import EpisodeStream, Selection, describe
from wam_demo.errors import InvalidInputError

FRAMES, EPISODES = made.FRAMES, made.EPISODES


def _bag2_file(folder: Path) -> Path:
    return next(made.rosbag2(folder / "bag").glob("*.db3"))


def _mcap_file(folder: Path) -> Path:
    return next(made.rosbag2(folder / "bag", "mcap").glob("*.mcap"))


# file, format, cameras, fps, frames, state_dim, action_dim, episodes
CASES = {
    "h264": (lambda d: made.video(d / "a.mp4"), "mp4", ["video"], 10, FRAMES, 0, 0, 1),
    "h265": (lambda d: made.video(d / "a.mp4", "libx265", options={"x265-params": "log-level=none"}),
             "mp4", ["video"], 10, FRAMES, 0, 0, 1),
    "av1": (lambda d: made.video(d / "a.mp4", "libsvtav1"), "mp4", ["video"], 10, FRAMES, 0, 0, 1),
    "vp9": (lambda d: made.video(d / "a.webm", "libvpx-vp9"), "webm", ["video"], 10, FRAMES, 0, 0, 1),
    "gif": (lambda d: made.gif(d / "a.gif"), "gif", ["gif"], 10, FRAMES, 0, 0, 1),
    "images": (lambda d: made.image_folder(d / "i"), "images", ["front", "wrist"], 10, FRAMES, 0, 0, 1),
    "images_zip": (lambda d: made.zipped(made.image_folder(d / "i"), d / "i.zip"),
                   "images", ["front", "wrist"], 10, FRAMES, 0, 0, 1),
    "robomimic": (lambda d: made.robomimic(d / "a.hdf5"), "hdf5",
                  ["obs/agentview_image", "obs/robot0_eye_in_hand_image"], 20, FRAMES * EPISODES, 16, 7, EPISODES),
    "libero": (lambda d: made.libero(d / "a.hdf5"), "hdf5",
               ["obs/agentview_rgb", "obs/eye_in_hand_rgb"], 20, FRAMES * EPISODES, 15, 7, EPISODES),
    "aloha": (lambda d: made.aloha(d / "a.hdf5"), "hdf5",
              ["observations/images/cam_high", "observations/images/cam_left_wrist"], 50, FRAMES, 14, 14, 1),
    "aloha_plain": (lambda d: made.aloha(d / "a.hdf5", compressed=False), "hdf5",
                    ["observations/images/cam_high", "observations/images/cam_left_wrist"], 50, FRAMES, 14, 14, 1),
    "zarr_2": (lambda d: made.diffusion_policy(d / "a.zarr"), "zarr", ["img"], 10, FRAMES * EPISODES, 5, 2, EPISODES),
    "zarr_3_zip": (lambda d: made.diffusion_policy(d / "a.zarr.zip", 3), "zarr", ["img"], 10, FRAMES * EPISODES, 5, 2,
                   EPISODES),
    "umi": (lambda d: made.umi(d / "a.zarr.zip"), "zarr", ["camera0_rgb"], 60, FRAMES * EPISODES, 7, 0, EPISODES),
    "lerobot_3": (lambda d: made.lerobot_v3(d / "a"), "lerobot", ["front", "wrist"], 10, FRAMES * EPISODES, 8, 7,
                  EPISODES),
    "lerobot_3_zip": (lambda d: made.zipped(made.lerobot_v3(d / "a"), d / "a.zip", "mine/"), "lerobot",
                      ["front", "wrist"], 10, FRAMES * EPISODES, 8, 7, EPISODES),
    "lerobot_21": (lambda d: made.lerobot_v21(d / "a"), "lerobot", ["top"], 10, FRAMES * EPISODES, 6, 6, EPISODES),
    "lerobot_21_zip": (lambda d: made.zipped(made.lerobot_v21(d / "a"), d / "a.zip"), "lerobot", ["top"], 10,
                       FRAMES * EPISODES, 6, 6, EPISODES),
    "rosbag_1": (lambda d: made.rosbag1(d / "a.bag"), "rosbag1",
                 ["/camera/front/image_raw", "/camera/wrist/compressed"], 10, FRAMES, 15, 0, 1),
    "rosbag_2": (lambda d: made.rosbag2(d / "a"), "rosbag2",
                 ["/camera/front/image_raw", "/camera/wrist/compressed"], 10, FRAMES, 15, 0, 1),
    "rosbag_2_file": (_bag2_file, "rosbag2",
                      ["/camera/front/image_raw", "/camera/wrist/compressed"], 10, FRAMES, 15, 0, 1),
    "mcap_ros2": (_mcap_file, "mcap", ["/camera/front/image_raw", "/camera/wrist/compressed"], 10, FRAMES, 15, 0, 1),
    "mcap_json": (lambda d: made.mcap_json(d / "a.mcap"), "mcap", ["/front"], 10, FRAMES, 7, 0, 1),
}  # fmt: skip
KNOWS_THE_TOOL = {
    name for name in CASES if name.startswith(("robomimic", "libero", "umi", "lerobot_3", "rosbag", "mcap"))
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_found_whatever_its_name_and_read_to_the_end(name, tmp_path):
    make, kind, cameras, fps, frames, state, action, episodes = CASES[name]
    path = make(tmp_path)
    if path.is_file():
        path = path.rename(path.with_name("recording.dat"))
    found = describe(path)
    mapping = guess(found)
    assert found.format == kind
    assert [camera.name for camera in found.cameras] == cameras
    assert (found.fps, found.frames, len(found.episodes)) == (pytest.approx(fps), frames, episodes)
    assert (state_dim(found, mapping), action_dim(found)) == (state, action)
    assert (mapping.position is not None) == (name in KNOWS_THE_TOOL)
    mapping.validated(found)
    _check_pictures(path, mapping.front, mapping.front_turn, len(found.episodes) - 1, found.fps)


def _check_pictures(path: Path, camera: str, turn: str, episode: int, fps: float) -> None:
    """The dot moves to the right from picture to picture, and is red: nothing is mirrored, swapped or repeated."""
    with EpisodeStream(
        path, Selection([CameraMapping(camera, turn, "pad")], episode=episode, size=64, speed=10 / fps)
    ) as stream:
        dots = [_dot(pictures[0]) for pictures in stream.pictures()]
    assert len(dots) == stream.steps == FRAMES
    assert all(later[1] > earlier[1] for earlier, later in pairwise(dots))
    assert abs(dots[0][0] - 32) < 3


def _dot(image) -> tuple[float, float]:
    """Row and column of what is red."""
    red = image[..., 0].astype(int) - image[..., 1] > 60
    assert red.any()
    return tuple(np.argwhere(red).mean(0))


def test_a_part_of_an_episode(tmp_path):
    path = made.video(tmp_path / "a.mp4")
    with EpisodeStream(path, Selection([CameraMapping("video")], start=1.0, stop=1.5, size=64)) as stream:
        parts = [_dot(pictures[0])[1] for pictures in stream.pictures()]
    with EpisodeStream(path, Selection([CameraMapping("video")], size=64)) as stream:
        whole = [_dot(pictures[0])[1] for pictures in stream.pictures()]
    assert parts == whole[10:16]


def test_turns_and_fits(tmp_path):
    path = made.video(tmp_path / "a.mp4")
    middle = {}
    for turn in ("none", "half", "flip", "left"):
        with EpisodeStream(path, Selection([CameraMapping("video", turn, "pad")], size=64, stop=0.0)) as stream:
            middle[turn] = _dot(next(stream.pictures())[0])
    assert middle["none"][1] < 20
    assert middle["half"][1] > 44
    assert middle["flip"][1] < 20
    assert middle["left"][0] > 44


def test_values_that_are_not_finite_are_held(tmp_path):
    import h5py

    path = made.aloha(tmp_path / "a.hdf5")
    with h5py.File(path, "r+") as file:
        file["observations/qpos"][3:5] = np.nan
    name = "observations/qpos"
    with EpisodeStream(path, Selection([CameraMapping("observations/images/cam_high")], [name])) as stream:
        assert np.isfinite(stream.values[name]).all()
        assert stream.values[name][4, 6] == stream.values[name][2, 6]


def test_what_is_odd_and_read_all_the_same_is_noted(tmp_path):
    import h5py

    path = made.aloha(tmp_path / "a.hdf5")
    with h5py.File(path, "r+") as file:
        del file["observations/qvel"]
        file["observations/qvel"] = np.zeros((FRAMES + 3, 14))
    assert describe(path).notes == (f"observations/qvel has {FRAMES + 3} rows for {FRAMES} frames",)
    folder = made.image_folder(tmp_path / "i")
    (folder / "wrist" / "frame_0.png").unlink()
    assert describe(folder).notes == (f"front has {FRAMES} rows for {FRAMES - 1} frames",)
    assert describe(made.gif(tmp_path / "a.gif")).notes == ()


def test_an_episode_that_breaks_off_while_it_is_read(tmp_path):
    import h5py

    path = made.aloha(tmp_path / "a.hdf5")
    with h5py.File(path, "r+") as file:
        file["observations/images/cam_high"][12] = 0
    view = CameraMapping("observations/images/cam_high")
    with EpisodeStream(path, Selection([view], speed=0.2)) as stream, pytest.raises(InvalidInputError, match="damaged"):
        list(stream.pictures())


def test_a_folder_in_no_known_layout(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InvalidInputError, match="LeRobot dataset"):
        describe(tmp_path)


class RaggedLog:
    """A camera, and numbers whose third message has one more."""

    format = "mcap"
    topics = {"/camera": "foxglove.CompressedImage", "/numbers": "own/Numbers"}  # noqa: RUF012

    def messages(self, topics):
        data = base64.b64encode(made.png(made.pictures(1)[0])).decode()
        for k in range(4):
            contents = {"/camera": {"data": data}, "/numbers": {"values": [0.0] * (3 + (k == 2))}}
            yield from ((topic, k * 10**8, contents[topic]) for topic in topics)

    def times(self, topics):
        return ((topic, time) for topic, time, _ in self.messages(topics))


def test_messages_of_another_length_are_left_out_and_noted():
    description = LogReader(RaggedLog()).describe()
    assert description.signal("/numbers").dim == 3
    assert description.notes == ("1 messages of /numbers are longer or shorter than its first and left out",)
