"""The attempts of one session, one after the other, on one world with one policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wam_demo.errors import InvalidInputError
from wam_demo.session.attempt import Attempt
from wam_demo.session.contracts import Backend, Planner, Settings
from wam_demo.session.disturb import Disturber

if TYPE_CHECKING:
    from wam_demo.sim.world import World

SEEDS = 2**31


class Episodes:
    """Opens worlds and policies, begins attempts and counts how they end; used in one thread.

    Args:
        settings: What to begin with.
        backend: Makes worlds and planners.
    """

    def __init__(self, settings: Settings, backend: Backend) -> None:
        self.settings = settings
        self.attempt: Attempt | None = None
        self.begun = self.ended = self.successes = 0
        self._backend = backend
        self._world: World | None = None
        self._planner: Planner | None = None
        self._disturber = Disturber(backend.sample)

    @property
    def severities(self) -> Mapping[str, int]:
        """Severity by perturbation axis that is switched on."""
        return self._disturber.severities

    @property
    def note(self) -> str:
        """What a person should know about the present policy on the present task."""
        return "" if self._planner is None else self._planner.note

    def begin(self, settings: Settings | None = None) -> Attempt:
        """Begin an attempt; a world or policy that cannot be opened leaves the old one as it was.

        Args:
            settings: ``None`` repeats the present ones.

        Raises:
            WamDemoError: A world or policy cannot be opened.
        """
        settings = settings or self.settings
        other = (settings.task, settings.policy) != (self.settings.task, self.settings.policy)
        if other or self._world is None or self._planner is None:
            self._open(settings)
        if other:
            self.ended = self.successes = 0
        self.settings = settings
        self._close_attempt()
        self.attempt = self._new_attempt()
        self.begun += 1
        return self.attempt

    def begin_next(self) -> Attempt:
        """Begin an attempt with the next seed."""
        return self.begin(replace(self.settings, seed=(self.settings.seed + 1) % SEEDS))

    def count(self) -> None:
        """The present attempt has ended."""
        if self.attempt is not None and self.attempt.outcome is not None:
            self.ended += 1
            self.successes += self.attempt.outcome.name == "success"

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> None:
        """Disturb the present attempt.

        Raises:
            InvalidInputError: There is no attempt, or nothing to disturb at that place.
        """
        self._disturber.apply(kind, parameters, self._opened())

    def instruct(self, text: str) -> None:
        """Tell the policy something else from now on; raises `InvalidInputError` without an attempt."""
        self._opened().apply_event("language", {"text": text})

    def close(self) -> None:
        """Free the simulator."""
        self._close_attempt()
        if self._world is not None:
            self._world.close()
        self._world = self._planner = None

    def _opened(self) -> World:
        if self._world is None or self.attempt is None:
            raise InvalidInputError("no episode is open; reset to start one")
        return self._world

    def _open(self, settings: Settings) -> None:
        """Exchange world and planner as far as needed, the old ones staying until the new ones are there."""
        old = self._world
        world = old if old is not None and settings.task == old.task else self._backend.open_world(settings.task)
        try:
            planner = self._backend.open_planner(settings.policy, world)
        except Exception:
            if world is not old:
                world.close()
            raise
        if old is not None and world is not old:
            self._close_attempt()
            old.close()
        self._world, self._planner = world, planner

    def _new_attempt(self) -> Attempt:
        world, planner, settings = self._world, self._planner, self.settings
        assert world is not None, "opened before"
        assert planner is not None
        perturbations = self._disturber.at_reset(settings.seed, world)
        return Attempt(world, planner, settings.seed, self._backend.horizons[settings.task], perturbations)

    def _close_attempt(self) -> None:
        if self.attempt is not None:
            self.attempt.close()
            self.attempt = None
