"""Today's best: ordered, bounded, by day and policy."""

from datetime import date

import pytest

from wam_demo.ui.challenge.board import PLACES, Board
from wam_demo.ui.share.store import Share, ShareStore

TODAY, TOMORROW = date(2026, 5, 1), date(2026, 5, 2)


@pytest.fixture
def enter(tmp_path):
    path = tmp_path / "shares.sqlite3"
    store, board = ShareStore(path), Board(path)

    def one(size, day=TODAY, policy="wam"):
        name = store.keep(Share("packed", f"at {size}", b""))
        return board.enter(day, policy, size, name)

    one.board = board
    return one


def test_the_smallest_come_first_and_equal_ones_after_those_before(enter):
    assert [enter(2.0), enter(1.0), enter(3.0), enter(2.0)] == [1, 1, 3, 3]
    assert [entry.line for entry in enter.board.best(TODAY, "wam")] == ["at 1.0", "at 2.0", "at 2.0", "at 3.0"]


def test_every_policy_and_day_has_its_own(enter):
    enter(1.0)
    assert enter.board.best(TODAY, "agra") == []
    enter(2.0, TOMORROW)
    assert [entry.size for entry in enter.board.best(TOMORROW, "wam")] == [2.0]
    assert enter.board.best(TODAY, "wam") == []


def test_what_would_not_be_shown_is_not_wanted(enter):
    for _ in range(PLACES):
        assert enter.board.deserves(TODAY, "wam", 2.0)
        enter(2.0)
    assert not enter.board.deserves(TODAY, "wam", 2.0)
    assert enter.board.deserves(TODAY, "wam", 1.9)


def test_before_anything_was_shared_it_is_empty(tmp_path):
    assert Board(tmp_path / "shares.sqlite3").best(TODAY, "wam") == []
