"""Scores follow the votes, and their intervals get narrower with more of them."""

from wam_demo.evaluate.blind.scores import score
from wam_demo.evaluate.blind.votes import Tally


def test_no_votes_no_scores():
    assert score([]) == []


def test_who_is_preferred_stands_first():
    scores = score([Tally("a", "b", 2, 8, 1, 1), Tally("a", "c", 6, 1, 0, 0)])
    assert [s.policy for s in scores] == ["b", "a", "c"]
    assert all(0 < s.low < s.share < s.high < 1 for s in scores)
    assert [s.votes for s in scores] == [12, 19, 7]


def test_both_bad_counts_like_as_good():
    assert score([Tally("a", "b", 3, 1, 2, 0)]) == score([Tally("a", "b", 3, 1, 0, 2)])


def test_more_votes_say_more():
    few, many = score([Tally("a", "b", 3, 1)])[0], score([Tally("a", "b", 30, 10)])[0]
    assert many.high - many.low < few.high - few.low
