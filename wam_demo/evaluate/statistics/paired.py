"""Two policies on the same scenes: difference, interval and test that know that a seed returns.

A seed comes back under every task, axis and severity: it draws the layout, the size of each disturbance and
the policy's noise. Pairs of one seed are therefore alike and count as one observation, not as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from wam_demo.evaluate.statistics.rates import Interval, newcombe_paired

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Seeds = Sequence[int] | NDArray[np.int_]
    Outcomes = Sequence[bool] | NDArray[np.bool_]


ANY_DIFFERENCE = Interval(-1.0, 1.0)


@dataclass(frozen=True)
class PairedComparison:
    """Two policies on the same scenes.

    Attributes:
        pairs: Scenes that both played.
        seeds: Different seeds among them: the independent observations.
        difference: Success rate of the first minus that of the second.
        interval: 95 % confidence interval of the difference.
        p_value: Two-sided sign-flip test of equal policies; McNemar's exact test where no seed returns.
    """

    pairs: int
    seeds: int
    difference: float
    interval: Interval
    p_value: float


def compare_paired(
    seeds: Seeds, first: Outcomes, second: Outcomes, confidence: float = 0.95
) -> PairedComparison:
    """Compare two policies by their successes on the same scenes, in the same order.

    Args:
        seeds: Seed of each scene.
        first: Successes of the first policy.
        second: Of the second.
        confidence: Nominal coverage of the interval.

    Raises:
        ValueError: The sequences are empty or differ in length.
    """
    import numpy as np

    if not len(seeds) == len(first) == len(second) or not len(first):
        raise ValueError(f"need the same scenes for both, got {len(first)} and {len(second)} on {len(seeds)} seeds")
    one, other = np.asarray(first, bool), np.asarray(second, bool)
    table = [int(found.sum()) for found in (one & other, one & ~other, ~one & other, ~one & ~other)]
    sums, counts = by_seed(seeds, one.astype(int) - other)
    return PairedComparison(
        pairs=len(one),
        seeds=len(sums),
        difference=float(sums.sum() / len(one)),
        interval=wider(newcombe_paired(*table, confidence=confidence), sums, counts, ANY_DIFFERENCE, confidence),
        p_value=sign_flip(sums),
    )


def by_seed(seeds: Seeds, values: NDArray[np.int_]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Sums of the (n,) values and number of values of each seed, both (different seeds,)."""
    import numpy as np

    _, place = np.unique(np.asarray(seeds), return_inverse=True)
    sums = np.zeros(place.max() + 1, int)
    np.add.at(sums, place, values)
    return sums, np.bincount(place)


def sign_flip(sums: NDArray[np.int_]) -> float:
    """Two-sided permutation test over seeds, exact for any number of them.

    If the policies are equal they may be exchanged within any seed, which turns the sign of its sum. The
    distribution of the total over all 2^seeds signs is a convolution: seeds of equal size give a scaled binomial.

    Args:
        sums: (seeds,) sum of the differences (first success minus second) of each seed.

    Returns:
        Chance of a total at least as far from 0 as the one found; 1 when no seed tells the policies apart.
    """
    import numpy as np
    from scipy.stats import binom

    chances = np.ones(1)
    for size, times in zip(*np.unique(np.abs(sums[sums != 0]), return_counts=True), strict=True):
        steps = np.zeros(2 * size * times + 1)
        steps[:: 2 * size] = binom.pmf(np.arange(times + 1), times, 0.5)
        chances = np.convolve(chances, steps)
    reach = len(chances) // 2
    totals = np.arange(-reach, reach + 1)
    return float(min(1.0, chances[np.abs(totals) >= abs(sums.sum())].sum()))


def wider(
    independent: Interval,
    sums: NDArray[np.int_],
    counts: NDArray[np.int_],
    everything: Interval,
    confidence: float = 0.95,
) -> Interval:
    """An interval of a mean over scenes, widened by what scenes of one seed have in common.

    It holds both the interval for independent scenes and Student's over the seeds (of the ratio of sums, by
    linearisation). The first alone is too narrow as soon as seeds matter; the second alone collapses when
    hardly anything differs. `coverage` measures it.

    Args:
        independent: Interval that takes the scenes for independent; right where no seed returns.
        sums: (seeds,) sum of the values of each seed.
        counts: (seeds,) number of its scenes.
        everything: What a single seed that returns says: nothing.
        confidence: Nominal coverage.
    """
    import numpy as np
    from scipy.stats import t

    seeds, total = len(sums), counts.sum()
    if seeds == total:
        return independent
    if seeds == 1:
        return everything
    mean = sums.sum() / total
    spread = sqrt(seeds / (seeds - 1) * float(np.square(sums - mean * counts).sum())) / total
    reach = float(t.ppf(0.5 + confidence / 2, seeds - 1)) * spread
    return Interval(
        max(everything.low, min(independent.low, mean - reach)),
        min(everything.high, max(independent.high, mean + reach)),
    )
