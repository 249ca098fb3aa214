"""Bradley-Terry: known solutions, finite scores, and the coverage of its intervals."""

import math

import numpy as np
import pytest

from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.statistics.preference import Vote, bradley_terry, win_probability


def votes(first, second, wins, losses, ties=0):
    return [
        *[Vote(first, second, first)] * wins,
        *[Vote(second, first, second)] * losses,
        *[Vote(first, second, None)] * ties,
    ]


def test_two_policies_have_the_log_odds_of_their_votes():
    best, other = bradley_terry(votes("a", "b", 29, 9, ties=2))
    assert (best.policy, best.votes, best.wins, other.wins) == ("a", 40, 30.0, 10.0)
    assert best.score - other.score == pytest.approx(math.log(30.5 / 10.5), abs=2e-3)
    assert win_probability(best, other) == pytest.approx(30.5 / 41, abs=1e-3)
    assert best.interval.low < best.score < best.interval.high
    assert best.elo + other.elo == pytest.approx(2000)
    assert best.elo_interval.high > best.elo


def test_three_policies_are_transitive_and_the_order_of_votes_does_not_matter():
    cast = votes("a", "b", 15, 5) + votes("b", "c", 15, 5)
    ranked = bradley_terry(cast)
    assert [strength.policy for strength in ranked] == ["a", "b", "c"]
    assert ranked[1].score == pytest.approx(0, abs=1e-6)
    # a and c never met: their chance follows from b
    assert win_probability(ranked[0], ranked[2]) > 0.85
    again = bradley_terry(cast[::-1])
    assert [s.score for s in again] == pytest.approx([s.score for s in ranked])


def test_scores_stay_finite_and_ignorance_shows():
    unbeaten, _ = bradley_terry(votes("a", "b", 5, 0))
    assert unbeaten.interval.low < 0.6 < unbeaten.interval.high < 10
    apart = bradley_terry(votes("a", "b", 5, 5) + votes("c", "d", 5, 5))
    assert all(strength.interval.high > 5 for strength in apart)
    assert bradley_terry([]) == []


@pytest.mark.parametrize("vote", [("a", "a", "a"), ("a", "b", "c")])
def test_votes_that_make_no_sense_are_refused(vote):
    with pytest.raises(InvalidInputError):
        Vote(*vote)


def test_intervals_cover_as_stated():
    rng, truth = np.random.default_rng(1), np.array([0.8, 0.0, -0.8])
    hits = []
    for _ in range(300):
        cast = []
        for i, j in [(0, 1), (1, 2), (0, 2)]:
            wins = int(rng.binomial(25, 1 / (1 + np.exp(truth[j] - truth[i]))))
            cast += votes(str(i), str(j), wins, 25 - wins)
        for strength in bradley_terry(cast):
            hits.append(strength.interval.low <= truth[int(strength.policy)] <= strength.interval.high)
    assert 0.93 <= np.mean(hits) <= 0.97
