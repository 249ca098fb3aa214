"""Bootstrap intervals of ratios of sums over episodes."""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 9999
CONFIDENCE = 0.95
SEED = 0

Sums = NDArray[np.float64]
"""(episodes,) numerators or denominators."""


def ratio_interval(numerator: Sums, denominator: Sums) -> tuple[float, float]:
    """95 % interval of ``sum(numerator) / sum(denominator)``, episodes resampled (bias-corrected, accelerated).

    Raises:
        ValueError: There are fewer than two episodes.
    """
    return _interval((numerator, denominator), lambda n, d, axis: n.sum(axis) / d.sum(axis))


def difference_interval(first: tuple[Sums, Sums], second: tuple[Sums, Sums]) -> tuple[float, float]:
    """95 % interval of the difference of two such ratios over the same episodes, resampled together.

    Raises:
        ValueError: There are fewer than two episodes.
    """

    def statistic(n: Sums, d: Sums, m: Sums, e: Sums, axis: int) -> Sums:
        return n.sum(axis) / d.sum(axis) - m.sum(axis) / e.sum(axis)

    return _interval((*first, *second), statistic)


def _interval(samples: tuple[Sums, ...], statistic: Callable[..., Sums]) -> tuple[float, float]:
    from scipy.stats import DegenerateDataWarning, bootstrap

    if len(samples[0]) < 2:
        raise ValueError("an interval needs at least two episodes")
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", DegenerateDataWarning)
        resampled = bootstrap(
            samples, statistic, paired=True, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, rng=SEED
        )
    low, high = resampled.confidence_interval
    if np.isnan([low, high]).any():  # no correction exists where every episode says the same
        tail = 50 * (1 - CONFIDENCE)
        low, high = np.percentile(resampled.bootstrap_distribution, [tail, 100 - tail])
    return float(low), float(high)
