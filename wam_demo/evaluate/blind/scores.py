"""From votes to scores: how likely each policy is to be preferred to the average one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp

from wam_demo.evaluate.blind.votes import Tally
from wam_demo.evaluate.statistics.preference import Vote, bradley_terry


@dataclass(frozen=True)
class Score:
    """One policy's standing.

    Attributes:
        policy: Its name.
        share: Chance 0 .. 1 to be preferred to a policy of mean strength.
        low: Lower end of its 95 % interval.
        high: Upper end.
        votes: Votes that it took part in.
    """

    policy: str
    share: float
    low: float
    high: float
    votes: int


def score(tallies: Sequence[Tally]) -> list[Score]:
    """Bradley-Terry scores, best first; "as good" and "both bad" are half a win for either.

    Args:
        tallies: Votes by pair.
    """
    return [
        Score(s.policy, _chance(s.score), _chance(s.interval.low), _chance(s.interval.high), s.votes)
        for s in bradley_terry([vote for tally in tallies for vote in _votes(tally)])
    ]


def _votes(tally: Tally) -> Iterator[Vote]:
    first, second = tally.first, tally.second
    counts = {first: tally.first_wins, second: tally.second_wins, None: tally.ties + tally.neither}
    for winner, count in counts.items():
        yield from [Vote(first, second, winner)] * count


def _chance(log_strength: float) -> float:
    return 1 / (1 + exp(-log_strength))
