"""What happened in a session, complete enough to replay it: one log per attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wam_demo.robots.source import Disturbable, Forkable, Source
from wam_demo.runtime.logged_panels import LoggedPanel, kept_panels
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.types import Event, Observation, StepRecord, Vector

DIGEST_EVERY = 10
"""Control steps between two fingerprints of the state."""


@dataclass(frozen=True)
class LoggedEvent:
    """A disturbance.

    Attributes:
        step: Control step before which it was applied.
        kind: Name of the perturbation axis.
        asked: Parameters it was applied with; applying them again in the same state does the same.
        applied: Parameters as the source reported them, ``None`` if they were not known yet.
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
        state: Fingerprint of the source before the step, where one was taken.
        panels: What the policy showed beside a plan that is new at this step, by title.
    """

    action: Vector
    made: int | None = None
    index: int | None = None
    state: str | None = None
    panels: Mapping[str, LoggedPanel] = field(default_factory=dict)


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


class LogRecorder(Subscriber):
    """Keeps the log of one attempt.

    Args:
        source: Is fingerprinted, where that is possible.
        task: Task name.
        seed: Seed of the reset.
        horizon: Control steps after which the attempt has failed.
        perturbations: That it is reset with.
    """

    def __init__(self, source: Source, task: str, seed: int, horizon: int, perturbations: Sequence[Event] = ()) -> None:
        self._source = source
        self._perturbations = perturbations
        self._log = AttemptLog(task, seed, "", None, horizon, "")
        self._events: list[LoggedEvent] = []
        self._commands: list[tuple[int, str]] = []
        self._steps: list[LoggedStep] = []
        self._state: str | None = None

    def on_reset(self, observation: Observation) -> None:
        """The attempt begins."""
        self._log = replace(self._log, instruction=observation.instruction)
        applied = iter(self._source.events if isinstance(self._source, Disturbable) else ())
        self._events = [
            LoggedEvent(e.step, e.kind, dict(e.parameters), next(applied).parameters if e.step <= 0 else None, True)
            for e in self._perturbations
        ]
        self._fingerprint()

    def on_event(self, asked: Event, applied: Event) -> None:
        """A disturbance."""
        self._events.append(LoggedEvent(asked.step, asked.kind, asked.parameters, applied.parameters))
        self._fingerprint()

    def on_step(self, record: StepRecord) -> None:
        """A control step is done; the state it began in was fingerprinted before."""
        action = np.array(record.action if record.commanded is None else record.commanded, np.float32)
        is_new = not self._steps or record.prediction_step != self._steps[-1].made
        panels = kept_panels(record.prediction.panels) if record.prediction is not None and is_new else {}
        self._steps.append(LoggedStep(action, record.prediction_step, record.index, self._state, panels))
        self._fingerprint()

    def command(self, name: str) -> None:
        """A person gave a command that moves nothing."""
        self._commands.append((len(self._steps), name))

    def log(self, policy: str, weights_sha256: str | None, outcome: str | None, whole: bool = True) -> AttemptLog:
        """The log so far; ``whole``: the source stands after the last step, so that its state can be compared."""
        return replace(
            self._log,
            policy=policy,
            weights_sha256=weights_sha256,
            events=tuple(self._events),
            commands=tuple(self._commands),
            steps=tuple(self._steps),
            outcome=outcome,
            final=self._digest() if whole else None,
        )

    def _fingerprint(self) -> None:
        """Of the state in which the next control step begins, for every tenth."""
        self._state = self._digest() if len(self._steps) % DIGEST_EVERY == 0 else None

    def _digest(self) -> str | None:
        return self._source.digest() if isinstance(self._source, Forkable) else None
