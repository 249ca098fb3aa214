"""Two policies on the same scenes: difference, interval and test, with a seed as the unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wam_demo.evaluate.statistics.rates import Interval, newcombe_paired
from wam_demo.evaluate.statistics.seeds import by_seed, wider

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


ANY_DIFFERENCE = Interval(-1.0, 1.0)


@dataclass(frozen=True)
class PairedComparison:
    """Two policies on the same scenes.

    Attributes:
        pairs: Scenes that both played.
        seeds: Different seeds among them: the independent observations.
        only_first: Scenes on which only the first succeeded.
        only_second: Scenes on which only the second did.
        difference: Success rate of the first minus that of the second.
        interval: 95 % confidence interval of the difference.
        p_value: Two-sided sign-flip test of equal policies; McNemar's exact test where no seed returns.
    """

    pairs: int
    seeds: int
    only_first: int
    only_second: int
    difference: float
    interval: Interval
    p_value: float


def compare_paired(scenes: Sequence[tuple[int, bool, bool]], confidence: float = 0.95) -> PairedComparison:
    """Compare two policies by their successes on the same scenes.

    Args:
        scenes: Seed of each scene, success of the first policy, success of the second.
        confidence: Nominal coverage of the interval.

    Raises:
        ValueError: There is no scene.
    """
    import numpy as np

    if not len(scenes):
        raise ValueError("there is no scene to compare on")
    seeds, first, second = np.asarray(scenes, int).T
    both, only_first = int((first & second).sum()), int((first > second).sum())
    only_second, pairs = int((second > first).sum()), len(seeds)
    sums, counts = by_seed(seeds, first - second)
    independent = newcombe_paired(both, only_first, only_second, pairs - both - only_first - only_second, confidence)
    return PairedComparison(
        pairs=pairs,
        seeds=len(sums),
        only_first=only_first,
        only_second=only_second,
        difference=(only_first - only_second) / pairs,
        interval=wider(independent, sums, counts, ANY_DIFFERENCE, confidence),
        p_value=sign_flip(sums),
    )


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
