"""The one loop: observe, let the agent act, apply, tell everybody who listens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wam_demo.errors import InvalidInputError
from wam_demo.policies.receding import PlayedStep
from wam_demo.robots.source import Disturbable, Guarded, Judged, Source, Watchable
from wam_demo.runtime.agents import Agent
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.types import CONTROL_HZ, Event, Observation, StepRecord


class Loop:
    """Joins a source, an agent and subscribers; used in one thread.

    A control step has parts, so that a source which can be looked at in between can be shown there.

    Args:
        source: Where observations come from and actions go.
        agent: Decides.
        subscribers: Told of every reset, step and event, in this order.
        step: Control steps that the source has done already.

    Attributes:
        step: Control steps done; in real time, the one of the newest observation.
        halfway: A control step is begun and not finished.
        observation: The newest one; there from the first reset or step on.
        played: What the agent decided last; ``None`` before the first step of an episode.
    """

    def __init__(self, source: Source, agent: Agent, subscribers: Sequence[Subscriber] = (), *, step: int = 0) -> None:
        self.source = source
        self.agent = agent
        self.step = step
        self.halfway = False
        self.observation: Observation
        self.played: PlayedStep | None = None
        self._subscribers = subscribers
        self._reported = self._parts_left = 0

    def reset(self, seed: int, events: Sequence[Event] = ()) -> Observation:
        """Begin an episode.

        Args:
            seed: Of the scene.
            events: Disturbances, each applied at its control step.

        Raises:
            InvalidInputError: An event cannot be applied, or the source cannot be disturbed.
        """
        self.observation = self.source.reset(seed)
        if events:
            disturbable(self.source).schedule(events)
            self.observation = self.source.observe()
        self.step, self.halfway, self.played, self._reported = 0, False, None, 0
        for subscriber in self._subscribers:
            subscriber.on_reset(self.observation)
        return self.observation

    def begin(self, parts: int = 2) -> None:
        """First part of a control step: observe, decide, start to move.

        Args:
            parts: Of the whole step, where the source can be looked at.

        Raises:
            SourceFault: There is no observation.
            WamDemoError: The agent does not know what to do; nothing has moved.
        """
        self.observation = self.source.observe()
        if self.source.clock == "real":
            self.step = int(self.observation.time * CONTROL_HZ)
        self.played = self.agent.act(self.step, self.observation)
        if isinstance(self.source, Guarded):
            self.source.commander = "person" if self.played.person_weight == 1 else "policy"
        if isinstance(self.source, Watchable):
            self.source.begin(self.played.action, parts)
        self.halfway, self._parts_left = True, parts - 1

    def proceed(self) -> bool:
        """One part more of a control step; returns whether there was one before the last."""
        if self._parts_left <= 1 or not isinstance(self.source, Watchable):
            return False
        self.source.proceed()
        self._parts_left -= 1
        return True

    def finish(self) -> StepRecord:
        """The rest of a control step: move on and tell."""
        source, played = self.source, self.played
        assert self.halfway, "begin comes first"
        assert played is not None
        self.halfway = False
        applied = source.finish() if isinstance(source, Watchable) else source.apply(played.action)
        judged = source if isinstance(source, Judged) else None
        record = StepRecord(
            step=self.step,
            observation=self.observation,
            action=applied,
            prediction=played.prediction,
            prediction_step=played.prediction_step,
            events=self._news(),
            success=judged is not None and judged.success,
            fault=(judged.fault if judged else None) or played.fault,
            commanded=played.action,
            index=played.index,
            goal_distance=judged.goal_distance() if judged else None,
            person_weight=played.person_weight,
        )
        self.step += 1
        for subscriber in self._subscribers:
            subscriber.on_step(record)
        return record

    def advance(self) -> StepRecord:
        """One whole control step."""
        self.begin()
        return self.finish()

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb the source between two control steps.

        Raises:
            InvalidInputError: It cannot be disturbed like that; nothing has changed.
        """
        assert not self.halfway, "a disturbance falls between control steps"
        applied = disturbable(self.source).disturb(kind, parameters)
        for subscriber in self._subscribers:
            subscriber.on_event(Event(applied.step, kind, dict(parameters)), applied)
        return applied

    def close(self) -> None:
        """Withdraw what the agent asked for and tell; the source stays open."""
        self.agent.close()
        for subscriber in self._subscribers:
            subscriber.on_close()

    def _news(self) -> Sequence[Event]:
        """Events since the last control step."""
        if not isinstance(self.source, Disturbable):
            return ()
        events = self.source.events[self._reported :]
        self._reported += len(events)
        return events


def disturbable(source: Source) -> Disturbable:
    """The source as one that can be disturbed; raises `InvalidInputError` if it cannot."""
    if not isinstance(source, Disturbable):
        raise InvalidInputError("this source cannot be disturbed")
    return source
