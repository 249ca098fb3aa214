"""Sizes of disturbances, and which attempts count."""

import pytest

from wam_demo.sim.perturb import shove, swap_target
from wam_demo.types import Event
from wam_demo.ui.challenge.rules import foul, score, sizes


def pushed(metres: float, kind: str = "shove") -> Event:
    return Event(8, kind, {"object": "a", "offset": [metres, 0.0]})


@pytest.mark.parametrize(("kind", "distances"), [("shove", shove.DISTANCE_M), ("swap_target", swap_target.DISTANCE_M)])
def test_a_distance_is_as_large_as_its_severity_and_goes_on_beyond_the_largest(kind, distances):
    assert [sizes([pushed(metres, kind)])[0] for metres in distances] == [1, 2, 3, 4, 5]
    assert sizes([pushed(2 * distances[-1], kind)]) == [10]
    assert sizes([pushed(distances[0] / 2, kind)]) == [0.5]
    assert sizes([pushed(1e-6, kind)]) == [0.1]


def test_values_that_a_slider_passed_are_one_disturbance_of_the_largest_size():
    dragged = [Event(step, "light", {"severity": severity}) for step, severity in ((3, 2), (4, 4), (5, 1))]
    assert sizes(dragged) == [4]
    assert sizes([*dragged, Event(30, "light", {"severity": 1})]) == [4, 1]
    assert sizes([*dragged, Event(5, "noise", {"severity": 1})]) == [4, 1]


def test_taking_back_is_free_and_undoes_nothing():
    events = [Event(1, "light", {"severity": 3}), Event(2, "light", {"severity": 0})]
    assert sizes(events) == [3]
    assert sizes([*events, Event(3, "light", {"severity": 3})]) == [3, 3]


def test_each_thing_that_is_dropped_counts():
    drops = [{"position": [0, 0]}, {"position": [1, 1]}]
    assert sizes([Event(1, "distractor", {"severity": 2, "drops": drops})]) == [2]
    assert sizes([Event(1, "distractor", {"drops": drops[:1]})] * 2) == [1, 1]


def test_what_does_not_count():
    small = [pushed(0.01)]
    assert foul(small, driven=False) == ""
    assert "the arm yourself" in foul(small, driven=True)
    assert "more than 3" in foul(small * 4, driven=False)
    assert "your own words" in foul([Event(0, "language", {"text": "do nothing"})], driven=False)
    assert foul([Event(0, "language", {"severity": 2, "text": "reach out"})], driven=False) == ""


def test_only_a_disturbed_failure_has_a_score():
    small = [pushed(0.01), pushed(0.005)]
    assert score("timeout", small, driven=False) == 1.5
    assert score("success", small, driven=False) is None
    assert score("sim_fault", small, driven=False) is None
    assert score("timeout", [], driven=False) is None
    assert score("timeout", [Event(1, "light", {"severity": 0})], driven=False) is None
    assert score("timeout", small, driven=True) is None
