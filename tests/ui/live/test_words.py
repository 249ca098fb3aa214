"""What marks and empty panels say."""

import pytest

from tests.fakes.brain import STEER
from wam_demo.policies.registry import policy_spec
from wam_demo.types import Event
from wam_demo.ui.live.words import event_label, event_marks, why_absent


def test_labels_say_what_to_what_and_how_much():
    assert event_label(Event(3, "light", {"severity": 4}), {}) == "light 4"
    assert event_label(Event(3, "light", {"severity": 0}), {}) == "light off"
    assert event_label(Event(3, "shove", {"object": "object2"}), {"object2": "red cube"}) == "shove red cube"
    assert event_label(Event(3, "distractor", {"severity": 1, "drops": [{}]}), {}) == "drop"
    assert event_label(Event(3, "distractor", {"severity": 3, "drops": [{}, {}]}), {}) == "drop ×2"
    assert event_label(Event(3, "swap_target", {"object": "bowl"}), {}) == "move bowl"
    assert event_label(Event(3, "language", {"text": "go on"}), {}) == "new words"


def test_equal_events_of_one_step_become_one_mark():
    drop = Event(3, "distractor")
    marks = event_marks([drop, drop, Event(5, "distractor"), Event(5, "light", {"severity": 1})], {})
    assert [(mark["step"], mark["label"]) for mark in marks] == [
        (3, "drop ×2"),
        (5, "drop"),
        (5, "light 1"),
    ]


def test_a_dragged_slider_is_one_mark():
    steps = [Event(step, "light", {"severity": step - 2}) for step in (3, 4, 5)]
    marks = event_marks([*steps, Event(30, "light", {"severity": 0})], {})
    assert [(mark["step"], mark["label"]) for mark in marks] == [(5, "light 3"), (30, "light off")]


@pytest.mark.parametrize("policy", ["expert", "hold", "agra", "steer"])
def test_every_view_knows_why_it_is_empty(policy):
    reasons = why_absent(policy_spec(policy))
    assert set(reasons) == {"imagined", "attention", "error"}
    assert all(reason.endswith(".") for reason in reasons.values())


def test_a_late_imagination_says_why():
    assert "no answer after 9 s" in why_absent(STEER, "no answer after 9 s")["imagined"]
