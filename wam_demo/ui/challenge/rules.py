"""How large a disturbance was, and whether an attempt counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wam_demo.runtime.disturb import NEXT_EPISODE
from wam_demo.runtime.fork import SAME_GESTURE_STEPS
from wam_demo.sim.perturb import shove, swap_target
from wam_demo.types import Event

MOST = 3
"""Disturbances of an attempt that counts."""
SMALLEST = 0.1
"""Size below which nobody can tell two disturbances apart."""
_DISTANCES_M = {"shove": shove.DISTANCE_M, "swap_target": swap_target.DISTANCE_M}


def sizes(events: Sequence[Event]) -> list[float]:
    """Size of each disturbance, in steps of severity: 1 .. 5 is what the evaluation calls 1 .. 5.

    A distance between two severities lies between them; what is dropped counts 1 each. Values that one slider passed
    on its way are one disturbance, as large as the largest. Taking something back is free, and does not undo it.

    Args:
        events: Of an attempt, as they were applied.
    """
    found: list[float] = []
    before: Event | None = None
    for event in events:
        if event.parameters.get("severity") == 0:
            before = None
            continue
        if before is not None and _goes_on(before, event):
            found[-1] = max(found[-1], _size(event))
        else:
            found.append(_size(event))
        before = event
    return found


def _goes_on(before: Event, event: Event) -> bool:
    same_slider = event.kind == before.kind and event.kind not in NEXT_EPISODE  # no slider of a running episode
    return same_slider and event.step - before.step <= SAME_GESTURE_STEPS


def _size(event: Event) -> float:
    if event.kind in _DISTANCES_M and "offset" in event.parameters:
        distance, known = float(np.linalg.norm(event.parameters["offset"])), (0.0, *_DISTANCES_M[event.kind])
        beyond = distance / known[-1] * (len(known) - 1)
        size = beyond if distance > known[-1] else float(np.interp(distance, known, range(len(known))))
    elif event.kind == "distractor":
        size = float(len(event.parameters.get("drops", [event])))
    else:
        size = float(event.parameters.get("severity", 0))
    return max(SMALLEST, round(size, 1))


def foul(events: Sequence[Event], driven: bool) -> str:
    """Why an attempt does not count, whatever comes of it; empty while it does.

    Args:
        events: Of the attempt, as they were applied.
        driven: Whether a person has moved the arm.
    """
    if driven:
        return "you moved the arm yourself"
    if any(event.kind == "language" and "severity" not in event.parameters for event in events):
        return "your own words ask for something else"
    if len(sizes(events)) > MOST:
        return f"more than {MOST} disturbances"
    return ""


def score(outcome: str, events: Sequence[Event], driven: bool) -> float | None:
    """What an attempt that has ended is worth, the smaller the better; ``None`` when it does not count.

    Args:
        outcome: How it ended.
        events: Of the attempt, as they were applied.
        driven: Whether a person has moved the arm.
    """
    found = sizes(events)
    if outcome != "timeout" or not found or foul(events, driven):
        return None
    return round(sum(found), 1)
