"""Does one evaluation rank policies as another does? Pearson's r and SIMPLER's mean maximum rank violation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 5000


@dataclass(frozen=True)
class Agreement:
    """How two evaluations of the same policies agree.

    Attributes:
        policies: How many.
        pearson: Correlation of their success rates; ``None`` where one of the two calls all policies alike.
        pearson_ci95: With these policies and other scenes: seeds are resampled, for all policies and both evaluations
            together.
        pearson_ci95_policies: With other policies too: policies and seeds are resampled.
        mmrv: Mean maximum rank violation, 0 (same order) .. 1.
        mmrv_ci95: As ``pearson_ci95``.
        mmrv_ci95_policies: As ``pearson_ci95_policies``.
    """

    policies: int
    pearson: float | None
    pearson_ci95: tuple[float, float] | None
    pearson_ci95_policies: tuple[float, float] | None
    mmrv: float
    mmrv_ci95: tuple[float, float] | None
    mmrv_ci95_policies: tuple[float, float] | None


def pearson(estimated: NDArray[np.float64], real: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation of rates (..., policies) over the last axis: (...), NaN where one of the two calls all alike."""
    import numpy as np

    first, second = (rates - rates.mean(-1, keepdims=True) for rates in (estimated, real))
    scale = np.sqrt((first**2).sum(-1) * (second**2).sum(-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(scale > 1e-12, (first * second).sum(-1) / scale, np.nan)


def mean_maximum_rank_violation(estimated: NDArray[np.float64], real: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far apart in reality the policies are that the estimate ranks wrongly (SIMPLER, arXiv 2405.05941).

    For each policy the largest difference of real rates from another that the estimate puts on the other side of it;
    the mean over policies. A tie of the estimate violates an order of reality from the side of the worse policy.

    Args:
        estimated: (..., policies) rates, e.g. in a dream.
        real: (..., policies) rates.

    Returns:
        (...).
    """
    import numpy as np

    wrong = (estimated[..., :, None] < estimated[..., None, :]) != (real[..., :, None] < real[..., None, :])
    return (np.abs(real[..., :, None] - real[..., None, :]) * wrong).max(-1).mean(-1)


def agreement(estimated: NDArray[np.bool_], real: NDArray[np.bool_], seeds: NDArray[np.int64]) -> Agreement:
    """Compare two evaluations of the same policies on the same scenes.

    Args:
        estimated: (policies, scenes) successes.
        real: The same in reality.
        seeds: (scenes,) seed of each; scenes of one seed are resampled together.
    """
    import numpy as np

    distinct, place = np.unique(seeds, return_inverse=True)
    rng, count = np.random.default_rng(0), len(real)
    weight = rng.multinomial(len(distinct), np.full(len(distinct), 1 / len(distinct)), RESAMPLES)[:, place]
    rates = [(weight @ part.T) / weight.sum(1, keepdims=True) for part in (estimated, real)]
    chosen = rng.integers(count, size=(RESAMPLES, count))
    others = [np.take_along_axis(part, chosen, 1) for part in rates]
    r, violation = (of(estimated.mean(1), real.mean(1)) for of in (pearson, mean_maximum_rank_violation))
    return Agreement(
        policies=count,
        pearson=None if np.isnan(r) else float(r),
        pearson_ci95=_interval(pearson(*rates)),
        pearson_ci95_policies=_interval(pearson(*others)),
        mmrv=float(violation),
        mmrv_ci95=_interval(mean_maximum_rank_violation(*rates)),
        mmrv_ci95_policies=_interval(mean_maximum_rank_violation(*others)),
    )


def _interval(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """95 % percentile interval of those that are defined."""
    import numpy as np

    defined = values[~np.isnan(values)]
    if not len(defined):
        return None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)
