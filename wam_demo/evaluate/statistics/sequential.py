"""A paired comparison that may be looked at after every seed and stopped at any time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log


@dataclass(frozen=True)
class SequentialResult:
    """Where a sequential comparison stands.

    Attributes:
        pairs: Seeds seen so far.
        only_first: Seeds on which only the first policy succeeded.
        only_second: Seeds on which only the second did.
        e_value: Evidence against equal success rates; above 1 / alpha it is decisive.
        p_value: Valid however often it is looked at: 1 / the largest e-value so far, at most 1.
        decided_after: Seeds after which the e-value first reached 1 / alpha; ``None`` if never.
    """

    pairs: int
    only_first: int
    only_second: int
    e_value: float
    p_value: float
    decided_after: int | None


class SequentialComparison:
    """Tests whether two policies succeed equally often on the same seeds, after every seed.

    Under the null hypothesis a discordant seed (one policy succeeds, the other fails) is a fair coin,
    as in McNemar's test. Betting on the coin with a Beta(1/2, 1/2) mixture over its bias gives the
    e-process E = B(s + 1/2, f + 1/2) / B(1/2, 1/2) * 2^(s + f) (Robbins 1970; Krichevsky and Trofimov
    1981), a martingale of mean 1: by Ville's inequality the chance that it *ever* reaches 1 / alpha is
    at most alpha. Where to stop may therefore depend on everything seen so far.

    It does not need the horizon in advance, as the near-optimal STEP (Snyder et al.,
    arXiv 2503.10966) does, and pays with some more seeds for it.

    Feed the seeds in an order that was fixed before they were played: episodes finish the sooner
    the better they go, so their order of completion is not one.

    Args:
        alpha: Chance of a wrong decision that is accepted, in 0 .. 1.
    """

    def __init__(self, alpha: float = 0.05) -> None:
        if not 0 < alpha < 1:
            raise ValueError(f"alpha must lie between 0 and 1, got {alpha}")
        self.alpha = alpha
        self._pairs = 0
        self._wins = [0, 0]
        self._log_e = self._log_max = 0.0
        self._decided: int | None = None

    def add(self, first: bool, second: bool) -> SequentialResult:
        """Take in one seed; returns where the comparison stands."""
        self._pairs += 1
        if first != second:
            # Krichevsky-Trofimov: the mixture's bet on what came, over the fair coin's 1/2
            mine = self._wins[0 if first else 1]
            self._log_e += log(2 * (mine + 0.5) / (sum(self._wins) + 1))
            self._wins[0 if first else 1] += 1
            self._log_max = max(self._log_max, self._log_e)
        if self._decided is None and self._log_max >= -log(self.alpha):
            self._decided = self._pairs
        return self.result

    @property
    def result(self) -> SequentialResult:
        """Where the comparison stands."""
        return SequentialResult(
            pairs=self._pairs,
            only_first=self._wins[0],
            only_second=self._wins[1],
            e_value=exp(min(self._log_e, 700.0)),
            p_value=exp(-self._log_max),
            decided_after=self._decided,
        )


def compare_sequentially(pairs: Iterable[tuple[bool, bool]], alpha: float = 0.05) -> SequentialResult:
    """Every pair (first succeeds, second succeeds), in the order that was fixed beforehand."""
    comparison = SequentialComparison(alpha)
    for first, second in pairs:
        comparison.add(first, second)
    return comparison.result
