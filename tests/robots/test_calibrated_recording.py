"""A recording that says where its cameras stand: every observation of it says so too."""

import numpy as np
import pytest

from tests.fakes.action_images_checkpoint import a_sight
from wam_demo.data.schema import CAMERA_POSES, DEMONSTRATION_FEATURES, flat_poses, poses_from
from wam_demo.data.uploads.guess import guess
from wam_demo.data.uploads.process import describe
from wam_demo.data.writer import LeRobotWriter
from wam_demo.robots.clip import Clip
from wam_demo.robots.recording import Recording

FRAMES = 3


def poses_at(frame):
    """Front stands still, the wrist moves."""
    turn = np.eye(3, dtype=np.float32).ravel()
    return np.float32([1, 0, 0.9, *turn, 0.3, 0.5, 0.1 * frame, 0.2, *turn, 0.7])


@pytest.fixture
def dataset(tmp_path):
    seen = a_sight()
    with LeRobotWriter(tmp_path / "set", DEMONSTRATION_FEATURES) as writer:
        for frame in range(FRAMES):
            values = {name: np.zeros(feature.shape, feature.dtype) for name, feature in DEMONSTRATION_FEATURES.items()
                      if feature.dtype not in ("image", "string", "bool")}  # fmt: skip
            pictures = {f"observation.images.{camera}": image for camera, image in seen.images.items()}
            others = {"observation.state": seen.state, CAMERA_POSES: poses_at(frame)}
            writer.add_frame({**values, **pictures, **others, "next.success": False, "task_name": "reach"}, "go")
        writer.end_episode()
    return tmp_path / "set"


def test_every_observation_of_it_is_calibrated(dataset, tmp_path):
    found = describe(dataset)
    with Recording(dataset, found, guess(found)) as recording:
        clip = Clip(tmp_path / "clip", recording)
        clip.load(recording)
    assert clip.calibrated
    cameras = clip.moment(2).observation.cameras
    assert set(cameras) == {"front", "wrist"}
    assert cameras["wrist"].position == pytest.approx([0.5, 0.2, 0.2])
    np.testing.assert_allclose(flat_poses(clip.moment(2).observation), poses_at(2), atol=1e-6)


def test_zeros_are_no_pose():
    flat = poses_at(0)
    flat[:13] = 0
    assert set(poses_from(flat)) == {"wrist"}
