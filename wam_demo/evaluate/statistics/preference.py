"""Strengths of policies from blind votes: Bradley-Terry with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING

from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.statistics.rates import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ELO_PER_UNIT = 400 / log(10)
"""Points of the Elo scale for one unit of log-strength."""
ELO_MEAN = 1000.0
_HALF_VOTE = 0.5
_RIDGE = 1e-2


@dataclass(frozen=True)
class Vote:
    """One comparison of two policies; ``winner`` is one of them, or ``None`` for a tie."""

    first: str
    second: str
    winner: str | None

    def __post_init__(self) -> None:
        if self.first == self.second:
            raise InvalidInputError(f"a vote compares two policies, got {self.first[:60]!r} twice")
        if self.winner not in (None, self.first, self.second):
            raise InvalidInputError(f"the winner is {self.first!r}, {self.second!r} or none, got {self.winner!r:.60}")


@dataclass(frozen=True)
class Strength:
    """What the votes say about one policy.

    Attributes:
        policy: Its name.
        score: Log-strength, relative to the mean of all policies.
        interval: 95 % confidence interval of the score, unless told otherwise.
        votes: Comparisons that it took part in.
        wins: Of these; a tie is half a win.
    """

    policy: str
    score: float
    interval: Interval
    votes: int
    wins: float

    @property
    def elo(self) -> float:
        """The score on the Elo scale, mean 1000."""
        return ELO_MEAN + ELO_PER_UNIT * self.score

    @property
    def elo_interval(self) -> Interval:
        """The interval on the Elo scale."""
        return Interval(ELO_MEAN + ELO_PER_UNIT * self.interval.low, ELO_MEAN + ELO_PER_UNIT * self.interval.high)


def bradley_terry(votes: Sequence[Vote], confidence: float = 0.95) -> list[Strength]:
    """Strengths of every policy in the votes, best first.

    P(i beats j) = 1 / (1 + exp(s_j - s_i)) (Bradley and Terry, Biometrika 39 (1952) 324-345). Every
    pair that met gets half a vote each way, so that a policy that never lost has a finite score, and
    policies that never met, not even through others, get an interval so wide that it says so.
    Intervals are Wald's, from the observed information.

    Args:
        votes: At least one; their order does not matter.
        confidence: Nominal coverage.

    Returns:
        One `Strength` a policy; empty without votes.
    """
    import numpy as np
    from scipy.stats import norm

    names = sorted({name for vote in votes for name in (vote.first, vote.second)})
    if not names:
        return []
    wins = _wins(votes, names)
    scores, covariance = _fit(wins)
    reach = float(norm.ppf(0.5 + confidence / 2)) * np.sqrt(np.diag(covariance))
    strengths = [
        Strength(
            policy=name,
            score=float(scores[i]),
            interval=Interval(float(scores[i] - reach[i]), float(scores[i] + reach[i])),
            votes=round(wins[i].sum() + wins[:, i].sum()),
            wins=float(wins[i].sum()),
        )
        for i, name in enumerate(names)
    ]
    return sorted(strengths, key=lambda strength: -strength.score)


def win_probability(first: Strength, second: Strength) -> float:
    """Chance 0 .. 1 that a vote between two policies goes to the first."""
    return 1 / (1 + exp(second.score - first.score))


def _wins(votes: Sequence[Vote], names: Sequence[str]) -> NDArray[np.float64]:
    """(K, K): how often the row beat the column."""
    import numpy as np

    index = {name: i for i, name in enumerate(names)}
    wins = np.zeros((len(names), len(names)))
    for vote in votes:
        first, second = index[vote.first], index[vote.second]
        share = 0.5 if vote.winner is None else float(vote.winner == vote.first)
        wins[first, second] += share
        wins[second, first] += 1 - share
    return wins


def _fit(wins: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(K,) scores of mean zero that maximise the likelihood, and their (K, K) covariance."""
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit, log_expit

    wins = wins + _HALF_VOTE * ((wins + wins.T) > 0)
    met = wins + wins.T

    def loss(scores: NDArray[np.float64]) -> float:
        return float(-(wins * log_expit(scores[:, None] - scores)).sum() + _RIDGE / 2 * scores @ scores)

    def gradient(scores: NDArray[np.float64]) -> NDArray[np.float64]:
        expected = met * expit(scores[:, None] - scores)
        return (expected - wins).sum(1) + _RIDGE * scores

    def hessian(scores: NDArray[np.float64]) -> NDArray[np.float64]:
        chance = expit(scores[:, None] - scores)
        weight = met * chance * (1 - chance)
        return np.diag(weight.sum(1)) - weight + _RIDGE * np.eye(len(scores))

    fitted = minimize(loss, np.zeros(len(wins)), jac=gradient, hess=hessian, method="trust-exact")
    centre = np.eye(len(wins)) - 1 / len(wins)
    return centre @ fitted.x, centre @ np.linalg.inv(hessian(fitted.x)) @ centre
