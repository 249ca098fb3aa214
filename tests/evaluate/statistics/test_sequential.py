"""The anytime-valid test: its closed form, its level under constant peeking, and its power."""

import numpy as np
import pytest
from scipy.special import betaln

from wam_demo.evaluate.statistics.coverage import decisions
from wam_demo.evaluate.statistics.sequential import SequentialComparison, compare_sequentially


def test_the_product_of_bets_is_the_closed_form():
    rng = np.random.default_rng(0)
    pairs = [(bool(a), bool(b)) for a, b in rng.random((60, 2)) < [0.8, 0.5]]
    result = compare_sequentially(pairs)
    wins, losses = pairs.count((True, False)), pairs.count((False, True))
    assert (result.pairs, result.only_first, result.only_second) == (60, wins, losses)
    expected = np.exp(betaln(wins + 0.5, losses + 0.5) - betaln(0.5, 0.5)) * 2.0 ** (wins + losses)
    assert result.e_value == pytest.approx(expected)
    assert result.p_value <= min(1, 1 / expected) * (1 + 1e-9)


@pytest.mark.parametrize(("rate", "shared"), [(0.5, 0.0), (0.8, 0.5), (0.95, 0.0)])
def test_looking_after_every_seed_keeps_the_level(rate, shared):
    """Equal policies, 500 seeds, a look after each: at most 5 % are ever called different."""
    decided, _ = decisions(rate, rate, shared=shared, seeds=500, trials=4000)
    assert np.mean(decided <= 500) <= 0.05


def test_repeated_mcnemar_tests_would_not_keep_it():
    """What the test above guards against: the fixed-sample test after every seed rejects far too often."""
    from wam_demo.evaluate.statistics.rates import mcnemar_exact

    rng = np.random.default_rng(4)
    coins = rng.random((300, 150)) < 0.5
    wins = coins.cumsum(1)
    wrong = [any(mcnemar_exact(int(w), k + 1 - int(w)) <= 0.05 for k, w in enumerate(row)) for row in wins]
    assert np.mean(wrong) > 0.15


def test_a_difference_is_found_early():
    decided, (first, second) = decisions(0.9, 0.6, shared=0.3, seeds=200, trials=1000)
    assert np.mean(decided <= 200) > 0.98
    assert np.median(decided) < 80
    comparison = SequentialComparison()
    for a, b in zip(first[0], second[0], strict=True):
        comparison.add(bool(a), bool(b))
    assert comparison.result.decided_after == decided[0]


def test_a_decision_stays_and_agreeing_seeds_change_nothing():
    result = compare_sequentially([(True, False)] * 12)
    assert result.decided_after is not None
    later = compare_sequentially([(True, False)] * 12 + [(True, True)] * 5 + [(False, True)] * 12)
    assert later.decided_after == result.decided_after
    assert later.p_value == result.p_value
    assert later.e_value < result.e_value


@pytest.mark.parametrize("alpha", [0, 1, -0.1])
def test_a_level_is_between_0_and_1(alpha):
    with pytest.raises(ValueError, match="alpha"):
        SequentialComparison(alpha)
