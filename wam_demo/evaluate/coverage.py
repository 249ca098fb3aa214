"""How often the intervals contain the truth, by simulation: ``python -m wam_demo.evaluate.coverage``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from wam_demo.evaluate.statistics import newcombe_paired, wilson
from wam_demo.evaluate.svg import Point, curves

SIZES = (10, 20, 50, 100, 200)
"""Episodes of a cell."""
NOMINAL = 0.95


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
    luck = rng.random((trials, n))
    other = np.where(rng.random(luck.shape) < 0.5, luck, rng.random(luck.shape))
    first, second = luck < rates[:, :1], other < rates[:, 1:]
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


def figure(coverage: dict[str, dict[int, float]], trials: int) -> str:
    """Coverage over episodes as SVG, with the 95 % interval of the simulation itself."""
    series = {}
    for name, by_size in coverage.items():
        points = []
        for place, share in enumerate(by_size.values()):
            interval = wilson(round(share * trials), trials)
            points.append(Point(place, share, interval.low, interval.high))
        series[name] = points
    ticks = [str(n) for n in next(iter(coverage.values()))]
    return curves(
        series,
        title="Coverage of nominal 95 % intervals",
        x_label="episodes",
        y_range=(0.91, 0.99),
        ticks=ticks,
        size=(420, 240),
        named=True,
    )


def _share(hits: Sequence[bool]) -> float:
    return float(sum(hits) / len(hits))


def main() -> None:
    """Print the table and write the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/coverage.svg"))
    options = parser.parse_args()
    coverage = measure(options.trials, options.seed)
    for name, by_size in coverage.items():
        print(name, {n: round(share, 4) for n, share in by_size.items()})
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(figure(coverage, options.trials) + "\n")


if __name__ == "__main__":
    main()
