"""A scene that is named as a whole: task, policy, seed and what disturbs it."""

import pytest

from tests.fakes.brain import backend
from wam_demo.errors import InvalidInputError
from wam_demo.runtime.contracts import Settings
from wam_demo.runtime.episodes import Episodes


@pytest.fixture
def episodes():
    opened = Episodes(Settings("reach", "hold"), backend())
    opened.begin()
    yield opened
    opened.close()


def test_just_the_named_axes_are_on(episodes):
    episodes.disturb("axis", {"axis": "noise", "severity": 2})
    attempt = episodes.begin_scene(Settings("wander", "steer", 7), {"light": 3})
    assert dict(episodes.severities) == {"light": 3}
    assert (episodes.settings.task, episodes.settings.policy, attempt.seed) == ("wander", "steer", 7)
    assert [(event.kind, event.parameters["severity"]) for event in attempt.events] == [("light", 3)]


def test_a_scene_that_cannot_be_opened_leaves_the_axes_as_they_were(episodes, monkeypatch):
    episodes.disturb("axis", {"axis": "noise", "severity": 2})

    def fail(settings):
        raise InvalidInputError("no such scene")

    monkeypatch.setattr(episodes, "begin", fail)
    with pytest.raises(InvalidInputError):
        episodes.begin_scene(Settings("reach", "hold", 7), {"light": 3})
    assert dict(episodes.severities) == {"noise": 2}


def test_how_an_episode_begins_counts_from_the_next_one_on(episodes):
    episodes.disturb("axis", {"axis": "layout", "severity": 2})
    assert dict(episodes.severities) == {"layout": 2}
    assert list(episodes.attempt.events) == []
    assert [event.kind for event in episodes.begin().events] == ["layout"]
    episodes.disturb("axis", {"axis": "layout", "severity": 0})
    assert list(episodes.begin().events) == []


def test_clearing_takes_back_what_lasts_and_just_that(episodes):
    episodes.disturb("axis", {"axis": "noise", "severity": 2})
    episodes.disturb("axis", {"axis": "light", "severity": 2})
    episodes.disturb("axis", {"axis": "light", "severity": 0})
    episodes.disturb("shove", {})
    before = len(episodes.attempt.events)
    episodes.disturb("clear", {})
    assert [(e.kind, e.parameters["severity"]) for e in episodes.attempt.events[before:]] == [("noise", 0)]
    assert dict(episodes.severities) == {}
