"""Every guest gets a match of their own, in the order of arrival, and nobody waits for somebody who left."""

import threading
import time

import pytest

from tests.fakes.blind import match
from wam_demo.errors import CheckpointError, InvalidInputError
from wam_demo.evaluate.blind.votes import VoteStore
from wam_demo.ui.blind import matches as blind_matches
from wam_demo.ui.blind.matches import BlindMatches


class Maker:
    """Plays a match whenever it is allowed to."""

    def __init__(self) -> None:
        self.allowed = threading.Semaphore(0)
        self.numbers: list[int] = []
        self.fails: list[object] = []

    def __call__(self, number):
        self.allowed.acquire(timeout=5)
        self.numbers.append(number)
        if self.fails:
            failure = self.fails.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return None
        return match(number, b"%d" % number)


@pytest.fixture
def maker():
    return Maker()


@pytest.fixture
def matches(maker, tmp_path):
    opened = BlindMatches(maker, VoteStore(tmp_path / "votes.sqlite3"), idle_s=60, ahead=1)
    yield opened
    for _ in range(8):
        maker.allowed.release()
    opened.close()


def until(place):
    """Look until there is a match."""
    end = time.monotonic() + 5
    while (found := place()).name is None:
        assert time.monotonic() < end, "no match came"
        time.sleep(0.01)
    return found


def test_the_worker_rests_until_somebody_comes(matches, maker):
    maker.allowed.release()
    time.sleep(0.1)
    assert maker.numbers == []
    assert until(lambda: matches.look("a")).match.pairing.task == "reach"


def test_guests_wait_in_the_order_of_arrival(matches, maker):
    assert [matches.look(key).position for key in "abc"] == [1, 2, 3]
    maker.allowed.release()
    first = until(lambda: matches.look("a"))
    assert [matches.look(key).position for key in "bc"] == [1, 2]
    maker.allowed.release()
    second = until(lambda: matches.look("b"))
    assert first.name != second.name
    assert matches.look("a").name == first.name
    assert matches.look("c").position == 1
    assert matches.look("c").wait_s > 0


def test_a_vote_is_stored_and_the_next_match_comes(matches, maker):
    maker.allowed.release(2)
    place = until(lambda: matches.look("a"))
    matches.vote("a", place.name, "left")
    assert matches.store.tallies({"steer": "", "hold": ""})[0].second_wins == 1
    following = until(lambda: matches.take_next("a"))
    assert following.name != place.name
    with pytest.raises(InvalidInputError, match="already"):
        matches.vote("a", place.name, "right")


def test_a_match_without_a_vote_goes_to_somebody_else(matches, maker):
    maker.allowed.release()
    place = until(lambda: matches.look("a"))
    matches.look("b")
    matches.take_next("a")
    assert until(lambda: matches.look("b")).name == place.name


def test_somebody_who_left_does_not_hold_up_the_queue(matches, maker, monkeypatch):
    monkeypatch.setattr(blind_matches, "ABSENT_S", 0.2)
    matches.look("a")
    time.sleep(0.3)
    assert matches.look("b").position == 1


def test_only_who_looks_at_a_match_gets_its_videos(matches, maker):
    maker.allowed.release()
    place = until(lambda: matches.look("a"))
    assert matches.video("a", place.name, "left") == b"0"
    for key, side in (("b", "left"), ("a", "middle")):
        with pytest.raises(InvalidInputError, match="over"):
            matches.video(key, place.name, side)


def test_a_technical_failure_is_told_and_the_next_match_is_another(matches, maker, monkeypatch):
    monkeypatch.setattr(blind_matches, "RETRY_S", 0.3)
    maker.fails = [CheckpointError("no checkpoint at x"), None]
    matches.look("a")
    maker.allowed.release()
    end = time.monotonic() + 5
    while "no checkpoint at x" not in matches.look("a").trouble:
        assert time.monotonic() < end
        time.sleep(0.01)
    maker.allowed.release(2)
    place = until(lambda: matches.look("a"))
    assert maker.numbers[:3] == [0, 1, 2]
    assert place.trouble == ""


def test_after_a_restart_old_matches_can_be_voted_on_and_numbers_go_on(tmp_path, maker):
    store = VoteStore(tmp_path / "votes.sqlite3")
    store.keep("from-before", match())
    matches = BlindMatches(maker, VoteStore(store.path), ahead=1)
    matches.vote("a", "from-before", "tie")
    assert store.tallies({"steer": "", "hold": ""})[0].ties == 1
    maker.allowed.release()
    assert until(lambda: matches.look("a")).match.pairing.scene == 500_001
    maker.allowed.release(4)
    matches.close()
