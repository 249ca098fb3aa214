"""The moment before a disturbance, kept so that what would have happened without it can be played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wam_demo.robots.source import Forkable
from wam_demo.types import Event

SAME_GESTURE_STEPS = 6
"""Values of one slider that follow each other within this many control steps are one disturbance."""


@dataclass(frozen=True)
class Fork:
    """A state of a source and the disturbance that followed.

    Attributes:
        state: Before the disturbance.
        step: Control step of that state.
        asked: What was applied then: kinds, and parameters that do the same again, in order; empty for a
            fork where nothing has been disturbed yet.
    """

    state: Any
    step: int
    asked: Sequence[Event] = ()


def forked(before: Fork | None, event: Event, source: Forkable) -> Fork:
    """The fork of a disturbance that is about to happen; joins the one before if both are one gesture.

    Args:
        before: The newest fork of the attempt.
        event: The disturbance, as it is asked for, and the present control step.
        source: Not disturbed yet.
    """
    if before is not None and (event.step == before.asked[-1].step or _goes_on(before, event)):
        return Fork(before.state, before.step, (*before.asked, event))
    return Fork(source.snapshot(), event.step, (event,))


def _goes_on(before: Fork, event: Event) -> bool:
    same_slider = "severity" in event.parameters and {e.kind for e in before.asked} == {event.kind}
    return same_slider and event.step - before.asked[-1].step <= SAME_GESTURE_STEPS
