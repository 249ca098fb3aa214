"""Intervals and tests against published values, and their coverage."""

import numpy as np
import pytest

from wam_demo.evaluate.statistics.coverage import newcombe_coverage, wilson_coverage
from wam_demo.evaluate.statistics.rates import compare_paired, mcnemar_exact, newcombe_paired, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, Statistics in Medicine 17, 857-872, table I
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_published_values(successes, n, low, high):
    interval = wilson(successes, n)
    assert interval.low == pytest.approx(low, abs=1e-4)
    assert interval.high == pytest.approx(high, abs=1e-4)


def test_newcombe_published_value():
    """Complete response before and after consolidation, Fagerland et al., chapter 8."""
    interval = newcombe_paired(59, 6, 16, 80)
    assert interval.low == pytest.approx(-0.1186, abs=1e-4)
    assert interval.high == pytest.approx(-0.0046, abs=1e-4)


def test_newcombe_is_antisymmetric_and_survives_empty_margins():
    forward, backward = newcombe_paired(10, 7, 2, 5), newcombe_paired(10, 2, 7, 5)
    assert forward.low == pytest.approx(-backward.high)
    assert forward.high == pytest.approx(-backward.low)
    same = newcombe_paired(20, 0, 0, 0)
    assert same.low < 0 < same.high


def test_mcnemar_known_values():
    assert mcnemar_exact(6, 16) == pytest.approx(0.0525, abs=1e-4)
    assert mcnemar_exact(0, 5) == pytest.approx(0.0625)
    assert mcnemar_exact(0, 0) == 1.0


def test_compare_paired_counts_discordant_seeds():
    first = [True] * 8 + [False] * 2
    second = [True] * 4 + [False] * 6
    comparison = compare_paired(first, second)
    assert comparison.difference == pytest.approx(0.4)
    assert comparison.interval.low < 0.4 < comparison.interval.high
    assert comparison.p_value == pytest.approx(0.125)


@pytest.mark.parametrize("other", [[], [True]])
def test_compare_paired_needs_the_same_seeds(other):
    with pytest.raises(ValueError, match="same seeds"):
        compare_paired([], other)


@pytest.mark.parametrize("n", [20, 100])
def test_intervals_cover_as_stated(n):
    """Nominal 95 %; over true rates from nearly 0 to nearly 1, measured 93 to 97 %."""
    for cover in (wilson_coverage, newcombe_coverage):
        assert 0.93 <= cover(n, 1500, np.random.default_rng(n)) <= 0.97
