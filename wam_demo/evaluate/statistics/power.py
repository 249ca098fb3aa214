"""How large a difference a number of scenes can show, before they are played."""

from __future__ import annotations

from math import ceil, sqrt

BASE_RATE = 0.8
"""Success rate of the better policy, unless told otherwise."""
CORRELATION = 0.3
"""Of the successes of two policies on the same scene; about what `agra` and `wam` show on disturbed scenes."""
SEED_CORRELATION = 0.1
"""Of the differences of one seed under two conditions."""


def detectable_difference(
    scenes: int,
    *,
    base_rate: float = BASE_RATE,
    correlation: float = CORRELATION,
    conditions: int = 1,
    seed_correlation: float = SEED_CORRELATION,
    power: float = 0.8,
    alpha: float = 0.05,
) -> float | None:
    """The smallest difference of two success rates that the paired test finds with probability ``power``.

    By the normal approximation: (z_alpha/2 + z_power)^2 times the variance of a seed's mean difference, over the
    number of seeds. The variance is that of two correlated coins, shared by the conditions of a seed.

    Args:
        scenes: Different seeds, at least 1.
        base_rate: Success rate of the better policy, in 0 .. 1.
        correlation: Of the successes of both policies on one scene.
        conditions: Tasks times axes and severities under which each seed returns.
        seed_correlation: Of the differences of one seed under two conditions.
        power: Probability of finding it, in 0.5 .. 1.
        alpha: Level of the two-sided test.

    Returns:
        A difference in 0 .. ``base_rate``; ``None`` if even the largest is not found that often.

    Raises:
        ValueError: ``base_rate`` is not between 0 and 1.
    """
    from scipy.optimize import brentq

    _require_rate(base_rate)

    def excess(difference: float) -> float:
        variance = _variance(difference, base_rate, correlation, conditions, seed_correlation)
        return difference - _quantiles(power, alpha) * sqrt(variance / scenes)

    return float(brentq(excess, 0.0, base_rate)) if excess(base_rate) > 0 else None


def scenes_needed(
    difference: float,
    *,
    base_rate: float = BASE_RATE,
    correlation: float = CORRELATION,
    conditions: int = 1,
    seed_correlation: float = SEED_CORRELATION,
    power: float = 0.8,
    alpha: float = 0.05,
) -> int:
    """Seeds after which a difference of two success rates is found with probability ``power``.

    Args as of `detectable_difference`.

    Raises:
        ValueError: ``base_rate`` is not between 0 and 1, or ``difference`` not above 0 and at most that.
    """
    _require_rate(base_rate)
    if not 0 < difference <= base_rate:
        raise ValueError(f"the difference must lie between 0 and the base rate {base_rate}, got {difference}")
    variance = _variance(difference, base_rate, correlation, conditions, seed_correlation)
    return max(2, ceil(variance * (_quantiles(power, alpha) / difference) ** 2))


def _require_rate(base_rate: float) -> None:
    if not 0 < base_rate < 1:
        raise ValueError(f"the base rate must lie between 0 and 1, got {base_rate}")


def _quantiles(power: float, alpha: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(1 - alpha / 2) + norm.ppf(power))


def _variance(difference: float, base_rate: float, correlation: float, conditions: int, alike: float) -> float:
    """Of the mean difference of one seed; the correlation is bounded by what two rates allow."""
    better, worse = base_rate, base_rate - difference
    spread = sqrt(better * (1 - better) * worse * (1 - worse))
    covariance = min(correlation * spread, worse * (1 - better))
    pair = better * (1 - better) + worse * (1 - worse) - 2 * covariance
    return pair * (1 + (conditions - 1) * alike) / conditions
