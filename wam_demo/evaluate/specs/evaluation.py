"""Seeds of evaluation scenes, and how one episode ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wam_demo.errors import InvalidInputError
from wam_demo.sim.suites import PARTS, SUITES

EVALUATION_SEEDS = range(500_000, 1_000_000)
"""Seeds of evaluation scenes; nothing is trained on them (demonstrations begin above them)."""
SEEDS_PER_RUN = 10_000
"""Scenes that belong to one ``--seed``; also the most episodes of one evaluation."""
SEVERITIES = range(1, 6)
NOMINAL = "none"
"""The axis without any perturbation."""
UNGRADED = (NOMINAL, *PARTS)
"""Axes without severities: the nominal scene, and the parts of the suites of unseen settings."""

Outcome = Literal["success", "timeout", "sim_fault", "policy_fault", "policy_busy", "unscored"]
NOT_COUNTED: tuple[Outcome, ...] = ("sim_fault", "policy_busy", "unscored")
"""Outcomes that say nothing about what a policy can do: neither success nor failure."""


@dataclass(frozen=True)
class EpisodeResult:
    """How one scene ended.

    Attributes:
        task: Task name.
        seed: Seed of the scene.
        success: The success predicate held for 0.5 s at some time.
        success_final: It held at the end.
        steps: Control steps played.
        outcome: How it ended; ``policy_busy``: a loaded server did not answer in time;
            ``unscored``: the words ask for something that this scene cannot be judged by.
        fault: One line if the simulator or the policy failed, or why the words cannot be judged.
    """

    task: str
    seed: int
    success: bool
    success_final: bool
    steps: int
    outcome: Outcome
    fault: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it says something about the policy."""
        return self.outcome not in NOT_COUNTED


def evaluation_seeds(seed: int, episodes: int) -> list[int]:
    """The first ``episodes`` scenes of run ``seed``; runs do not share scenes.

    Raises:
        InvalidInputError: A number is out of range.
    """
    require_within("episodes", episodes, 1, SEEDS_PER_RUN)
    require_within("seed", seed, 0, len(EVALUATION_SEEDS) // SEEDS_PER_RUN - 1)
    first = EVALUATION_SEEDS[seed * SEEDS_PER_RUN]
    return list(range(first, first + episodes))


def require_within(what: str, value: int, low: int, high: int) -> None:
    """Refuse a number outside ``low`` .. ``high``; raises `InvalidInputError`."""
    if not low <= value <= high:
        raise InvalidInputError(f"{what} must be in {low} .. {high}, got {value}")


def reference(axis: str) -> str | None:
    """The axis whose scenes of the same seeds say what this one costs; ``None`` for one that is such a reference."""
    if axis in SUITES:
        return SUITES[axis].seen
    return None if axis in UNGRADED else NOMINAL
