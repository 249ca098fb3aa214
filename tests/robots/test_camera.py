"""Cameras: the newest frame wins, and one that stops, freezes or comes back is noticed."""

import functools
import http.server
import threading
import time

import cv2
import numpy as np
import pytest

from wam_demo.errors import InvalidInputError, SourceFault, UnknownNameError
from wam_demo.limits import CAMERA_FRAME_AGE_S
from wam_demo.robots.camera import CameraSource, FrameBox, home_state, square
from wam_demo.robots.capture import CameraRack, CameraReader, configured_cameras, parse_cameras


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def picture(value=0, shape=(48, 64, 3)):
    return np.full(shape, value, np.uint8)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def box(clock):
    return FrameBox(clock)


def source_of(box):
    return CameraSource({"front": box}, np.zeros(17, np.float32), "go")


def test_the_newest_frame_wins(box):
    for value in range(5):
        box.put(picture(value))
    newest = box.wait_for(0, 0)
    assert (newest.number, newest.image[0, 0, 0]) == (5, 4)
    assert box.wait_for(4, 0).number == 5
    assert box.wait_for(5, 0) is None


def test_waiting_ends_when_a_frame_comes(box):
    threading.Timer(0.05, box.put, [picture()]).start()
    began = time.monotonic()
    assert box.wait_for(0, 5).number == 1
    assert time.monotonic() - began < 2


def test_a_camera_that_stops_is_noticed_before_the_limit(box, clock):
    box.put(picture())
    assert box.fault() is None
    clock.now = CAMERA_FRAME_AGE_S - 0.05
    assert "stopped: its last frame is 0.5 s old" in box.fault() or "0.4 s old" in box.fault()
    with pytest.raises(SourceFault, match="stopped"):
        source_of(box).check()
    box.put(picture(1))
    assert box.fault() is None


def test_a_camera_that_repeats_its_picture_is_noticed_before_the_limit(box, clock):
    for k in range(10):
        clock.now = k * 0.05
        box.put(picture(7))
    assert "frozen" in box.fault()
    assert clock.now < CAMERA_FRAME_AGE_S
    with pytest.raises(SourceFault, match="frozen"):
        source_of(box).observe()
    box.put(picture(8))
    assert box.fault() is None


def test_a_camera_that_never_sends_is_noticed(box, clock):
    assert box.fault() is None
    clock.now = 0.5
    assert "no frame yet" in box.fault()
    with pytest.raises(SourceFault, match="no frame yet"):
        source_of(box).observe()


def test_a_camera_source_waits_for_a_new_frame_of_each_camera(box, clock):
    wrist = FrameBox(clock)
    source = CameraSource({"front": box, "wrist": wrist}, np.zeros(17, np.float32), "go", clock)
    box.put(picture(1))
    threading.Timer(0.1, wrist.put, [picture(2)]).start()
    assert source.observe().images["wrist"].max() == 2
    clock.now = 0.2
    threading.Timer(0.1, box.put, [picture(3)]).start()
    observation = source.observe()
    assert [observation.images[camera].max() for camera in ("front", "wrist")] == [3, 2]
    assert observation.time == pytest.approx(0.2)
    assert source.clock == "real"


def test_a_camera_source_observes_and_moves_nothing(box):
    state = home_state()
    source = CameraSource({"front": box}, state, "go")
    box.put(picture(200, (480, 640, 3)))
    observation = source.observe()
    assert observation.images["front"].shape == observation.images["wrist"].shape == (128, 128, 3)
    assert observation.images["front"].min() == 200
    assert observation.instruction == "go"
    np.testing.assert_array_equal(observation.state, state)
    np.testing.assert_array_equal(source.apply(np.ones(7, np.float32)), [0, 0, 0, 0, 0, 0, 1])


@pytest.mark.parametrize("shape", [(480, 640, 3), (640, 480, 3), (128, 128, 3), (64, 80, 3)])
def test_the_square_is_the_middle(shape):
    image = picture(0, shape)
    image[shape[0] // 2 - 8 : shape[0] // 2 + 8, shape[1] // 2 - 8 : shape[1] // 2 + 8] = 255
    cut = square(image)
    assert cut.shape == (128, 128, 3)
    rows, columns = np.nonzero(cut[..., 0] > 127)
    assert abs(rows.mean() - 63.5) <= 1
    assert abs(columns.mean() - 63.5) <= 1


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without writing about it."""

    def log_message(self, *arguments):
        """Say nothing."""


class FakeCapture:
    """Delivers counted pictures until ``frames`` are gone."""

    opened = 0

    def __init__(self, frames):
        self.left, self.released = frames, False
        FakeCapture.opened += 1

    def isOpened(self):
        return True

    def read(self):
        time.sleep(0.005)
        self.left -= 1
        return self.left >= 0, picture(self.left % 250)

    def release(self):
        self.released = True


def test_a_reader_keeps_reading_and_connects_again(monkeypatch):
    monkeypatch.setattr("wam_demo.robots.capture.RETRY_S", 0.01)
    made = []

    def open_camera(address):
        assert address == 3
        made.append(FakeCapture(5))
        return made[-1]

    reader = CameraReader(3, open_camera)
    assert reader.frames.wait_for(11, 5).number >= 12
    reader.close()
    assert len(made) >= 3
    assert all(capture.released for capture in made)
    assert not [t for t in threading.enumerate() if t.name == "camera"]


def test_a_rack_reads_a_camera_once_and_only_while_it_is_watched():
    FakeCapture.opened = 0
    rack = CameraRack({"desk": 0}, lambda address: FakeCapture(10_000))
    first, second = rack.watch("desk"), rack.watch("desk")
    assert first is second
    assert first.wait_for(0, 5) is not None
    rack.leave("desk")
    assert [t for t in threading.enumerate() if t.name == "camera"]
    rack.leave("desk")
    assert not [t for t in threading.enumerate() if t.name == "camera"]
    assert FakeCapture.opened == 1
    with pytest.raises(UnknownNameError, match="desk"):
        rack.watch("rtsp://visitor")
    rack.close()


def test_a_camera_with_an_address_is_read_and_a_dead_one_gives_up(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "live.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for k in range(10):
        writer.write(picture(20 * k))
    writer.release()
    handler = functools.partial(QuietHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{server.server_port}"
        reader = CameraReader(f"{place}/live.avi")
        assert reader.frames.wait_for(9, 10).image.shape == (48, 64, 3)
        reader.close()
        missing = CameraReader(f"{place}/nothing.avi")
        assert missing.frames.wait_for(0, 0.6) is None
        assert "no frame yet" in missing.frames.fault()
        missing.close()
        server.shutdown()
    assert not [t for t in threading.enumerate() if t.name == "camera"]


def test_cameras_are_named_by_the_operator(monkeypatch):
    monkeypatch.setenv("WAM_DEMO_CAMERAS", "desk=0; bench=rtsp://user:secret@10.0.0.5/live ;")
    assert configured_cameras() == {"desk": 0, "bench": "rtsp://user:secret@10.0.0.5/live"}
    monkeypatch.delenv("WAM_DEMO_CAMERAS")
    assert configured_cameras() == {}


@pytest.mark.parametrize(
    "text", ["desk", "desk=", "=0", "a b=0", "desk=file:///etc/secret", "desk=/dev/secret", "d=0;d=1"]
)
def test_what_names_no_camera_is_refused_without_repeating_it(text):
    with pytest.raises(InvalidInputError) as caught:
        parse_cameras(text)
    assert "secret" not in str(caught.value)
    assert "WAM_DEMO_CAMERAS" in str(caught.value)
