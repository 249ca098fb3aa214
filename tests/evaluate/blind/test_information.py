"""Matches are drawn where a vote says most: where policies differ, and who is not yet told apart."""

from collections import Counter

import pytest

from wam_demo.evaluate.blind.information import Information, Played
from wam_demo.evaluate.blind.match import EVEN_EVERY, Pairing, Pool, draw
from wam_demo.evaluate.blind.votes import Tally

LIGHT = [Played("a", "light", 3, True)] * 9 + [Played("b", "light", 3, False)] * 9
ALIKE = [Played(name, axis, severity, True) for name in "ab" for axis, severity in (("none", 0), ("shove", 2))] * 9
POOL = Pool(("a", "b"), ("reach",), ("light", "shove"))


def pairing(axis: str, severity: int, left: str = "a", right: str = "b") -> Pairing:
    return Pairing(left, right, "reach", 500_000, axis, severity)


def test_a_pairing_on_which_they_differ_is_worth_more():
    known = Information([*LIGHT, *ALIKE])
    assert known.worth(pairing("light", 3)) > 4 * known.worth(pairing("shove", 2))
    assert known.worth(pairing("light", 3)) == known.worth(pairing("light", 3, "b", "a"))


def test_what_nobody_has_played_is_worth_trying_and_severities_speak_for_their_neighbours():
    known = Information([*LIGHT, *ALIKE])
    assert known.worth(pairing("noise", 3)) > known.worth(pairing("shove", 2))
    at = [known.worth(pairing("light", severity)) for severity in (3, 4, 5)]
    assert at == sorted(at, reverse=True)


def test_a_pair_that_is_told_apart_is_worth_less():
    known = Information([], [Tally("a", "b", first_wins=30), Tally("a", "c", ties=2)])
    worth = {right: known.worth(pairing("light", 3, "a", right)) for right in "bcd"}
    assert worth["b"] < worth["c"] < worth["d"]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_of_one_vote_the_variance_shrinks_by_what_was_promised(number):
    """For Beta(a, b): Var = ab / ((a+b)^2 (a+b+1)), and its expectation after one more vote is Var (a+b) / (a+b+1)."""
    a, b = 1 + number, 1
    variance = a * b / ((a + b) ** 2 * (a + b + 1))
    known = Information([], [Tally("a", "b", first_wins=number)])
    assert known.worth(pairing("light", 3)) == pytest.approx(0.5 * variance / (a + b + 1))


def test_most_matches_are_informative_and_every_fifth_is_drawn_evenly():
    worth = Information([*LIGHT, *ALIKE]).worth
    drawn = [draw(number, 0, POOL, worth) for number in range(200)]
    even = [draw(number, 0, POOL) for number in range(200)]
    assert drawn == [draw(number, 0, POOL, worth) for number in range(200)]
    chosen = Counter(m.axis for number, m in enumerate(drawn) if number % EVEN_EVERY)
    assert chosen["light"] > 140
    assert drawn[::EVEN_EVERY] == even[::EVEN_EVERY]
    assert {m.axis for m in drawn} == {"none", "light", "shove"}
    assert 70 < sum(m.left == "a" for m in drawn) < 130
