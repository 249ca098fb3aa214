"""Live probes on the server's side: questions one at a time, answers of this episode only, errors in one line."""

import asyncio
import time
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.brain import catalogue
from tests.fakes.page import until
from tests.fakes.prober import GRID, FakeProber
from tests.fakes.world import FakeWorld
from wam_demo.errors import InvalidInputError, PolicyFault
from wam_demo.policies.probe import run_probe
from wam_demo.types import Observation
from wam_demo.ui.app import open_hub
from wam_demo.ui.live.commands import parse_region
from wam_demo.ui.live.inquirer import Inquirer
from wam_demo.ui.live.probe import ProbeAsk, probe_status, probe_tiles
from wam_demo.ui.live.tab import receive_probe
from wam_demo.ui.shared.questions import Probing

REGION = {"camera": "front", "from": [0.6, 0.65], "to": [0.7, 0.7]}


class Asked:
    """Collects questions; the test answers them."""

    def __init__(self):
        self.questions: list[tuple[Observation, np.ndarray, Future]] = []

    def submit(self, observation, edits):
        self.questions.append((observation, edits, Future()))
        return self.questions[-1][2]

    def answer(self, index):
        observation, edits, future = self.questions[index]
        future.set_result(run_probe(FakeProber(np.ones(128), np.ones(128)), observation, edits))


def a_question(asked, step, warn=lambda text: None):
    images = {camera: np.full((32, 32, 3), 10 * step, np.uint8) for camera in GRID.cameras}
    seen = Observation(images, np.zeros(17, np.float32), "go", step / 10)
    return ProbeAsk(Probing(GRID, asked.submit), 1, step, seen, None, warn)


def test_one_question_is_answered_at_a_time_and_the_newest_waits():
    asked, rung = Asked(), []
    prober = Inquirer(lambda: rung.append(1))
    for step in range(4):
        prober.ask(a_question(asked, step))
    assert len(asked.questions) == 1
    asked.answer(0)
    assert prober.answer.ask.step == 0
    assert [question[0].time for question in asked.questions] == [0.0, 0.3]
    asked.answer(1)
    assert (prober.answer.number, prober.answer.ask.step, len(rung)) == (2, 3, 2)
    prober.ask(a_question(asked, 7))
    assert len(asked.questions) == 3


def test_a_fault_is_one_line_and_the_next_question_is_asked():
    asked, lines = Asked(), []
    prober = Inquirer(lambda: None)
    prober.ask(a_question(asked, 0, lines.append))
    prober.ask(a_question(asked, 1, lines.append))
    asked.questions[0][2].set_exception(PolicyFault("no answer after 30000 ms"))
    assert lines == ["no answer after 30000 ms"]
    assert prober.answer is None
    asked.answer(1)
    assert prober.answer.ask.step == 1


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("front", "a region is an object"),
        ({"camera": "rear", "from": [0, 0], "to": [1, 1]}, "unknown camera 'rear'"),
        ({"camera": "front", "from": [0, 0]}, "to must be two numbers"),
        ({"camera": "front", "from": [0, float("nan")], "to": [1, 1]}, "from must be a number"),
        ({"camera": "front", "from": [0, 2], "to": [1, 1]}, "from must be a number"),
    ],
)
def test_unusable_regions_are_refused(payload, message):
    with pytest.raises(InvalidInputError, match=message):
        parse_region(payload)
    assert parse_region({}) == {}


@pytest.fixture
def hub():
    opened = open_hub(catalogue(10_000))
    yield opened
    opened.close()
    end = time.monotonic() + 5
    while FakeWorld.opened and time.monotonic() < end:
        time.sleep(0.01)


def test_a_page_asks_and_gets_maps_and_numbers(hub):
    packet = asyncio.run(until(hub, receive_probe, REGION, lambda p: p["status"]["probe"]))
    assert {f"probe.{kind}.{camera}" for kind in ("attention", "causal") for camera in GRID.cameras} <= set(
        packet["tiles"]
    )
    found = packet["status"]["probe"]
    masked = found["masked"]
    assert (masked["camera"], masked["cells"]) == ("front", [5, 4, 5, 5])
    assert masked["shift_cm"] > 3 * masked["background_cm"]
    assert masked["area"] == pytest.approx(2 / 128, abs=1e-4)
    assert masked["looks"] > 3 * masked["area"]
    assert len(masked["path"]) == 17
    later = asyncio.run(until(hub, receive_probe, None, lambda p: p["status"]["step"] > found["step"] + 3))
    assert later["status"]["probe"]["number"] == found["number"]


def test_nothing_of_another_episode_is_shown(hub):
    asyncio.run(until(hub, receive_probe, {}, lambda p: p["status"]["probe"]))
    screen = hub.visit("a").screen
    view = screen.newest[0]
    assert probe_status(screen.prober.answer, view)["masked"] is None
    assert len(probe_tiles(screen.prober.answer, view)) == 4
    other = replace(view, episode=view.episode + 1)
    assert probe_status(screen.prober.answer, other) is None
    assert probe_tiles(screen.prober.answer, other) == {}


def test_bad_questions_become_one_line_and_the_next_one_is_answered(hub):
    bad = {"camera": "front", "from": [0, 9], "to": [1, 1]}
    packet = asyncio.run(until(hub, receive_probe, bad, lambda p: p["status"]["notice"]["warn"]))
    assert "from must be a number" in packet["status"]["notice"]["text"]
    assert asyncio.run(until(hub, receive_probe, REGION, lambda p: p["status"]["probe"]))
    receive_probe(hub, catalogue(), "nobody", REGION)  # a page that has gone


def test_a_policy_without_tokens_says_so(hub):
    from wam_demo.runtime import Command

    asyncio.run(until(hub, receive_probe, None, lambda p: True))
    hub.session("a").post(Command("policy", {"name": "hold"}))
    asyncio.run(until(hub, receive_probe, None, lambda p: p["status"]["policy"] == "hold"))
    packet = asyncio.run(until(hub, receive_probe, REGION, lambda p: p["status"]["notice"]["warn"]))
    assert "no video tokens" in packet["status"]["notice"]["text"]
