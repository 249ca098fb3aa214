"""The session against the real simulator, with policies that need no weights."""

import time

import pytest

from tests.runtime.test_session import Recorder
from wam_demo.runtime import Command, Session, Settings
from wam_demo.ui.shared.catalogue import shipped


@pytest.fixture
def seen():
    recorder = Recorder()
    session = Session(Settings("pick_place", "expert", seed=3), shipped().backend, [recorder])
    session.start()
    recorder.session = session
    yield recorder
    session.close(timeout=5)
    assert not session.alive


def test_every_disturbance_of_the_page_works_while_the_expert_acts(seen):
    seen.wait(lambda view: view.step > 2, timeout=30)
    post = seen.session.post
    for axis in shipped().axes:
        post(Command("axis", {"axis": axis, "severity": 2}))
    post(Command("distractor", {"camera": "front", "at": (0.3, 0.8)}))
    for kind in ("distractor", "shove", "swap_target"):
        post(Command(kind))
    view = seen.wait(lambda view: len(view.events) >= len(shipped().axes) + 4, timeout=30)
    assert not view.warning, view.notice
    assert view.severities == dict.fromkeys(shipped().axes, 2)
    post(Command("clear"))
    view = seen.wait(lambda view: not view.severities, timeout=30)
    assert not view.warning, view.notice
    step = view.step
    seen.wait(lambda view: view.step > step + 2, timeout=30)


def test_a_drag_shoves_what_lies_under_its_start(seen):
    view = seen.wait(lambda view: view.step > 0, timeout=30)
    seen.session.post(Command("pause"))
    seen.wait(lambda view: view.state == "paused")
    for v in (0.5, 0.55, 0.6, 0.65, 0.7):
        for u in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
            to = (min(1.0, u + 0.1), v)
            seen.session.post(Command("shove", {"camera": "front", "from": (u, v), "to": to}))
    time.sleep(1.0)
    view = seen.last
    assert view.events
    assert all(event.kind == "shove" for event in view.events)
    assert {event.parameters["object"] for event in view.events} & set(view.names)


def test_words_reach_the_policy(seen):
    seen.wait(lambda view: view.step > 0, timeout=30)
    seen.session.post(Command("instruction", {"text": "leave the bowl alone"}))
    seen.wait(lambda view: view.observation.instruction == "leave the bowl alone", timeout=30)
