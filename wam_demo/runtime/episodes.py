"""The attempts of one session, one after the other, on one world with one policy."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.limits import LOG_ATTEMPTS
from wam_demo.runtime.attempt import Attempt
from wam_demo.runtime.contracts import Backend, Planner, Settings
from wam_demo.runtime.disturb import Disturbable, Disturber
from wam_demo.runtime.log import AttemptLog
from wam_demo.runtime.replay import Tape
from wam_demo.runtime.twin import Twin

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
        self.twin: Twin | None = None
        self.begun = self.ended = self.successes = 0
        self._backend = backend
        self._world: World | None = None
        self._planner: Planner | None = None
        self._disturber = Disturber(backend.sample)
        self._logs: deque[AttemptLog] = deque(maxlen=LOG_ATTEMPTS - 1)
        self._tapes: deque[AttemptLog] = deque()

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
        self._tapes.clear()
        return self._begin(settings or self.settings)

    def begin_replay(self, attempts: Sequence[AttemptLog]) -> Attempt:
        """Play logged attempts, one after the other.

        Raises:
            WamDemoError: The world of a task cannot be opened, or a disturbance of the reset cannot be
                applied; an attempt of one's own goes on or begins.
        """
        return self._begin_tape(deque(attempts))

    def _begin_tape(self, tapes: deque[AttemptLog]) -> Attempt:
        log, before = tapes.popleft(), self.settings
        settings = replace(before, task=log.task, seed=log.seed)
        self._tapes.clear()
        try:
            attempt = self._begin(replace(settings, policy=self._known(log.policy)), log)
        except WamDemoError:
            if self.attempt is None:
                self._begin(before)
            raise
        self._tapes = tapes
        return attempt

    def _known(self, policy: str) -> str:
        """A log's policy only imagines in a replay; without its weights here the present one does."""
        return policy if self._backend.has_policy(policy) else self.settings.policy

    def _begin(self, settings: Settings, log: AttemptLog | None = None) -> Attempt:
        other = (settings.task, settings.policy) != (self.settings.task, self.settings.policy)
        if other or self._world is None or self._planner is None:
            self._open(settings)
        if other:
            self.ended = self.successes = 0
        self._close_attempt()
        self.settings = settings
        self.attempt = self._new_attempt(log)
        self.begun += 1
        return self.attempt

    def begin_next(self) -> Attempt:
        """Begin the next attempt of the log that is played, or an attempt with the next seed."""
        if self._tapes:
            return self._begin_tape(self._tapes)
        return self.begin(replace(self.settings, seed=(self.settings.seed + 1) % SEEDS))

    @property
    def may_go_on(self) -> bool:
        """Whether another attempt may follow by itself."""
        if self.twin is not None:
            return False
        replaying = self.attempt is not None and self.attempt.tape is not None
        return bool(self._tapes) if replaying else self.settings.autoplay

    def count(self) -> None:
        """The present attempt has ended."""
        if self.attempt is not None and self.attempt.outcome is not None and self.attempt.tape is None:
            self.ended += 1
            self.successes += self.attempt.outcome.name == "success"

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> None:
        """Disturb the present attempt, or the first course of its twin.

        Raises:
            InvalidInputError: There is no attempt, it is a replay, or nothing to disturb at that place.
        """
        self._disturber.apply(kind, parameters, self._disturbable())

    def instruct(self, text: str) -> None:
        """Tell the policy something else from now on; raises `InvalidInputError` without an attempt."""
        self._disturbable().disturb("language", {"text": text})

    def open_twin(self) -> Twin:
        """Play on twice from the newest disturbance of the present attempt, or from here.

        Raises:
            WamDemoError: There is no attempt, it has ended undisturbed, or no second world can be opened.
        """
        attempt = self._opened()
        if attempt.fork is None and attempt.outcome is not None:
            raise InvalidInputError("this attempt has ended undisturbed: reset it, then start the twin")
        self.close_twin()
        spare = self._backend.open_world(self.settings.task)
        self.twin = Twin(attempt.world, spare, self._planner_of, attempt.fork, attempt.horizon)
        return self.twin

    def close_twin(self) -> None:
        """Go back to the attempt as it was and free the second world."""
        if self.twin is not None:
            twin, self.twin = self.twin, None
            twin.close()

    def log(self) -> list[AttemptLog]:
        """Everything this session did, the present attempt last."""
        present = self._present_log()
        return [*self._logs, present] if present is not None else list(self._logs)

    def present_log(self) -> AttemptLog:
        """The present attempt; raises `InvalidInputError` without one."""
        self._opened()
        present = self._present_log()
        assert present is not None
        return present

    def close(self) -> None:
        """Free the simulator."""
        self._close_attempt(keep=False)
        if self._world is not None:
            self._world.close()
        self._world = self._planner = None

    def _opened(self) -> Attempt:
        if self._world is None or self.attempt is None:
            raise InvalidInputError("no episode is open; reset to start one")
        return self.attempt

    def _disturbable(self) -> Disturbable:
        attempt = self._opened()
        if self.twin is not None:
            return self.twin
        if attempt.tape is not None:
            raise InvalidInputError("this is a replay of a log: reset to act yourself")
        return attempt

    def _planner_of(self, world: World) -> Planner:
        return self._backend.open_planner(self.settings.policy, world)

    def _present_log(self) -> AttemptLog | None:
        """The log of the attempt; a replay is its own log. A twin is no part of it."""
        attempt = self.attempt
        if attempt is None:
            return None
        if attempt.tape is not None:
            return attempt.tape.log
        policy, outcome = self.settings.policy, attempt.outcome
        name = None if outcome is None else outcome.name
        whole = attempt.half == 0 and self.twin is None
        return attempt.recorder.log(policy, self._backend.digest(policy), name, whole)

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

    def _new_attempt(self, log: AttemptLog | None) -> Attempt:
        world, planner, settings = self._world, self._planner, self.settings
        assert world is not None, "opened before"
        assert planner is not None
        if log is not None:
            tape = Tape(log)
            with tape.at_reset():
                return Attempt(world, planner, log.seed, log.horizon, tape.perturbations, tape)
        perturbations = self._disturber.at_reset(settings.seed, world)
        return Attempt(world, planner, settings.seed, self._backend.horizons[settings.task], perturbations)

    def _close_attempt(self, keep: bool = True) -> None:
        self.close_twin()
        if self.attempt is not None:
            log = self._present_log() if keep and self.attempt.tape is None else None
            if log is not None and log.steps:
                self._logs.append(log)
            self.attempt.close()
            self.attempt = None
