"""Makes blind matches one after the other, with policies that are loaded once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wam_demo.evaluate.blind.information import Information
from wam_demo.evaluate.blind.match import Match, Pool, draw, evenly, play
from wam_demo.policies.registry import checkpoint_digest, load_policy, policy_spec
from wam_demo.types import Policy


class Matchmaker:
    """Draws and plays matches; used from one thread.

    Args:
        policies: At least two names.
        tasks: Tasks to draw from; those that a learned policy was not trained on are left out.
        axes: Perturbation axes to draw from.
        seed: Selects the sequence of matches.
        informed: What is known before a match is drawn; without, they are drawn evenly.
    """

    def __init__(
        self,
        policies: Sequence[str],
        tasks: Sequence[str],
        axes: Sequence[str],
        seed: int = 0,
        informed: Callable[[], Information] | None = None,
    ) -> None:
        self._policies, self._tasks, self._axes, self._seed = policies, tasks, axes, seed
        self._informed = informed
        self._loaded: dict[str, Policy | None] = {}
        self._pool: Pool | None = None

    def __call__(self, number: int) -> Match | None:
        """Play the ``number``-th match; ``None`` when it failed technically.

        Raises:
            WamDemoError: A policy cannot be loaded, or there is no task that all of them know.
        """
        self._pool = self._pool or Pool(self._policies, self._known_tasks(), self._axes)
        worth = evenly if self._informed is None else self._informed().worth
        return play(draw(number, self._seed, self._pool, worth), self._load, checkpoint_digest)

    def _load(self, name: str) -> Policy | None:
        """A policy of its own for this thread; the expert is made beside its world."""
        if name not in self._loaded:
            self._loaded[name] = None if policy_spec(name).privileged else load_policy(name)
        return self._loaded[name]

    def _known_tasks(self) -> list[str]:
        trained = [set(policy_spec(name).tasks(None) or self._tasks) for name in self._policies]
        return [task for task in self._tasks if all(task in known for known in trained)]
