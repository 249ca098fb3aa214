"""A session's attempts at today's scene are judged by themselves, and replay."""

from datetime import date

import pytest

from tests.fakes.brain import catalogue
from tests.fakes.clock import ManualClock
from tests.fakes.session import late_backend
from tests.fakes.world import FakeWorld
from wam_demo.errors import DataError
from wam_demo.runtime import Command, Session, Settings
from wam_demo.runtime.logfile import parse_log, unpack
from wam_demo.ui.challenge.board import Board
from wam_demo.ui.challenge.challenge import Challenge
from wam_demo.ui.challenge.scene import Scenes
from wam_demo.ui.share.store import ShareStore
from wam_demo.ui.share.tab import Sharing

TODAY = date(2026, 5, 1)


class Played:
    """A session on the scene of the day, without real time."""

    def __init__(self, tmp_path, share=None, policy="steer") -> None:
        path = tmp_path / "shares.sqlite3"
        self.store, sharing = ShareStore(path), Sharing(catalogue(), ShareStore(path))
        self.challenge = Challenge(Scenes("reach", ["steer"], [5]), Board(path), lambda: TODAY)
        recorder = sharing.recorder()
        self.referee = self.challenge.referee(share or (lambda log: sharing.keep(log, recorder)))
        self.views, clock = [], ManualClock()
        self.on_view = self.views.append
        settings = Settings("reach", policy, seed=5, autoplay=False)
        self.session = Session(settings, late_backend(clock, horizon=30), [recorder, self.referee, _Seen(self)], clock)
        self.session.open()

    def post(self, kind, **parameters) -> None:
        self.session.post(Command(kind, parameters))
        self.session.tick()

    def end(self) -> dict:
        while self.views[-1].outcome is None:
            self.session.tick()
        return self.referee.status(self.views[-1])


class _Seen:
    def __init__(self, played) -> None:
        self.on_view = played.views.append

    def __getattr__(self, name):
        return lambda *given: None


@pytest.fixture
def play(tmp_path, monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", 1000)
    opened = []

    def begin(**given) -> Played:
        opened.append(Played(tmp_path, **given))
        return opened[-1]

    yield begin
    for played in opened:
        played.session.close()


def test_a_failure_is_entered_with_its_size_and_replays(play):
    played = play()
    played.post("axis", axis="light", severity=2)
    played.post("shove")
    status = played.end()
    assert (status["sizes"], status["total"], status["place"]) == ([2, 3.7], 5.7, 1)
    answer = played.challenge.responder()({"kind": "best", "policy": "steer"})
    (entry,) = answer["entries"]
    assert (entry["share"], entry["size"]) == (status["share"], 5.7)
    (log,) = parse_log(unpack(played.store.find(entry["share"]).packed), ["reach"])
    assert [event.kind for event in log.events] == ["light", "shove"]
    assert len(log.steps) == 30
    assert played.store.find(entry["share"]).picture.startswith(b"\xff\xd8")


def test_what_does_not_count_is_not_entered(play):
    played = play()
    assert "total" not in played.end()  # nobody disturbed it
    played.post("reset")
    played.post("axis", axis="light", severity=2)
    played.post("instruction", text="reach the green dot")
    assert "your own words" in played.end()["foul"]
    played.post("own_words")
    played.post("seed", seed=6)
    played.post("shove")
    assert played.end()["on"] is False
    assert played.challenge.responder()({"kind": "best", "policy": "steer"})["entries"] == []


def test_a_policy_that_is_not_known_to_solve_it_is_no_rival(play):
    assert play(policy="hold").end()["on"] is False


def test_a_success_is_none(play, monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", 0)
    played = play()
    played.post("axis", axis="light", severity=1)
    status = played.end()
    assert "total" not in status
    assert status["sizes"] == [1]


def test_an_attempt_that_cannot_be_kept_says_so(play):
    def refuse(log):
        raise DataError("the disk is full")

    played = play(share=refuse)
    played.post("axis", axis="light", severity=1)
    assert played.end()["fault"] == "the disk is full"


def test_a_question_about_nobody_names_the_rivals(play):
    answer = play().challenge.responder()({"kind": "best", "policy": "nobody"})
    assert "steer" in answer["error"]
