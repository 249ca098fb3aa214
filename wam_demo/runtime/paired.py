"""From what a person did by hand to a paired test: the axis and the severity that come nearest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.sim.perturb import distractor, shove, swap_target
from wam_demo.types import Event

_DISTANCES_M = {"shove": shove.DISTANCE_M, "swap_target": swap_target.DISTANCE_M}


def nearest_test(events: Sequence[Event]) -> dict[str, Any]:
    """Axis and severity of the newest disturbance that is still in effect.

    Args:
        events: Of an attempt, as they were applied.

    Returns:
        ``axis`` and ``severity`` 1..5, as the Robustness tab takes them.

    Raises:
        InvalidInputError: There is none, or it has no severity.
    """
    lasting = _lasting(events)
    if not lasting:
        raise InvalidInputError("nothing was disturbed in this attempt: there is nothing to test")
    newest = lasting[-1]
    severity = _severity(newest, lasting)
    if severity is None:
        raise InvalidInputError(f"a {newest.kind} by hand has no severity: there is no axis to test it on")
    return {"axis": newest.kind, "severity": severity}


def _lasting(events: Sequence[Event]) -> list[Event]:
    """Events without those that were taken back."""
    lasting: list[Event] = []
    for event in events:
        if event.parameters.get("severity") == 0:
            lasting = [before for before in lasting if before.kind != event.kind]
        else:
            lasting.append(event)
    return lasting


def _severity(event: Event, lasting: Sequence[Event]) -> int | None:
    if event.kind == "distractor":  # each click drops one more
        count = sum(len(e.parameters.get("drops", [e])) for e in lasting if e.kind == event.kind)
        return _nearest(distractor.COUNT, count)
    if event.kind in _DISTANCES_M and "offset" in event.parameters:
        distance = float(np.linalg.norm(event.parameters["offset"]))
        return _nearest(_DISTANCES_M[event.kind], distance)
    severity = event.parameters.get("severity")
    return severity if isinstance(severity, int) else None


def _nearest(magnitudes: Sequence[float], value: float) -> int:
    return 1 + int(np.argmin([abs(magnitude - value) for magnitude in magnitudes]))
