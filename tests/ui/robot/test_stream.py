"""The live stream's server side: places, pictures from a page, packets, what is refused."""

import asyncio
import base64
import json
import threading
import time

import cv2
import numpy as np
import pytest

from tests.fakes import brain
from tests.robots.test_camera import FakeCapture
from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.robots.capture import CameraRack
from wam_demo.ui.robot import stream
from wam_demo.ui.robot.camera_sessions import CameraSessions, read_jpeg
from wam_demo.ui.shared.strip import strip_tiles


def jpeg(value=0, side=256):
    rng = np.random.default_rng(value)
    return base64.b64encode(cv2.imencode(".jpg", rng.integers(0, 255, (side, side, 3), np.uint8))[1]).decode()


@pytest.fixture
def sessions():
    opened = []

    def make(**limits):
        rack = CameraRack({"bench": 0}, lambda address: FakeCapture(10_000))
        state = np.zeros(17, np.float32)
        opened.append(
            CameraSessions(lambda policy: brain.planner(), {"steer": brain.STEER}, rack, state=state, **limits)
        )
        return opened[-1]

    yield make
    for one in opened:
        one.close()
    assert not [t for t in threading.enumerate() if t.name in ("watching", "camera")]


def test_pictures_of_a_page_reach_the_policy(sessions):
    one = sessions()
    session = one.open("page", "browser", "steer", "go")
    for k in range(1, 12):
        one.receive("page", k, jpeg(k))
        time.sleep(0.03)
    assert session.got == 11
    assert session.view.prediction is not None
    tiles, charts = strip_tiles(stream.strip_moment(session, session.view)), stream.charts(session, session.view)
    assert {"now.front", "attention.front"} <= set(tiles)
    assert all(tile.draw().shape[-1] == 3 for tile in tiles.values())
    assert len(charts["plan"]) == 17
    json.dumps([charts, stream.status(session.view)])
    one.receive("page", 3, jpeg())  # one that was overtaken
    assert session.got == 11


def test_a_camera_of_the_server_is_chosen_by_name_only(sessions):
    one = sessions()
    session = one.open("page", "bench", "steer", "go")
    end = time.monotonic() + 5
    while session.view.prediction is None and time.monotonic() < end:
        time.sleep(0.02)
    assert session.view.prediction is not None
    for name in ("rtsp://10.0.0.1/x", "0", "/dev/video0"):
        with pytest.raises(UnknownNameError, match="camera"):
            one.open("other", name, "steer", "go")
    with pytest.raises(UnknownNameError, match="policy"):
        one.open("other", "browser", "expert", "go")


def test_places_are_few_and_come_back(sessions):
    one = sessions(capacity=1)
    one.open("first", "browser", "steer", "go")
    with pytest.raises(InvalidInputError, match="taken"):
        one.open("second", "browser", "steer", "go")
    one.open("first", "browser", "steer", "again")
    one.leave("first")
    one.open("second", "bench", "steer", "go")
    assert one.live == 1


def test_a_page_that_went_silent_loses_its_place(sessions):
    one = sessions(idle_s=0.2)
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


def test_a_bad_picture_is_said_and_the_next_one_works(sessions):
    one = sessions()
    session = one.open("page", "browser", "steer", "go")
    stream.receive(one, "page", {"n": 1, "jpeg": "nonsense"})
    assert "not a JPEG" in session.notice
    stream.receive(one, "page", {"n": 2, "jpeg": jpeg()})
    assert session.got == 2
    for payload in (None, [], {"n": "x"}, {"n": 3}):
        stream.receive(one, "page", payload)
    stream.receive(one, "stranger", {"n": 1, "jpeg": jpeg()})


def test_commands_of_a_page(sessions):
    one = sessions()
    session = one.open("page", "browser", "steer", "go")
    stream.obey(one, "page", {"kind": "instruction", "text": ""})
    assert "instruction is empty" in session.notice
    stream.obey(one, "page", {"kind": "instruction", "text": "stack"})
    assert session.watching._source.instruction == "stack"
    stream.obey(one, "page", {"kind": "unknown"})
    stream.obey(one, "page", {"kind": "stop", "stream": -1})  # of a stream before this one
    assert one.live == 1
    stream.obey(one, "page", {"kind": "stop"})
    assert one.live == 0


def test_packets_flow_until_the_stream_is_closed(sessions):
    one = sessions()

    async def collect():
        got = []
        async for packet in stream.packets(
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


def test_a_wish_that_cannot_be_met_is_one_line(sessions):
    one = sessions()

    async def first(wish):
        async for packet in stream.packets(one, "page", wish):
            return json.loads(packet)

    for wish in (None, {}, {"policy": "steer"}, {"policy": "steer", "instruction": "go", "camera": "nowhere"}):
        packet = asyncio.run(first(wish))
        assert packet["over"]
        assert "\n" not in packet["over"]
