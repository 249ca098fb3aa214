"""A paired comparison that may be looked at after every seed and stopped at any time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NODES = 64
"""Bets in the mixture; without returning seeds it is exact up to twice as many seeds."""


@dataclass(frozen=True)
class SequentialResult:
    """Where a sequential comparison stands.

    Attributes:
        seeds: Seeds seen so far.
        e_value: Evidence against equal policies; above 1 / alpha it is decisive.
        p_value: Valid however often it is looked at: 1 / the largest e-value so far, at most 1.
        decided_after: Seeds after which the e-value first reached 1 / alpha; ``None`` if never.
    """

    seeds: int
    e_value: float
    p_value: float
    decided_after: int | None


def compare_sequentially(sums: Iterable[int], alpha: float = 0.05) -> SequentialResult:
    """Test whether two policies are equal, with one bet a seed.

    If they are, they may be exchanged within any seed, so the sign of a seed's difference S is a fair coin given
    its size. A bet of strength b on that sign pays 2 / (1 + exp(-2 b S)), which has mean 1, and so has the capital
    of any mixture of bets: by Ville's inequality the chance that it *ever* reaches 1 / alpha is at most alpha.
    Where to stop may therefore depend on everything seen so far. With tanh(b) spread by the arcsine law (here the
    nodes of Gauss-Chebyshev quadrature) and one scene a seed it is Krichevsky and Trofimov's bet on McNemar's coin.

    It does not need the horizon in advance, as the near-optimal STEP (Snyder et al., arXiv 2503.10966) does, and
    pays with some more seeds for it.

    Args:
        sums: Of each seed, the sum of first success minus second over its scenes. In an order that was fixed before
            they were played: episodes finish the sooner the better they go, so their order of completion is not one.
        alpha: Chance of a wrong decision that is accepted, in 0 .. 1.

    Raises:
        ValueError: ``alpha`` is out of range.
    """
    import numpy as np
    from scipy.special import log_expit, logsumexp

    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha}")
    steps = np.fromiter(sums, float)
    if not len(steps):
        return SequentialResult(0, 1.0, 1.0, None)
    bets = np.arctanh(np.cos((2 * np.arange(1, NODES + 1) - 1) * np.pi / (2 * NODES)))
    capital = np.cumsum(np.log(2) + log_expit(2 * np.outer(steps, bets)), axis=0)
    log_e = logsumexp(capital, axis=1) - np.log(NODES)
    crossed = np.flatnonzero(log_e >= -np.log(alpha))
    return SequentialResult(
        seeds=len(steps),
        e_value=float(np.exp(min(log_e[-1], 700.0))),
        p_value=float(np.exp(-max(log_e.max(), 0.0))),
        decided_after=int(crossed[0]) + 1 if len(crossed) else None,
    )
