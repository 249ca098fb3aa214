"""The attempts of one session, one after the other, on one source with one policy."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.limits import LOG_ATTEMPTS
from wam_demo.robots.source import Source
from wam_demo.runtime.attempt import Attempt, instruction_event
from wam_demo.runtime.contracts import Backend, DreamActions, Planner, Settings
from wam_demo.runtime.disturb import Disturber, Target
from wam_demo.runtime.dream import Dream
from wam_demo.runtime.fork import Fork
from wam_demo.runtime.log import AttemptLog
from wam_demo.runtime.person import Person
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.runtime.twin import Twin, TwinSource, WatchableSource, with_and_without, with_its_dream

SEEDS = 2**31


class Episodes:
    """Opens sources and policies, begins attempts and counts how they end; used in one thread.

    Args:
        settings: What to begin with.
        backend: Makes sources and planners.
        subscribers: Told of every attempt's reset and steps.
        person: May take the arm in every attempt; who has it keeps it when the next one begins.
    """

    def __init__(
        self, settings: Settings, backend: Backend, subscribers: Sequence[Subscriber] = (), person: Person | None = None
    ) -> None:
        self.settings = settings
        self.attempt: Attempt | None = None
        self.twin: Twin | None = None
        self.dream: Dream | None = None
        self.begun = self.ended = self.successes = self._dreams = 0
        self._backend = backend
        self._subscribers = subscribers
        self._person = person
        self._source: Source | None = None
        self._planner: Planner | None = None
        self._disturber = Disturber(backend.sample, settings.severities)
        self._logs: deque[AttemptLog] = deque(maxlen=LOG_ATTEMPTS - 1)
        self._to_replay: deque[AttemptLog] = deque()

    @property
    def number(self) -> int:
        """Of what is seen: attempts count from 1 up, dreams from -1 down."""
        return self.begun if self.dream is None else -self._dreams

    @property
    def severities(self) -> Mapping[str, int]:
        """Severity by perturbation axis that is switched on."""
        return self._disturber.severities

    @property
    def note(self) -> str:
        """What a person should know about the present policy on the present task."""
        return "" if self._planner is None else self._planner.note

    def begin(self, settings: Settings | None = None) -> Attempt:
        """Begin an attempt; a source or policy that cannot be opened leaves the old one as it was.

        Args:
            settings: ``None`` repeats the present ones.

        Raises:
            WamDemoError: A source or policy cannot be opened.
        """
        self._to_replay.clear()
        return self._begin(settings or self.settings)

    def begin_scene(self, settings: Settings, severities: Mapping[str, int]) -> Attempt:
        """Begin an attempt with just these axes switched on, as an evaluation plays the scene.

        Raises:
            WamDemoError: A source or policy cannot be opened, or an axis does not fit the scene.
        """
        before, self._disturber.severities = self._disturber.severities, dict(severities)
        try:
            return self.begin(settings)
        except WamDemoError:
            self._disturber.severities = before
            raise

    def begin_replay(self, attempts: Sequence[AttemptLog]) -> Attempt:
        """Play logged attempts, one after the other.

        Raises:
            WamDemoError: The source of a task cannot be opened, or a disturbance of the reset cannot be
                applied; an attempt of one's own goes on or begins.
        """
        return self._begin_replay(deque(attempts))

    def _begin_replay(self, logs: deque[AttemptLog]) -> Attempt:
        log, before = logs.popleft(), self.settings
        settings = replace(before, task=log.task, seed=log.seed)
        if log.task != before.task:
            settings = replace(settings, words=None)
        self._to_replay.clear()
        try:
            attempt = self._begin(replace(settings, policy=self._known(log.policy)), log)
        except WamDemoError:
            if self.attempt is None:
                self._begin(before)
            raise
        self._to_replay = logs
        return attempt

    def _known(self, policy: str) -> str:
        """A log's policy only imagines in a replay; without its weights here the present one does."""
        return policy if self._backend.has_policy(policy) else self.settings.policy

    def _begin(self, settings: Settings, log: AttemptLog | None = None) -> Attempt:
        other = (settings.task, settings.policy) != (self.settings.task, self.settings.policy)
        if other or self._source is None or self._planner is None:
            self._open(settings)
        if other:
            self.ended = self.successes = 0
        before = None if self.attempt is None or self.attempt.takeover is None else self.attempt.takeover.state
        self._close_attempt()
        self.settings = settings
        self.attempt = self._new_attempt(log)
        if before is not None and self.attempt.takeover is not None:
            self.attempt.takeover.go_on(before)
        self.begun += 1
        return self.attempt

    def begin_next(self) -> Attempt:
        """Begin the next attempt of the log that is played, or an attempt with the next seed."""
        if self._to_replay:
            return self._begin_replay(self._to_replay)
        return self.begin(replace(self.settings, seed=(self.settings.seed + 1) % SEEDS))

    @property
    def is_real(self) -> bool:
        """Whether time runs by itself: what moves then is an arm, and a person starts each motion."""
        return self.dream is None and self._source is not None and self._source.clock == "real"

    @property
    def may_go_on(self) -> bool:
        """Whether another attempt may follow by itself."""
        if self.twin is not None or self.dream is not None or self.is_real:
            return False
        replaying = self.attempt is not None and self.attempt.replay is not None
        return bool(self._to_replay) if replaying else self.settings.autoplay

    def count(self) -> None:
        """The present attempt has ended."""
        if self.attempt is not None and self.attempt.outcome is not None and self.attempt.replay is None:
            self.ended += self.attempt.outcome.name != "unscored"
            self.successes += self.attempt.outcome.name == "success"

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> None:
        """Disturb the present attempt, or the first branch of its twin.

        Raises:
            InvalidInputError: There is no attempt, it is a replay, or nothing to disturb at that place.
        """
        self._disturber.apply(kind, parameters, self._target())
        if kind == "clear" and self.twin is None:
            self.settings = replace(self.settings, words=None)

    def instruct(self, text: str) -> None:
        """Tell the policy something else from now on, and in the episodes that follow.

        Said to the first branch of a twin, it is a disturbance of that branch alone.

        Raises:
            InvalidInputError: There is no attempt, or it is a replay.
        """
        if self.dream is not None:
            self.dream.prompt(text)
            return
        target = self._target()
        target.disturb("language", instruction_event(target.source, text))
        if self.twin is None:
            self.settings = replace(self.settings, words=text)

    def take_words_back(self) -> None:
        """The scene's own instruction is valid again; raises `InvalidInputError` without an attempt."""
        self._target().disturb("language", {"severity": 0})
        self.settings = replace(self.settings, words=None)

    def open_twin(self) -> Twin:
        """Play on twice from the newest disturbance of the present attempt, or from here.

        Raises:
            WamDemoError: There is no attempt, it has ended undisturbed, or no second source can be opened.
        """
        attempt = self._opened()
        if self.dream is not None:
            raise InvalidInputError("a dream has no twin: go back to Reality")
        if attempt.fork is None and attempt.outcome is not None:
            raise InvalidInputError("this attempt has ended undisturbed: reset it, then start the twin")
        self.close_twin()
        source = self._twin_source(attempt)
        fork = attempt.fork or Fork(source.snapshot(), attempt.step)
        spare = self._backend.open_source(self.settings.task)
        assert isinstance(spare, TwinSource), "every source of a task can do the same"
        self.twin = with_and_without(source, spare, self._planner_of, attempt.seed, fork, attempt.horizon)
        return self.twin

    def open_dream_twin(self, does: DreamActions) -> Twin:
        """Play on twice from here: in reality, and in the dream that begins with what is seen now.

        Args:
            does: What the dream does.

        Raises:
            WamDemoError: There is no attempt, it has ended, or this policy cannot dream.
        """
        self.close_twin()
        attempt, planner = self._opened(), self._planner
        if attempt.outcome is not None or planner is None:
            raise InvalidInputError("this attempt has ended: reset it, then dream beside it")
        source = self._twin_source(attempt)
        dream = self._dream_of(attempt)
        assert isinstance(dream, WatchableSource), "people look at dreams"
        self.twin = with_its_dream(source, dream, planner, attempt.seed, attempt.step, attempt.horizon, does)
        return self.twin

    def _twin_source(self, attempt: Attempt) -> TwinSource:
        if not isinstance(attempt.source, TwinSource):
            raise InvalidInputError("the state of this source cannot be kept: there is no twin")
        return attempt.source

    def close_twin(self) -> None:
        """Go back to the attempt as it was and free the second source."""
        if self.twin is not None:
            twin, self.twin = self.twin, None
            twin.close()

    def open_dream(self) -> Dream:
        """Leave reality, which waits, for a dream of the policy that begins with what it sees now.

        Raises:
            InvalidInputError: There is no attempt, it is a replay or a twin, or this policy cannot dream.
        """
        attempt, planner = self._opened(), self._planner
        if self.twin is not None and self.twin.dream is not None:
            self.close_twin()
        if self.twin is not None or planner is None:
            raise InvalidInputError("a dream begins in an episode of your own: end the twin first")
        source = self._dream_of(attempt)
        try:
            self.dream = Dream(attempt, source, planner, self.settings.task, self._subscribers, self._person)
        except BaseException:
            source.close()
            raise
        self.attempt = self.dream.attempt
        self._dreams += 1
        return self.dream

    def _dream_of(self, attempt: Attempt) -> Source:
        if attempt.replay is not None or self.dream is not None:
            raise InvalidInputError("a dream begins in an episode of your own: end the dream or the replay first")
        if self._backend.open_dream is None:
            raise InvalidInputError("nobody dreams here")
        return self._backend.open_dream(self.settings.policy, attempt.source.observe())

    def close_dream(self) -> None:
        """Back to reality as it was left; nothing without a dream."""
        if self.dream is not None:
            dream, self.dream = self.dream, None
            self.attempt = dream.reality
            dream.close()

    def log(self) -> list[AttemptLog]:
        """Everything this session did, the present attempt last."""
        present = self._present_log()
        return [*self._logs, present] if present is not None else list(self._logs)

    def present_log(self) -> AttemptLog:
        """The present attempt; raises `InvalidInputError` without one, or in a dream."""
        self._opened()
        if self.dream is not None:
            raise InvalidInputError("a dream keeps no log: go back to Reality")
        present = self._present_log()
        assert present is not None
        return present

    def close(self) -> None:
        """Free the source."""
        self._close_attempt(keep=False)
        if self._source is not None:
            self._source.close()
        self._source = self._planner = None

    def _opened(self) -> Attempt:
        if self._source is None or self.attempt is None:
            raise InvalidInputError("no episode is open; reset to start one")
        return self.attempt

    def _target(self) -> Target:
        attempt = self._opened()
        if self.dream is not None:
            raise InvalidInputError("nothing can be disturbed in a dream: go back to Reality")
        if self.twin is not None:
            return self.twin
        if attempt.replay is not None:
            raise InvalidInputError("this is a replay of a log: reset to act yourself")
        return attempt

    def _planner_of(self, source: Source) -> Planner:
        return self._backend.open_planner(self.settings.policy, source)

    def _present_log(self) -> AttemptLog | None:
        """The log of the attempt; a replay is its own log. Neither twin nor dream is part of it."""
        attempt = self.attempt if self.dream is None else self.dream.reality
        if attempt is None:
            return None
        if attempt.replay is not None:
            return attempt.replay.log
        policy, outcome = self.settings.policy, attempt.outcome
        name = None if outcome is None else outcome.name
        whole = not attempt.loop.halfway and self.twin is None
        log = attempt.recorder.log(policy, self._backend.digest(policy), name, whole)
        return replace(log, horizon=attempt.horizon)

    def _open(self, settings: Settings) -> None:
        """Exchange source and planner as far as needed, the old ones staying until the new ones are there."""
        old = self._source
        source = (
            old if old is not None and settings.task == self.settings.task else self._backend.open_source(settings.task)
        )
        try:
            planner = self._backend.open_planner(settings.policy, source)
        except Exception:
            if source is not old:
                source.close()
            raise
        if old is not None and source is not old:
            self._close_attempt()
            old.close()
        self._source, self._planner = source, planner

    def _new_attempt(self, log: AttemptLog | None) -> Attempt:
        source, planner, settings = self._source, self._planner, self.settings
        assert source is not None, "opened before"
        assert planner is not None
        if log is not None:
            return Attempt(source, planner, log.task, log.seed, log.horizon, replay=log, subscribers=self._subscribers)
        events, horizon = self._disturber.at_reset(settings.seed), self._backend.horizons[settings.task]
        attempt = Attempt(
            source, planner, settings.task, settings.seed, horizon, events, None, self._subscribers, self._person
        )
        if settings.words is not None:
            attempt.instruct(settings.words)
        return attempt

    def _close_attempt(self, keep: bool = True) -> None:
        self.close_twin()
        self.close_dream()
        if self.attempt is not None:
            log = self._present_log() if keep and self.attempt.replay is None else None
            if log is not None and log.steps:
                self._logs.append(log)
            self.attempt.close()
            self.attempt = None
