"""The anytime-valid test: its closed form, its level under constant peeking, and its power."""

import numpy as np
import pytest
from scipy.special import betaln

from wam_demo.evaluate.statistics.coverage import decided_after
from wam_demo.evaluate.statistics.paired import sign_flip
from wam_demo.evaluate.statistics.sequential import compare_sequentially


def test_without_returning_seeds_it_is_the_closed_form():
    """Krichevsky and Trofimov's bet on the coin of McNemar's test."""
    rng = np.random.default_rng(0)
    steps = [int(a) - int(b) for a, b in rng.random((60, 2)) < [0.8, 0.5]]
    result = compare_sequentially(steps)
    wins, losses = steps.count(1), steps.count(-1)
    expected = np.exp(betaln(wins + 0.5, losses + 0.5) - betaln(0.5, 0.5)) * 2.0 ** (wins + losses)
    assert result.seeds == 60
    assert result.e_value == pytest.approx(expected)
    assert result.p_value <= min(1, 1 / expected) * (1 + 1e-9)


@pytest.mark.parametrize("sizes", [(1,), (1, 2, 5), (8,)])
def test_the_capital_is_a_martingale(sizes):
    """Over all signs of the seeds' differences the mean capital is exactly 1."""
    sums = np.array([sizes[k % len(sizes)] for k in range(8)])
    signs = 1 - 2 * ((np.arange(256)[:, None] >> np.arange(8)) & 1)
    assert np.mean([compare_sequentially(row).e_value for row in signs * sums]) == pytest.approx(1)


@pytest.mark.parametrize(("rate", "shared"), [(0.5, 0.0), (0.8, 0.5), (0.95, 0.0)])
def test_looking_after_every_seed_keeps_the_level(rate, shared):
    """Equal policies, 300 seeds, a look after each: at most 5 % are ever called different."""
    assert np.mean(decided_after(rate, rate, shared=shared, seeds=300, trials=400) <= 300) <= 0.05


def test_repeated_fixed_sample_tests_would_not_keep_it():
    """What the test above guards against: the fixed-sample test again and again rejects far too often."""
    coins = np.where(np.random.default_rng(4).random((150, 240)) < 0.5, 1, -1)
    wrong = [any(sign_flip(row[:k]) <= 0.05 for k in range(10, 241, 5)) for row in coins]
    assert np.mean(wrong) > 0.12


def test_a_difference_is_found_early():
    decided = decided_after(0.9, 0.6, shared=0.3, seeds=200, trials=300)
    assert np.mean(decided <= 200) > 0.98
    assert np.median(decided) < 80


def test_a_decision_stays_and_agreeing_seeds_change_nothing():
    result = compare_sequentially([1] * 12)
    assert result.decided_after is not None
    later = compare_sequentially([1] * 12 + [0] * 5 + [-1] * 12)
    assert later.decided_after == result.decided_after
    assert later.p_value == result.p_value
    assert later.e_value < result.e_value


def test_nothing_seen_yet():
    result = compare_sequentially([])
    assert (result.seeds, result.e_value, result.p_value, result.decided_after) == (0, 1.0, 1.0, None)


@pytest.mark.parametrize("alpha", [0, 1, -0.1])
def test_a_level_is_between_0_and_1(alpha):
    with pytest.raises(ValueError, match="alpha"):
        compare_sequentially([1], alpha)
