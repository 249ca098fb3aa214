"""Seeds that return: scenes of one seed are alike and count as one observation, not as many.

A seed comes back under every task, axis and severity: it draws the layout, the size of each disturbance and
the policy's noise, and shares them between tasks. So the unit is the seed, over tasks too.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

from wam_demo.evaluate.statistics.rates import Interval, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def rate_interval(scenes: Sequence[tuple[int, bool]], confidence: float = 0.95) -> Interval:
    """Interval of a success rate; Wilson's where no seed returns.

    Args:
        scenes: Seed of each scene, at least one, and whether it ended in success.
        confidence: Nominal coverage.
    """
    import numpy as np

    sums, counts = by_seed(*np.asarray(scenes, int).T)
    independent = wilson(int(sums.sum()), int(counts.sum()), confidence)
    return wider(independent, sums, counts, Interval(0.0, 1.0), confidence)


def by_seed(seeds: NDArray[np.int_], values: NDArray[np.int_]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Sums of the (n,) values and number of values of each seed, both (different seeds,)."""
    import numpy as np

    _, place = np.unique(seeds, return_inverse=True)
    sums = np.zeros(place.max() + 1, int)
    np.add.at(sums, place, values)
    return sums, np.bincount(place)


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
