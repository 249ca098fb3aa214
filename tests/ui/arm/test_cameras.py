"""The Arm tab's cameras: calibrated through a bridge, and drawn into."""

import base64
import io

import cv2
import numpy as np
import pytest
from PIL import Image as Pictures

from bridge.driver import CameraFrame, Reading
from tests.fakes.arm import Gantry, Workbench
from tests.fakes.board import looking_at, photograph
from wam_demo.errors import InvalidInputError
from wam_demo.robots.arm.calibration import BoardPlace, load_mounts
from wam_demo.robots.arm.preflight import preflight
from wam_demo.ui.arm.cameras import CameraCalibration, board_file, drawn

PLACE = BoardPlace(x=0.3, y=-0.05, z=0.01, yaw=0.4)
CAMERA = looking_at([0.3, -0.05, 0.01], [0.75, 0.1, 0.4])
ASKED = {"camera": "front", "x": 30, "y": -5, "z": 1, "yaw": float(np.degrees(0.4)), "square": 35}


class Photographed(Gantry):
    """A gantry whose camera sees a picture that the test sets."""

    picture = np.zeros((64, 64, 3), np.uint8)

    def read(self, now):
        reading = super().read(now)
        frames = {name: CameraFrame(self.picture, now) for name in self.cameras}
        return Reading(reading.positions, reading.load, frames)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setattr("wam_demo.robots.arm.calibration.MOUNTS", tmp_path / "cameras.json")
    return Workbench(Photographed(("front", "wrist")))


def test_a_picture_of_the_board_calibrates_the_camera_and_the_list_says_so(bench):
    client = bench.source().client
    calibration = CameraCalibration()
    with pytest.raises(InvalidInputError, match="corners are needed"):
        calibration.take(client, ASKED)
    bench.driver.picture = photograph(CAMERA, PLACE)
    bench.sleep(0.1)
    found = calibration.take(client, ASKED)
    assert found["error_px"] < 0.3
    np.testing.assert_allclose(found["position"], 100 * CAMERA.position, atol=0.5)
    again = calibration.take(client, ASKED | {"camera": "wrist"})
    assert again["position"] != found["position"]  # seen from the hand
    drawing = preflight(client)[-1]
    assert (drawing.ok, drawing.needed) == (True, False)
    source = bench.source(mounts=load_mounts())
    source.reset(0)
    poses = source.observe().cameras
    assert set(poses) == {"front", "wrist"}
    np.testing.assert_allclose(poses["front"].position, poses["wrist"].position, atol=1e-5)
    calibration.forget("front")
    assert not preflight(client)[-1].ok
    with pytest.raises(InvalidInputError, match="not calibrated"):
        calibration.forget("front")


@pytest.mark.parametrize("wrong", [{"camera": "side"}, {"x": "far"}, {"square": 0}, {"yaw": float("nan")}, {"z": None}])
def test_what_a_page_asks_is_checked(bench, wrong):
    with pytest.raises(InvalidInputError):
        CameraCalibration().take(bench.source().client, ASKED | wrong)


def test_workspace_and_plan_are_drawn_where_they_are_seen():
    image = np.full((200, 200, 3), 100, np.uint8)
    box = np.array([[0.2, -0.1, 0.0], [0.4, 0.1, 0.1]])
    plan = np.linspace([0.25, 0.0, 0.05], [0.35, 0.05, 0.02], 16)
    assert drawn(image, None, box, plan) is image
    empty, planned = drawn(image, CAMERA, box, None), drawn(image, CAMERA, box, plan)
    assert (empty != image).any()
    orange = (planned.astype(int) - empty).max(axis=2) > 20
    columns = np.nonzero(orange)[1]
    assert 60 < columns.mean() < 160
    assert (drawn(image, looking_at([2.0, 0, 0], [1.0, 0, 0.3]), box, plan) == image).all()  # all of it is behind


def test_the_board_is_a_file_that_prints_at_its_own_size():
    found = board_file()
    data = base64.b64decode(found["png"])
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (2480, 3508, 3)  # A4 at 300 dots an inch
    assert Pictures.open(io.BytesIO(data)).info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert found["square_mm"] == 35
