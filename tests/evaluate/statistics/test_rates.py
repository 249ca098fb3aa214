"""Intervals against published values, and their coverage."""

import numpy as np
import pytest

from wam_demo.evaluate.statistics.coverage import newcombe_coverage, wilson_coverage
from wam_demo.evaluate.statistics.rates import newcombe_paired, wilson


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


@pytest.mark.parametrize("n", [20, 100])
def test_intervals_cover_as_stated(n):
    """Nominal 95 %; over true rates from nearly 0 to nearly 1, measured 93 to 97 %."""
    for cover in (wilson_coverage, newcombe_coverage):
        assert 0.93 <= cover(n, 1500, np.random.default_rng(n)) <= 0.97
