"""The session against the real simulator, with policies that need no weights."""

import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.session import Driven
from wam_demo.runtime import Settings
from wam_demo.runtime.disturb import NEXT_EPISODE
from wam_demo.ui.shared.catalogue import shipped


@pytest.fixture
def seen():
    driven = Driven(shipped().backend, Settings("pick_place", "expert", seed=3), ManualClock())
    yield driven
    driven.session.close()


def test_every_disturbance_of_the_page_works_while_the_expert_acts(seen):
    seen.until(lambda view: view.step > 2)
    axes = shipped().axes
    for axis in axes:
        seen.post("axis", axis=axis, severity=2)
    seen.post("distractor", camera="front", at=(0.3, 0.8))
    for kind in ("distractor", "shove", "swap_target"):
        seen.post(kind)
    view = seen.until(lambda view: len(view.events) >= len(axes) - len(NEXT_EPISODE) + 4)
    assert not view.warning, view.notice
    assert view.severities == dict.fromkeys(axes, 2)
    seen.post("reset")
    view = seen.until(lambda view: view.step == 0 and len(view.events) >= len(axes) - len(NEXT_EPISODE))
    assert {"robot_init", "layout"} <= {event.kind for event in view.events}
    seen.post("clear")
    view = seen.until(lambda view: not view.severities)
    assert not view.warning, view.notice
    step = view.step
    seen.until(lambda view: view.step > step + 2)


def test_a_drag_shoves_what_lies_under_its_start(seen):
    seen.until(lambda view: view.step > 0)
    seen.post("pause")
    for v in (0.5, 0.55, 0.6, 0.65, 0.7):
        for u in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
            to = (min(1.0, u + 0.1), v)
            seen.post("shove", **{"camera": "front", "from": (u, v), "to": to})
    seen.run(0.1)
    assert seen.last.events
    assert all(event.kind == "shove" for event in seen.last.events)


def test_progress_is_told_with_every_step(seen):
    done = seen.until(lambda view: view.outcome is not None)
    distances = [record.goal_distance for record in seen.records]
    assert distances[0] > 0.05
    assert distances[-1] < 0.02
    assert done.goal_distance == distances[-1]
