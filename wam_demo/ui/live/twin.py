"""From a twin to what the page shows: two pictures, the differences in numbers and along time."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from wam_demo.runtime import TwinView
from wam_demo.runtime.contracts import Outcome
from wam_demo.ui.live.words import OUTCOME_WORDS, event_label, event_marks
from wam_demo.ui.shared.packet import Tile

SIDES = ("with", "without")


def twin_tiles(twin: TwinView) -> dict[str, Tile]:
    """One picture of each course."""
    return {
        f"twin.{side}": Tile((twin.forked, twin.frame_number), partial(np.asarray, frame))
        for side, frame in zip(SIDES, twin.frames, strict=True)
    }


def twin_status(twin: TwinView) -> dict[str, Any]:
    """What changes often: JSON-ready, distances in cm."""
    largest = max((each.action for each in twin.divergences), default=0.0)
    return {
        "dream": twin.dream,
        "forked": twin.forked,
        "step": twin.step,
        "what": list(dict.fromkeys(event_label(event, twin.names) for event in twin.events)),
        "outcomes": {side: _outcome(outcome) for side, outcome in zip(SIDES, twin.outcomes, strict=True)},
        "action_cm": _cm(twin.divergences[-1].action) if twin.divergences else None,
        "largest_cm": _cm(largest),
        "tool_cm": _cm(twin.divergences[-1].tool) if twin.divergences else None,
        "picture": _rounded(twin.divergences[-1].picture) if twin.divergences else None,
        "expected": _rounded(twin.divergences[-1].expected) if twin.divergences else None,
        "verdict": verdict(twin),
    }


def twin_charts(twin: TwinView) -> dict[str, Any]:
    """Differences by control step, JSON-ready: rows of step, action [cm], gripper, tool [cm]; of pictures, 0..1; and as
    the dream expects these."""
    rows = [[each.step, _cm(each.action), round(each.gripper, 3), _cm(each.tool)] for each in twin.divergences]
    pictures = [[each.step + 1, _rounded(each.picture)] for each in twin.divergences if each.picture is not None]
    expected = [[each.step + 1, _rounded(each.expected)] for each in twin.divergences if each.expected is not None]
    marks = event_marks(twin.events, twin.names)
    differences = {"gaps": rows, "pictures": pictures, "expected": expected}
    return {"forked": twin.forked, "step": twin.step, **differences, "events": marks}


def verdict(twin: TwinView) -> str:
    """What the comparison says so far, in one sentence."""
    with_, without = twin.outcomes
    if twin.dream is not None:
        return _dreamt(twin, with_)
    if not twin.events:
        return "Nothing is different yet: disturb the left one."
    if with_ is None or without is None:
        return "Both follow the same policy with the same noise."
    if with_.name == without.name:
        return f"It made no difference to the outcome: {OUTCOME_WORDS[with_.name].lower()} in both."
    return f"{OUTCOME_WORDS[with_.name]} with it, {OUTCOME_WORDS[without.name].lower()} without it."


def _dreamt(twin: TwinView, real: Outcome | None) -> str:
    """The same beside a dream, which nobody judges."""
    if real is not None:
        return f"{OUTCOME_WORDS[real.name]} in reality. Look at the right: nobody judges a dream."
    if twin.events:
        return "What was done to reality is not in the dream."
    if twin.dream == "own":
        return "The same policy in both: on the right it sees nothing but what it imagines."
    return "The same actions in both: the right one is imagined from the first picture on."


def _outcome(outcome: Outcome | None) -> dict[str, str] | None:
    if outcome is None:
        return None
    return {"name": outcome.name, "title": OUTCOME_WORDS[outcome.name], "detail": outcome.detail}


def _rounded(difference: float | None) -> float | None:
    return None if difference is None else round(difference, 4)


def _cm(metres: float) -> float:
    return round(100 * metres, 2)
