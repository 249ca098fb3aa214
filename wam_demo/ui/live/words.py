"""Everything the Live tab says in words: events, status, reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, zip_longest
from typing import Any

from wam_demo.policies.registry import PolicySpec
from wam_demo.runtime import SessionView
from wam_demo.runtime.contracts import DreamView
from wam_demo.runtime.disturb import NEXT_EPISODE
from wam_demo.runtime.fork import SAME_GESTURE_STEPS
from wam_demo.types import CONTROL_HZ, Event
from wam_demo.ui.shared.strip import VIEWS

_LABELS = {"swap_target": "move", "distractor": "drop", "language": "new words"}
POINTER_HINT = "Click on Now to drop something, drag to shove (on a touch screen: tap, hold and drag)."
OUTCOME_WORDS: Mapping[str, str] = {
    "success": "Done",
    "timeout": "Out of time",
    "unscored": "Not scored",
    "sim_fault": "The simulation diverged",
    "replayed": "End of the log",
}
"""How an episode ended, for people."""


def event_label(event: Event, names: Mapping[str, str]) -> str:
    """A few words for a mark: what was done, to what, how strongly.

    Args:
        event: As it was applied.
        names: What people call the bodies.
    """
    details = event.parameters
    plain = event.kind.replace("_", " ")
    if details.get("severity") == 0:
        return f"{plain} off"
    label = _LABELS.get(event.kind, plain)
    if "object" in details:
        body = str(details["object"])
        return f"{label} {names.get(body, body.replace('_', ' '))}"
    if len(details.get("drops", ())) > 1:
        return f"{label} ×{len(details['drops'])}"
    return f"{label} {details['severity']}" if "severity" in details and event.kind not in _LABELS else label


def event_marks(events: Sequence[Event], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Marks for the chart and the list; equal ones at one step become one with a count."""
    marks = []
    lasting = [event for event, later in zip_longest(events, events[1:]) if not _dragged_on(event, later)]
    for (step, label), same in groupby(lasting, key=lambda event: (event.step, event_label(event, names))):
        count = len(list(same))
        marks.append({"step": step, "label": label if count == 1 else f"{label} ×{count}"})
    return marks


def _dragged_on(event: Event, later: Event | None) -> bool:
    """Whether this is a value that a slider passed on its way to the next one."""
    if later is None or later.kind != event.kind or event.kind in NEXT_EPISODE:
        return False
    return later.step - event.step <= SAME_GESTURE_STEPS


def status_line(view: SessionView) -> dict[str, Any]:
    """The line at the bottom: a message if there is one, else what is going on."""
    if view.notice:
        return {"text": view.notice, "warn": view.warning}
    return {"text": _going_on(view), "warn": False}


def _going_on(view: SessionView) -> str:
    policy, seed = view.settings.policy, view.settings.seed
    if view.twin is not None and view.twin.dream is not None:
        return "Reality on the left, its dream on the right: from the same moment, step by step."
    if view.twin is not None:
        return "Twin: same state, same policy, same noise; left with the disturbance, right without it."
    if view.dream is not None:
        return _dreaming(view, view.dream)
    if view.replay is not None and view.state == "running":
        return f"Replays a log: {view.replay}, seed {seed}."
    if view.state == "finished":
        by_itself = view.settings.autoplay and view.replay is None
        follows = "the next seed follows" if by_itself else "press N for the next seed"
        ended = OUTCOME_WORDS[view.outcome.name] if view.outcome else "Ended"
        return f"{ended}: {policy}, seed {seed}; {follows}."
    if view.state == "paused":
        return f"Paused at {view.step / CONTROL_HZ:.1f} s. Space runs on, S does one step."
    if view.step == 0 and view.imagination is None and view.replay is None:
        return f"{policy} plans and imagines first, then it moves."
    if view.played is not None and view.played.holding:
        return f"{policy} is thinking: the arm holds until a plan is there."
    aside = f"{view.note[0].upper()}{view.note[1:]}." if view.note else POINTER_HINT
    return f"{policy} works on seed {seed}. {aside}"


def _dreaming(view: SessionView, dream: DreamView) -> str:
    by_hand = view.drive is not None and view.drive.state.person
    who = "you drive in what the model imagines" if by_hand else f"{view.settings.policy} acts on its own imagination"
    left = f"{dream.left / CONTROL_HZ:.1f} s"
    if view.state == "paused":
        return f"Dream, paused at {view.step / CONTROL_HZ:.1f} s: {who}. Reality waits at {left}."
    return f"Dream: {who}, nothing else. Reality waits at {left}; nothing is judged or can be disturbed here."


def why_absent(spec: PolicySpec, fault: str | None = None) -> dict[str, str]:
    """Why a view of the strip has no picture yet.

    Args:
        spec: The policy.
        fault: Why the last imagination did not come, if it did not.
    """
    reasons = dict.fromkeys(VIEWS, spec.sentence)
    if spec.imagines:
        reasons["imagined"] = f"No imagination: {fault}." if fault else "The first imagination is on its way."
        reasons["error"] = "Waits for an imagined moment to come."
    if spec.attends:
        reasons["attention"] = "The first plan is on its way."
    return reasons
