"""Plays a logged attempt again and checks that every fingerprinted state comes out the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wam_demo.errors import InvalidInputError
from wam_demo.policies.receding import PlayedStep
from wam_demo.runtime.log import AttemptLog, LoggedEvent
from wam_demo.sim.controller import SUBSTEPS
from wam_demo.types import Event, Observation

if TYPE_CHECKING:
    from wam_demo.sim.world import World

Apply = Callable[[str, dict[str, Any]], object]

HALVES = (12, SUBSTEPS - 12)
"""Physics steps of the two halves of a control step; a picture can be taken between them."""


class Tape:
    """One logged attempt, played step by step in place of a policy.

    Attributes:
        log: What is played.
        checked: Fingerprints compared so far.
        differs: First control step at which the state was another one, if any was.
        wait_steps: A tape is never waited for.
    """

    wait_steps = 0

    def __init__(self, log: AttemptLog) -> None:
        self.log = log
        self.checked = 0
        self.differs: int | None = None
        self._live: dict[int, list[LoggedEvent]] = {}
        for event in log.events:
            if not event.at_reset:
                self._live.setdefault(event.step, []).append(event)

    @property
    def perturbations(self) -> list[Event]:
        """What the world is to be reset with."""
        return [Event(event.step, event.kind, event.asked) for event in self.log.events if event.at_reset]

    @contextmanager
    def at_reset(self) -> Iterator[None]:
        """Around the reset: an event that cannot be applied is refused with its line."""
        try:
            yield
        except InvalidInputError as error:
            line = next((event.line for event in self.log.events if event.at_reset), 0)
            raise InvalidInputError(f"line {line}: {error}") from None

    def disturb(self, step: int, apply: Apply) -> bool:
        """Apply what the log has before control step ``step``; returns whether there was anything.

        Raises:
            InvalidInputError: An event cannot be applied; names its line.
        """
        events = self._live.pop(step, [])
        for event in events:
            try:
                apply(event.kind, dict(event.asked))
            except InvalidInputError as error:
                raise InvalidInputError(f"line {event.line}: {error}") from None
        return bool(events)

    def act(self, step: int, observation: Observation) -> PlayedStep:
        """The logged action of a control step."""
        taken = self.log.steps[step]
        return PlayedStep(taken.action, None, taken.made, taken.index)

    def check(self, step: int, world: World) -> None:
        """Compare the state before control step ``step``, or after the last one."""
        ended = step >= len(self.log.steps)
        expected = self.log.final if ended else self.log.steps[step].state
        if expected is None:
            return
        self.checked += 1
        if self.differs is None and world.digest() != expected:
            self.differs = step

    def finish(self, step: int, apply: Apply, world: World) -> bool:
        """After a control step: if it was the last, end as the log does; returns whether it was."""
        if step < len(self.log.steps):
            return False
        self.disturb(step, apply)
        self.check(step, world)
        return True

    def close(self) -> None:
        """Nothing is under way."""

    def verdict(self) -> str:
        """One sentence about how exact the replay was."""
        if self.differs is not None:
            return (
                f"the replay differs from its log at step {self.differs}: "
                "it was recorded on another machine or by another version"
            )
        return f"replayed exactly: {self.checked} of {self.checked} states agree to the last bit"


@dataclass(frozen=True)
class Replayed:
    """How a replay without pictures went.

    Attributes:
        steps: Control steps played.
        checked: Fingerprints compared.
        differs: First control step at which the state was another one, ``None`` if all agree.
        success: The success predicate held for 0.5 s.
        verdict: One sentence.
    """

    steps: int
    checked: int
    differs: int | None
    success: bool
    verdict: str


def replay(log: AttemptLog, world: World) -> Replayed:
    """Play an attempt in a world of its task, as fast as it goes.

    Raises:
        InvalidInputError: The log holds an event that cannot be applied.
    """
    tape, success = Tape(log), False
    with tape.at_reset():
        world.draw(log.seed)
        world.apply(tape.perturbations)
    for step, taken in enumerate(log.steps):
        tape.disturb(step, world.apply_event)
        tape.check(step, world)
        applied = world.begin(taken.action)
        for half in HALVES:
            world.advance(half)
        success = world.finish(applied).success
    tape.finish(len(log.steps), world.apply_event, world)
    return Replayed(len(log.steps), tape.checked, tape.differs, success, tape.verdict())


def replay_all(attempts: Sequence[AttemptLog], advance: Callable[[], None]) -> list[Replayed]:
    """Play attempts one after the other, each in a world of its task; ``advance`` is called after each."""
    from wam_demo.sim.world import World

    results, worlds = [], {}
    try:
        for log in attempts:
            if log.task not in worlds:
                worlds[log.task] = World(log.task)
            results.append(replay(log, worlds[log.task]))
            advance()
    finally:
        for world in worlds.values():
            world.close()
    return results
