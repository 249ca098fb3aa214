"""The moment before a disturbance, kept so that what would have happened without it can be played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wam_demo.types import Event

if TYPE_CHECKING:
    from wam_demo.sim.world import World, WorldState

SAME_GESTURE_STEPS = 6
"""Values of one slider that follow each other within this many control steps are one disturbance."""


@dataclass(frozen=True)
class Fork:
    """A state of a world and the disturbance that followed.

    Attributes:
        state: Before the disturbance.
        step: Control step of that state.
        asked: What was applied then: kinds, and parameters that do the same again, in order.
        newest: Control step of the last one.
    """

    state: WorldState
    step: int
    asked: Sequence[Event]
    newest: int


def forked(before: Fork | None, kind: str, parameters: Mapping[str, Any], world: World) -> Fork:
    """The fork of a disturbance that is about to happen; joins the one before if both are one gesture.

    Args:
        before: The newest fork of the attempt.
        kind: Name of the perturbation axis.
        parameters: It is applied with.
        world: Not disturbed yet.
    """
    step = world.step_count
    event = Event(step, kind, dict(parameters))
    if before is not None and (step == before.newest or _goes_on(before, event)):
        return Fork(before.state, before.step, (*before.asked, event), step)
    return Fork(world.snapshot(), step, (event,), step)


def _goes_on(before: Fork, event: Event) -> bool:
    same_slider = "severity" in event.parameters and {e.kind for e in before.asked} == {event.kind}
    return same_slider and event.step - before.newest <= SAME_GESTURE_STEPS
