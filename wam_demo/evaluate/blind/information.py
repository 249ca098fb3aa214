"""How much a vote on a pairing is expected to say: where two policies differ, and who is not yet told apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wam_demo.evaluate.blind.match import Pairing
from wam_demo.evaluate.blind.votes import Tally

NEIGHBOUR = 0.5
"""What an episode counts at the next severity, relative to its own."""


@dataclass(frozen=True)
class Played:
    """How an episode went.

    Attributes:
        policy: Policy name.
        axis: Perturbation axis or ``none``.
        severity: 1 .. 5; 0 on ``none``.
        success: Whether it was solved.
    """

    policy: str
    axis: str
    severity: int
    success: bool


class Information:
    """What is known before a match is drawn.

    Args:
        played: Episodes of the present weights, whoever played them.
        tallies: Votes on the present weights.
    """

    def __init__(self, played: Iterable[Played], tallies: Sequence[Tally] = ()) -> None:
        self._counts: Mapping[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
        for episode in played:
            self._counts[episode.policy, episode.axis].append((episode.severity, episode.success))
        self._tallies = {frozenset((tally.first, tally.second)): tally for tally in tallies}

    def worth(self, pairing: Pairing) -> float:
        """Expected decrease of the variance of the pair's preference by one vote on this pairing."""
        return self._differ(pairing) * self._undecided(pairing)

    def _differ(self, pairing: Pairing) -> float:
        """Chance that just one of the two solves it; where both do alike, few can say who was better."""
        left, right = (self._success(name, pairing.axis, pairing.severity) for name in (pairing.left, pairing.right))
        return left * (1 - right) + right * (1 - left)

    def _success(self, policy: str, axis: str, severity: int) -> float:
        """Posterior mean of a uniform prior; what nobody has played may be anything."""
        wins, count = 1.0, 2.0
        for at, success in self._counts.get((policy, axis), ()):
            weight = NEIGHBOUR ** abs(at - severity)
            wins, count = wins + weight * success, count + weight
        return wins / count

    def _undecided(self, pairing: Pairing) -> float:
        """Of a Beta posterior of who is preferred: its variance shrinks by this with the next vote."""
        tally = self._tallies.get(frozenset((pairing.left, pairing.right)))
        ties = 0.0 if tally is None else (tally.ties + tally.neither) / 2
        a, b = (1 + ties, 1 + ties) if tally is None else (1 + ties + tally.first_wins, 1 + ties + tally.second_wins)
        return a * b / ((a + b) ** 2 * (a + b + 1) ** 2)
