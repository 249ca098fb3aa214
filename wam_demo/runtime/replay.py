"""Plays a logged attempt again and checks that every fingerprinted state comes out the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from wam_demo.errors import InvalidInputError
from wam_demo.policies.receding import PlayedStep
from wam_demo.robots.source import Forkable, Source
from wam_demo.runtime.log import AttemptLog, LoggedEvent
from wam_demo.runtime.loop import Loop
from wam_demo.types import Event, Observation, Prediction

Disturb = Callable[[str, Mapping[str, Any]], object]


class ReplayAgent:
    """An agent that does what a log says.

    Args:
        log: What is played.
        source: Its fingerprints are compared with those of the log.
        submit: Asks a policy for a plan, at the steps from which the log's plans were made. Such plans are shown,
            with all that a policy shows beside them, and never executed. ``None``: no policy is asked.

    Attributes:
        checked: Fingerprints compared so far.
        differs: First control step at which the state was another one, if any was.
        failed: Why the log could not be played to its end, with its line.
        wait_steps: A log is never waited for.
    """

    wait_steps = 0

    def __init__(
        self, log: AttemptLog, source: Source, submit: Callable[[Observation], Future[Prediction]] | None = None
    ) -> None:
        self.log = log
        self.checked = 0
        self.differs: int | None = None
        self.failed: str | None = None
        self._source = source
        self._submit = submit
        self._planned = {step.made for step in log.steps}
        self._plans: dict[int, Future[Prediction]] = {}
        self._live: dict[int, list[LoggedEvent]] = {}
        for event in log.events:
            if not event.at_reset:
                self._live.setdefault(event.step, []).append(event)

    @property
    def perturbations(self) -> list[Event]:
        """What the source is to be reset with."""
        return [Event(event.step, event.kind, event.asked) for event in self.log.events if event.at_reset]

    @contextmanager
    def at_reset(self) -> Iterator[None]:
        """Around the reset: an event that cannot be applied is refused with its line."""
        try:
            yield
        except InvalidInputError as error:
            line = next((event.line for event in self.log.events if event.at_reset), 0)
            raise InvalidInputError(f"line {line}: {error}") from None

    def is_over(self, step: int) -> bool:
        """Whether the log has no control step ``step`` any more, or could not be played up to it."""
        return self.failed is not None or step >= len(self.log.steps)

    def disturb(self, step: int, disturb: Disturb) -> bool:
        """Apply what the log has before control step ``step``; what cannot be applied ends the replay.

        Returns:
            Whether the log goes on with a control step.
        """
        for event in self._live.pop(step, []):
            try:
                disturb(event.kind, dict(event.asked))
            except InvalidInputError as error:
                self.failed = f"line {event.line}: {error}"
        if self.failed is None and self.is_over(step):
            self._check(step, self.log.final)
        return not self.is_over(step)

    def act(self, step: int, observation: Observation) -> PlayedStep:
        """The logged action of a control step; the state before it is compared."""
        taken = self.log.steps[step]
        self._check(step, taken.state)
        if self._submit is not None and step in self._planned:
            self._plans[step] = self._submit(observation)
        return PlayedStep(taken.action, self._shown(taken.made), taken.made, taken.index)

    def _shown(self, made: int | None) -> Prediction | None:
        """What the policy says now to the observation that the logged plan answered, once it is there."""
        for earlier in [step for step in self._plans if made is not None and step < made]:
            self._plans.pop(earlier).cancel()
        plan = None if made is None else self._plans.get(made)
        if plan is None or not plan.done() or plan.cancelled() or plan.exception() is not None:
            return None
        return plan.result()

    def _check(self, step: int, expected: str | None) -> None:
        if expected is None or not isinstance(self._source, Forkable):
            return
        self.checked += 1
        if self.differs is None and self._source.digest() != expected:
            self.differs = step

    def close(self) -> None:
        """Withdraw what was asked of the policy."""
        while self._plans:
            self._plans.popitem()[1].cancel()

    @property
    def exact(self) -> bool:
        """Whether every state that the log knows came out the same, and it knows at least one."""
        return self.failed is None and self.differs is None and self.checked > 0

    def verdict(self) -> str:
        """One sentence about how exact the replay was."""
        if self.failed is not None:
            return f"the log could not be replayed: {self.failed}"
        if self.differs is not None:
            return (
                f"the replay differs from its log at step {self.differs}: "
                "it was recorded on another machine or by another version"
            )
        if not self.checked:
            return "replayed, but nothing could be compared: the log holds no states"
        return f"replayed exactly: {self.checked} of {self.checked} states agree to the last bit"


@dataclass(frozen=True)
class Replayed:
    """How a replay without pictures went.

    Attributes:
        steps: Control steps played.
        checked: Fingerprints compared.
        differs: First control step at which the state was another one, ``None`` if all agree.
        success: The success predicate held for 0.5 s.
        exact: Every fingerprint of the log agrees, and it holds at least one.
        verdict: One sentence.
    """

    steps: int
    checked: int
    differs: int | None
    success: bool
    exact: bool
    verdict: str


def replay(log: AttemptLog, source: Source) -> Replayed:
    """Play an attempt on a source of its task, as fast as it goes.

    Raises:
        InvalidInputError: An event of the reset cannot be applied.
    """
    agent, success = ReplayAgent(log, source), False
    loop = Loop(source, agent)
    with agent.at_reset():
        loop.reset(log.seed, agent.perturbations)
    while agent.disturb(loop.step, loop.disturb):
        success = loop.advance().success
    return Replayed(loop.step, agent.checked, agent.differs, success, agent.exact, agent.verdict())


def replay_all(
    attempts: Sequence[AttemptLog], open_source: Callable[[str], Source], advance: Callable[[], None]
) -> list[Replayed]:
    """Play attempts one after the other, each on a source of its task; ``advance`` is called after each."""
    results, sources = [], {}
    try:
        for log in attempts:
            if log.task not in sources:
                sources[log.task] = open_source(log.task)
            results.append(replay(log, sources[log.task]))
            advance()
    finally:
        for source in sources.values():
            source.close()
    return results
