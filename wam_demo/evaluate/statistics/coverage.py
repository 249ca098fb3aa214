"""Whether intervals and tests keep their word, by simulation: ``python -m wam_demo.evaluate.statistics.coverage``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from wam_demo.evaluate.statistics.paired import compare_paired
from wam_demo.evaluate.statistics.rates import newcombe_paired, wilson
from wam_demo.evaluate.statistics.sequential import compare_sequentially

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZES = (10, 20, 50, 100, 200)
"""Episodes of a cell."""
AXIS_LOG_ODDS = (-2.0, -0.5, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
"""Of a success under the eight axes of a simulated grid."""
EFFECTS, SEEDS, ADVANTAGES = (0.0, 1.0, 2.0), (18, 150), (0.0, 1.0)
"""Deviations of a seed's effect on one policy, seeds, advantages of the first policy; log-odds."""
SEQUENTIAL_RATES = ((0.5, 0.5), (0.8, 0.8), (0.95, 0.95), (0.9, 0.8), (0.9, 0.6), (0.9, 0.3))
"""True success rates of two policies on which the sequential test is tried; the first three are equal."""


def wilson_coverage(n: int, trials: int, rng: Any) -> float:
    """Share of 95 % Wilson intervals that contain the true rate, over true rates uniform in 0.02 .. 0.98."""
    intervals = [wilson(k, n) for k in range(n + 1)]
    rates = rng.uniform(0.02, 0.98, trials)
    hits = []
    for successes, rate in zip(rng.binomial(n, rates), rates, strict=True):
        hits.append(intervals[successes].low <= rate <= intervals[successes].high)
    return _share(hits)


def newcombe_coverage(n: int, trials: int, rng: Any) -> float:
    """The same for Newcombe's paired interval: two policies whose luck is shared by half of the seeds."""
    import numpy as np

    rates = rng.uniform(0.05, 0.95, (trials, 2))
    first, second = _paired(rates[:, :1], rates[:, 1:], 0.5, (trials, n), rng)
    table = np.stack([(first & second).sum(1), (first & ~second).sum(1), (~first & second).sum(1)], 1)
    hits = []
    for (both, one, two), (p, q) in zip(table.tolist(), rates, strict=True):
        interval = newcombe_paired(both, one, two, n - both - one - two)
        hits.append(interval.low <= p - q <= interval.high)
    return _share(hits)


INTERVALS: dict[str, Callable[[int, int, Any], float]] = {
    "Wilson, one rate": wilson_coverage,
    "Newcombe, paired difference": newcombe_coverage,
}


def measure(trials: int, seed: int = 0, sizes: Sequence[int] = SIZES) -> dict[str, dict[int, float]]:
    """Coverage by interval and number of episodes."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return {name: {n: cover(n, trials, rng) for n in sizes} for name, cover in INTERVALS.items()}


def decided_after(
    first_rate: float, second_rate: float, *, shared: float, seeds: int, trials: int, alpha: float = 0.05, seed: int = 0
) -> NDArray[np.int64]:
    """When `compare_sequentially` decides, looked at after every seed.

    Args:
        first_rate: Success rate of the first policy.
        second_rate: Of the second.
        shared: Share of seeds on which both have the same luck.
        seeds: Seeds of one comparison, each with one scene.
        trials: Comparisons.
        alpha: Level.
        seed: Of the simulation.

    Returns:
        (trials,) seeds after which it decided, ``seeds + 1`` if never.
    """
    import numpy as np

    first, second = _paired(first_rate, second_rate, shared, (trials, seeds), np.random.default_rng(seed))
    found = [compare_sequentially(row, alpha).decided_after for row in first.astype(int) - second]
    return np.array([seeds + 1 if after is None else after for after in found])


@dataclass(frozen=True)
class Clustered:
    """How a comparison does on seeds that return: shares of simulated grids.

    Attributes:
        rejected: The test of equal policies is at most 0.05.
        covered: The 95 % interval holds the true difference.
        decided: The anytime-valid test at level 0.05 ever decides.
    """

    rejected: float
    covered: float
    decided: float


def returning_seeds(
    effect: float, seeds: int, trials: int, rng: Any, advantage: float = 0.0
) -> tuple[Clustered, Clustered]:
    """Two policies under eight axes, with scenes that suit one of them better than the other.

    The log-odds of a success are the axis's, plus the seed's (standard deviation 1, the same for both), plus the
    seed's for this policy.

    Args:
        effect: Standard deviation of the seed's effect on one policy [log-odds]; 0 makes pairs independent.
        seeds: Seeds of a grid.
        trials: Grids.
        rng: Draws them.
        advantage: Of the first policy [log-odds]; 0 makes them equal.

    Returns:
        By seed, as everywhere here; and with every pair taken for independent, as one must not.
    """
    import numpy as np
    from scipy.special import expit

    true = _true_difference(effect, advantage)
    names = np.repeat(np.arange(seeds), len(AXIS_LOG_ODDS))
    rows: dict[bool, list[tuple[bool, bool, bool]]] = {True: [], False: []}
    for _ in range(trials):
        odds = AXIS_LOG_ODDS + rng.normal(0, 1, (seeds, 1)) + rng.normal(0, effect, (2, seeds, 1))
        odds[0] += advantage
        first, second = (rng.random(odds.shape) < expit(odds)).reshape(2, -1)
        for of_seed, units in ((True, names), (False, np.arange(len(names)))):
            found = compare_paired(np.stack([units, first, second], 1).tolist())
            sums = np.bincount(units, first.astype(float) - second)
            rows[of_seed].append(
                (
                    found.p_value <= 0.05,
                    found.interval.low <= true <= found.interval.high,
                    compare_sequentially(sums).decided_after is not None,
                )
            )
    return Clustered(*map(float, np.mean(rows[True], axis=0))), Clustered(*map(float, np.mean(rows[False], axis=0)))


def _true_difference(effect: float, advantage: float) -> float:
    """Difference of the mean success rates over all scenes."""
    import numpy as np
    from scipy.special import expit

    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    odds = np.array(AXIS_LOG_ODDS)[:, None] + np.hypot(1, effect) * nodes
    return float(((expit(odds + advantage) - expit(odds)) @ weights).mean() / weights.sum())


def _paired(first_rate: Any, second_rate: Any, shared: float, shape: tuple[int, int], rng: Any) -> tuple[Any, Any]:
    """Outcomes of two policies on the same seeds; on a share of the seeds both have the same luck."""
    import numpy as np

    luck = rng.random(shape)
    other = np.where(rng.random(shape) < shared, luck, rng.random(shape))
    return luck < first_rate, other < second_rate


def _share(hits: Sequence[bool]) -> float:
    return float(sum(hits) / len(hits))


def main() -> None:
    """Print the tables."""
    import numpy as np

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name, by_size in measure(8 * options.trials, options.seed).items():
        print(name, {n: round(share, 3) for n, share in by_size.items()})
    for rates in SEQUENTIAL_RATES:
        after = decided_after(*rates, shared=0.5, seeds=500, trials=options.trials, seed=options.seed)
        decided = float(np.mean(after <= 500))
        median = f", median {np.median(after):.0f} seeds" if decided > 0.5 else ""
        print(f"sequential, rates {rates[0]} and {rates[1]}: {decided:.3f} decided{median}")
    rng = np.random.default_rng(options.seed)
    for seeds, effect, advantage in product(SEEDS, EFFECTS, ADVANTAGES):
        by_seed, pooled = returning_seeds(effect, seeds, options.trials, rng, advantage)
        where = f"{seeds} seeds, effect {effect:g}, advantage {advantage:g}"
        for name, found in (("by seed", by_seed), ("pairs as if independent", pooled)):
            print(
                f"{where}, {name}: rejected {found.rejected:.3f}, covered {found.covered:.3f}, "
                f"decided at any time {found.decided:.3f}"
            )


if __name__ == "__main__":
    main()
