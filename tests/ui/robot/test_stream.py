"""The live stream's server side: places, pictures from a page, packets, what is refused."""

import asyncio
import base64
import json
import threading
import time

import cv2
import numpy as np
import pytest
from wam_demo.ui.robot.camera_desk import CameraDesk, read_jpeg

from tests.fakes import brain
from tests.robots.test_camera import FakeCapture
from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.robots.capture import CameraRack
from wam_demo.ui.robot import camera


def jpeg(value=0, side=256):
    rng = np.random.default_rng(value)
    return base64.b64encode(cv2.imencode(".jpg", rng.integers(0, 255, (side, side, 3), np.uint8))[1]).decode()


@pytest.fixture
def desk():
    opened = []

    def make(**limits):
        rack = CameraRack({"bench": 0}, lambda address: FakeCapture(10_000))
        state = np.zeros(17, np.float32)
        opened.append(CameraDesk(lambda policy: brain.planner(), ("steer",), rack, state=state, **limits))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
    assert not [t for t in threading.enumerate() if t.name in ("watching", "camera")]


def test_pictures_of_a_page_reach_the_policy(desk):
    one = desk()
    watcher = one.open("page", "browser", "steer", "go")
    for k in range(1, 12):
        one.receive("page", k, jpeg(k))
        time.sleep(0.03)
    assert watcher.got == 11
    assert watcher.view.prediction is not None
    tiles, status = camera.tiles(watcher.view), camera.status(watcher.view)
    assert {"now", "attention"} <= set(tiles)
    assert all(tile.draw().shape[-1] == 3 for tile in tiles.values())
    assert len(status["path_cm"]) == len(status["gripper"]) == 16
    json.dumps(status)
    one.receive("page", 3, jpeg())  # one that was overtaken
    assert watcher.got == 11


def test_a_camera_of_the_server_is_chosen_by_name_only(desk):
    one = desk()
    watcher = one.open("page", "bench", "steer", "go")
    end = time.monotonic() + 5
    while watcher.view.prediction is None and time.monotonic() < end:
        time.sleep(0.02)
    assert watcher.view.prediction is not None
    for name in ("rtsp://10.0.0.1/x", "0", "/dev/video0"):
        with pytest.raises(UnknownNameError, match="camera"):
            one.open("other", name, "steer", "go")
    with pytest.raises(UnknownNameError, match="policy"):
        one.open("other", "browser", "expert", "go")


def test_places_are_few_and_come_back(desk):
    one = desk(places=1)
    one.open("first", "browser", "steer", "go")
    with pytest.raises(InvalidInputError, match="taken"):
        one.open("second", "browser", "steer", "go")
    one.open("first", "browser", "steer", "again")
    one.leave("first")
    one.open("second", "bench", "steer", "go")
    assert one.live == 1


def test_a_page_that_went_silent_loses_its_place(desk):
    one = desk(idle_s=0.2)
    one.open("page", "browser", "steer", "go")
    end = time.monotonic() + 5
    while one.live and time.monotonic() < end:
        time.sleep(0.02)
    assert one.live == 0


@pytest.mark.parametrize(
    "data",
    [
        "",
        "no base64",
        base64.b64encode(b"GIF89a").decode(),
        jpeg()[:400],
        "A" * 400_000,
        jpeg(side=1100)[:300_000],
        None,
        5,
    ],
)
def test_what_is_no_small_jpeg_is_refused(data):
    with pytest.raises(InvalidInputError):
        read_jpeg(data)


def test_a_bad_picture_is_said_and_the_next_one_works(desk):
    one = desk()
    watcher = one.open("page", "browser", "steer", "go")
    camera.receive(one, "page", {"n": 1, "jpeg": "nonsense"})
    assert "not a JPEG" in watcher.notice
    camera.receive(one, "page", {"n": 2, "jpeg": jpeg()})
    assert watcher.got == 2
    for payload in (None, [], {"n": "x"}, {"n": 3}):
        camera.receive(one, "page", payload)
    camera.receive(one, "stranger", {"n": 1, "jpeg": jpeg()})


def test_commands_of_a_page(desk):
    one = desk()
    watcher = one.open("page", "browser", "steer", "go")
    camera.obey(one, "page", {"kind": "instruction", "text": ""})
    assert "instruction is empty" in watcher.notice
    camera.obey(one, "page", {"kind": "instruction", "text": "stack"})
    assert watcher.watching._source.instruction == "stack"
    camera.obey(one, "page", {"kind": "unknown"})
    camera.obey(one, "page", {"kind": "stop", "stream": -1})  # of a stream before this one
    assert one.live == 1
    camera.obey(one, "page", {"kind": "stop"})
    assert one.live == 0


def test_packets_flow_until_the_stream_is_closed(desk):
    one = desk()

    async def collect():
        got = []
        async for packet in camera.packets(
            one, "page", {"camera": "bench", "policy": "steer", "instruction": "go", "stream": 4}
        ):
            got.append(json.loads(packet))
            if len(got) > 3 and got[-1].get("image"):
                one.leave("page")
        return got

    got = asyncio.run(asyncio.wait_for(collect(), 10))
    assert got[-1] == {"n": 0, "stream": 4, "over": ""}
    assert got[-2]["status"]["stream"] == 4
    assert got[-2]["status"]["number"] > 0


def test_a_wish_that_cannot_be_met_is_one_line(desk):
    one = desk()

    async def first(wish):
        async for packet in camera.packets(one, "page", wish):
            return json.loads(packet)

    for wish in (None, {}, {"policy": "steer"}, {"policy": "steer", "instruction": "go", "camera": "nowhere"}):
        packet = asyncio.run(first(wish))
        assert packet["over"]
        assert "\n" not in packet["over"]
