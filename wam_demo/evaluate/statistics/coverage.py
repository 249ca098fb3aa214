"""Whether intervals and tests keep their word, by simulation: ``python -m wam_demo.evaluate.statistics.coverage``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from wam_demo.evaluate.statistics.rates import newcombe_paired, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZES = (10, 20, 50, 100, 200)
"""Episodes of a cell."""
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


def decisions(
    first_rate: float, second_rate: float, *, shared: float, seeds: int, trials: int, alpha: float = 0.05, seed: int = 0
) -> tuple[NDArray[np.int64], tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """When `SequentialComparison` decides, looked at after every seed.

    Args:
        first_rate: Success rate of the first policy.
        second_rate: Of the second.
        shared: Share of seeds on which both have the same luck.
        seeds: Seeds of one comparison.
        trials: Comparisons.
        alpha: Level.
        seed: Of the simulation.

    Returns:
        (trials,) seeds after which it decided, ``seeds + 1`` if never; and the outcomes of both
        policies, each (trials, seeds).
    """
    import numpy as np
    from scipy.special import betaln

    first, second = _paired(first_rate, second_rate, shared, (trials, seeds), np.random.default_rng(seed))
    wins, losses = (first & ~second).cumsum(1), (~first & second).cumsum(1)
    log_e = betaln(wins + 0.5, losses + 0.5) - betaln(0.5, 0.5) + (wins + losses) * np.log(2)
    crossed = log_e >= -np.log(alpha)
    return np.where(crossed.any(1), crossed.argmax(1) + 1, seeds + 1), (first, second)


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    coverage = measure(options.trials, options.seed)
    for name, by_size in coverage.items():
        print(name, {n: round(share, 3) for n, share in by_size.items()})
    for first, second in SEQUENTIAL_RATES:
        decided, _ = decisions(first, second, shared=0.5, seeds=500, trials=options.trials, seed=options.seed)
        found = decided[decided <= 500]
        median = sorted(decided)[len(decided) // 2] if len(found) > len(decided) / 2 else None
        print(f"sequential, rates {first} and {second}: {len(found) / len(decided):.3f} decided, median seeds {median}")


if __name__ == "__main__":
    main()
