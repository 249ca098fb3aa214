"""Visitors: sessions of their own, a queue, and nobody who has left."""

import asyncio
import json
import time

import pytest

from tests.fakes.brain import catalogue
from tests.fakes.world import FakeWorld
from wam_demo.errors import InvalidInputError
from wam_demo.runtime import Command
from wam_demo.ui.app import open_hub
from wam_demo.ui.live.stream import AHEAD, BEHIND_S, Window, stream
from wam_demo.ui.live.tab import receive


@pytest.fixture
def open_one():
    hubs = []

    def make(**limits):
        hubs.append(open_hub(catalogue(), **limits))
        return hubs[-1]

    yield make
    for hub in hubs:
        hub.close()
    wait(lambda: not FakeWorld.opened)


def wait(holds, timeout=5.0):
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.01)


async def packets(hub, key, count, receipts=True):
    found = []
    async for text in stream(hub, key):
        packet = json.loads(text)
        if packet.get("waiting", "").startswith("opening"):
            continue
        found.append(packet)
        if receipts:
            hub.receipt(key, packet["n"])
        if len(found) == count:
            break
    return found


def test_a_page_gets_a_session_and_packets_with_pictures(open_one):
    hub = open_one()
    found = asyncio.run(packets(hub, "a", 12))
    assert [packet["n"] for packet in found] == list(range(1, 13))
    assert {"now.front", "now.wrist"} <= set(found[0]["tiles"])
    assert found[-1]["status"]["step"] > found[0]["status"]["step"]
    assert any("attention.front" in packet.get("tiles", {}) for packet in found)


def test_two_visitors_have_sessions_of_their_own(open_one):
    hub = open_one()

    async def both():
        return await asyncio.gather(packets(hub, "a", 4), packets(hub, "b", 4))

    asyncio.run(both())
    assert hub.session("a") is not hub.session("b")
    hub.session("a").post(Command("seed", {"seed": 77}))
    screen_a, screen_b = hub.visit("a").screen, hub.visit("b").screen
    wait(lambda: screen_a.newest[0].settings.seed == 77)
    assert screen_b.newest[0].settings.seed != 77


def test_later_visitors_wait_in_order_and_move_up(open_one):
    hub = open_one(capacity=1)
    first, second, third = (hub.visit(key) for key in "abc")
    assert [hub.admit(visitor) for visitor in (first, second, third)] == [0, 1, 2]
    assert hub.admit(first) == 0
    with pytest.raises(InvalidInputError, match="no live session"):
        hub.session("b")
    waiting = asyncio.run(packets(hub, "b", 1))
    assert "number 1 in the queue" in waiting[0]["waiting"]
    hub.leave("a")
    assert hub.admit(third) == 1
    assert hub.admit(second) == 0


def test_a_full_queue_says_so(open_one, monkeypatch):
    monkeypatch.setattr("wam_demo.ui.live.hub.QUEUE_SIZE", 1)
    hub = open_one(capacity=1)
    for key in "ab":
        hub.visit(key)
    found = asyncio.run(packets(hub, "c", 1))
    assert "come back later" in found[0]["waiting"]


def test_a_silent_page_is_closed_and_its_simulator_freed(open_one):
    hub = open_one(idle_s=0.4)
    asyncio.run(packets(hub, "a", 3))
    assert len(FakeWorld.opened) == 1
    wait(lambda: hub.live == 0 and not FakeWorld.opened)


def test_a_page_that_sends_receipts_stays(open_one):
    hub = open_one(idle_s=2.0)
    asyncio.run(packets(hub, "a", 3))
    for _ in range(25):
        hub.receipt("a", 3)
        time.sleep(0.1)
    assert hub.live == 1


def test_the_stream_waits_for_a_page_that_does_not_keep_up(open_one):
    hub = open_one()

    async def watch():
        found = []
        try:
            async with asyncio.timeout(3.0):
                async for text in stream(hub, "a"):
                    found.append(json.loads(text)["n"])
        except TimeoutError:
            pass
        return found

    assert 2 <= asyncio.run(watch())[-1] <= AHEAD


def test_the_window_is_bounded_in_number_and_in_time(monkeypatch):
    now = 0.0
    monkeypatch.setattr("wam_demo.ui.live.stream.time.monotonic", lambda: now)
    window = Window()
    for number in range(1, AHEAD + 1):
        assert not window.is_full(0)
        window.sent(number)
    assert window.is_full(0)
    assert not window.is_full(AHEAD - 2)
    now = BEHIND_S + 0.1
    assert window.is_full(AHEAD - 2)
    assert not window.is_full(AHEAD - 1)  # one packet may always be under way: the line is only slow


def test_a_page_that_missed_a_packet_gets_everything_again(open_one):
    hub = open_one()

    async def watch():
        found = []
        async for text in stream(hub, "a"):
            found.append(json.loads(text))
            hub.receipt("a", found[-1]["n"], missed=found[-1]["n"] == 30)
            if found[-1]["n"] == 31:
                return found
        return found

    again = asyncio.run(watch())[-1]
    assert "track" in again
    assert set(again["tiles"]) >= {"now.front", "now.wrist", "imagined.4.front", "attention.front"}


def test_a_second_stream_of_a_page_takes_over_with_full_pictures(open_one):
    hub = open_one()

    async def twice():
        first = asyncio.create_task(packets(hub, "a", 1000))
        await asyncio.sleep(0.5)
        second = await packets(hub, "a", 2)
        return await asyncio.wait_for(first, 3), second

    first, second = asyncio.run(twice())
    assert 0 < len(first) < 1000
    assert "now.front" in second[0]["tiles"]
    assert hub.live == 1


def test_a_bad_command_is_one_line_on_the_page_and_the_session_goes_on(open_one):
    hub = open_one()
    asyncio.run(packets(hub, "a", 2))
    screen = hub.visit("a").screen
    bad = {"kind": "axis", "axis": "light", "severity": None}
    receive(hub, catalogue(), "a", bad)
    wait(lambda: screen.newest[0].warning)
    assert "severity of light must be a number" in screen.newest[0].notice
    step = screen.newest[0].step
    receive(hub, catalogue(), "a", {"kind": "axis", "axis": "light", "severity": 2})
    wait(lambda: screen.newest[0].severities == {"light": 2} and screen.newest[0].step > step)
    receive(hub, catalogue(), "nobody", {"kind": "run"})
