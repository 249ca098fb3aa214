"""What happened in a session, complete enough to replay it: one log per attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from wam_demo.policies.receding import PlayedStep
from wam_demo.types import Event, Vector

if TYPE_CHECKING:
    from wam_demo.sim.world import World

DIGEST_EVERY = 10
"""Control steps between two fingerprints of the state."""


@dataclass(frozen=True)
class LoggedEvent:
    """A disturbance.

    Attributes:
        step: Control step before which it was applied.
        kind: Name of the perturbation axis.
        asked: Parameters it was applied with; applying them again in the same state does the same.
        applied: Parameters as the world reported them, ``None`` if they were not known yet.
        at_reset: It was handed in with the reset, where it waits for its step.
        line: Where it stands in a file, for messages; 0 if it comes from none.
    """

    step: int
    kind: str
    asked: Mapping[str, Any]
    applied: Mapping[str, Any] | None = None
    at_reset: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class LoggedStep:
    """One control step.

    Attributes:
        action: (7,) float32 as commanded; a delay and the limits of the arm act on it in the world.
        made: Control step of the observation that its plan answered; ``None`` without a plan.
        index: Position in that plan; ``None`` while the arm held.
        state: Fingerprint of the world before the step, where one was taken.
    """

    action: Vector
    made: int | None = None
    index: int | None = None
    state: str | None = None


@dataclass(frozen=True)
class AttemptLog:
    """One attempt at a task from one seed.

    Attributes:
        task: Task name.
        seed: Seed of the reset.
        policy: Policy name.
        weights_sha256: Of the policy, if it has weights.
        horizon: Control steps after which the attempt would have failed.
        instruction: As the policy saw it at the reset.
        events: Every disturbance, in order.
        commands: Step and name of every command that moved nothing: run, pause, step.
        steps: Every control step.
        outcome: How it ended; ``None`` if it was left before.
        final: Fingerprint of the last state.
    """

    task: str
    seed: int
    policy: str
    weights_sha256: str | None
    horizon: int
    instruction: str
    events: Sequence[LoggedEvent] = ()
    commands: Sequence[tuple[int, str]] = ()
    steps: Sequence[LoggedStep] = ()
    outcome: str | None = None
    final: str | None = None


class AttemptRecorder:
    """Collects the log of the attempt in a world.

    Args:
        world: Has just been reset.
        perturbations: That it was reset with.
        horizon: Control steps after which the attempt has failed.
    """

    def __init__(self, world: World, perturbations: Sequence[Event], horizon: int) -> None:
        self._world = world
        self._horizon = horizon
        self._instruction = world.instruction
        applied = iter(world.events)
        self._events = [
            LoggedEvent(e.step, e.kind, dict(e.parameters), next(applied).parameters if e.step <= 0 else None, True)
            for e in perturbations
        ]
        self._commands: list[tuple[int, str]] = []
        self._steps: list[LoggedStep] = []

    def event(self, asked: Mapping[str, Any], event: Event) -> None:
        """A disturbance was applied with the parameters asked for."""
        self._events.append(LoggedEvent(event.step, event.kind, dict(asked), event.parameters))

    def command(self, name: str) -> None:
        """A person gave a command that moves nothing."""
        self._commands.append((len(self._steps), name))

    def step(self, played: PlayedStep) -> None:
        """A control step begins with this."""
        step = len(self._steps)
        state = self._world.digest() if step % DIGEST_EVERY == 0 else None
        made = played.prediction_step
        self._steps.append(LoggedStep(np.array(played.action, np.float32), made, played.index, state))

    def log(self, policy: str, weights_sha256: str | None, outcome: str | None, whole: bool = True) -> AttemptLog:
        """The log so far; ``whole``: the last step is done, so that its state can be compared."""
        world = self._world
        return AttemptLog(
            world.task, world.seed, policy, weights_sha256, self._horizon, self._instruction,
            tuple(self._events), tuple(self._commands), tuple(self._steps), outcome,
            world.digest() if whole else None,
        )  # fmt: skip
