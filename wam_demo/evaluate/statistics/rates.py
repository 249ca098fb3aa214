"""Intervals of one success rate, and of the difference of two on scenes that are independent."""

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt


@dataclass(frozen=True)
class Interval:
    """A confidence interval, ends included."""

    low: float
    high: float


@lru_cache(4096)
def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson score interval of a success rate.

    Args:
        successes: 0 .. n.
        n: Trials, at least 1.
        confidence: Nominal coverage, e.g. 0.95.

    Raises:
        ValueError: ``n`` is below 1 or ``successes`` is not in 0 .. n.
    """
    from scipy.stats import binomtest

    interval = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return Interval(float(interval.low), float(interval.high))


def newcombe_paired(both: int, only_first: int, only_second: int, neither: int, confidence: float = 0.95) -> Interval:
    """Interval of the difference of two paired success rates.

    Newcombe, Statistics in Medicine 17 (1998) 2635-2650, method 10: Wilson limits of both rates,
    joined by square-and-add with the continuity-corrected correlation of the pairs.

    Args:
        both: Seeds on which both policies succeed.
        only_first: Seeds on which only the first succeeds.
        only_second: Seeds on which only the second succeeds.
        neither: Seeds on which both fail.
        confidence: Nominal coverage.
    """
    n = both + only_first + only_second + neither
    first, second = (both + only_first) / n, (both + only_second) / n
    limits1 = wilson(both + only_first, n, confidence)
    limits2 = wilson(both + only_second, n, confidence)
    phi = _corrected_correlation(both, only_first, only_second, neither)

    def half_width(reach1: float, reach2: float) -> float:
        return sqrt(max(reach1**2 - 2 * phi * reach1 * reach2 + reach2**2, 0.0))

    difference = first - second
    return Interval(
        difference - half_width(first - limits1.low, limits2.high - second),
        difference + half_width(limits1.high - first, second - limits2.low),
    )


def _corrected_correlation(a: int, b: int, c: int, d: int) -> float:
    """Newcombe's phi: positive association is shrunk by n / 2 towards 0, zero margins give 0."""
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return 0.0
    association = float(a * d - b * c)
    if association > 0:
        association = max(association - (a + b + c + d) / 2, 0.0)
    return association / sqrt(margins)
