"""From a session's view to what the page shows: pictures, status and charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from wam_demo.runtime import SessionView
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS, Image, Vector
from wam_demo.ui.live.twin import twin_charts, twin_status, twin_tiles
from wam_demo.ui.shared.packet import Tile
from wam_demo.ui.shared.panels import attention_overlay, error_map
from wam_demo.ui.shared.words import OUTCOME_WORDS, event_marks, status_line, why_absent

FOCUS = 4.0
"""The brightest colour of attention means at least this many times its even spread."""


def tiles(view: SessionView) -> dict[str, Tile]:
    """Every picture of the strip by ``panel[.steps ahead].camera``; drawn only when it is sent."""
    if view.twin is not None:
        return twin_tiles(view.twin)
    return _now(view) | _imagined(view) | _attention(view) | _surprise(view)


def _now(view: SessionView) -> dict[str, Tile]:
    wrist = view.observation.images["wrist"]
    return {
        "now.front": Tile(view.frame_number, partial(as_is, view.frame)),
        "now.wrist": Tile((view.episode, view.observation.time), partial(as_is, wrist)),
    }


def _imagined(view: SessionView) -> dict[str, Tile]:
    imagination = view.imagination
    if imagination is None:
        return {}
    return {
        f"imagined.{ahead}.{camera}": Tile((view.episode, imagination.step), partial(as_is, frames[index]))
        for camera, frames in imagination.frames.items()
        for index, ahead in enumerate(FUTURE_STEPS)
    }


def _attention(view: SessionView) -> dict[str, Tile]:
    attention, stamp = _seen_attention(view)
    # One common scale, so that the views can be compared; attention without focus stays dim.
    cells = sum(grid.size for grid in attention.values())
    peak = max([FOCUS / max(1, cells), *(float(grid.max()) for grid in attention.values())])
    return {
        f"attention.{camera}": Tile(stamp, partial(attention_overlay, view.attended[camera], grid, peak))
        for camera, grid in attention.items()
    }


def _surprise(view: SessionView) -> dict[str, Tile]:
    return {
        f"surprise.{ahead}.{camera}": Tile((view.episode, error.made), partial(error_map, difference))
        for ahead, error in view.prediction_errors.items()
        for camera, difference in error.maps.items()
    }


def _seen_attention(view: SessionView) -> tuple[Mapping[str, Vector], object]:
    """Attention of the present prediction on the cameras whose pictures are kept, and its stamp."""
    played = view.played
    if played is None or played.prediction is None:
        return {}, None
    attention = played.prediction.attention
    kept = {camera: grid for camera, grid in attention.items() if camera in view.attended}
    return kept, (view.episode, played.prediction_step)


def as_is(image: Image) -> Image:
    """A picture that is shown unchanged."""
    return image


def status(view: SessionView, has_imagination: bool) -> dict[str, Any]:
    """What changes often: JSON-ready.

    Args:
        view: The newest one.
        has_imagination: Whether the chosen policy imagines and attends.
    """
    outcome, settings = view.outcome, view.settings
    return {
        "episode": view.episode,
        "state": view.state,
        "step": view.step,
        "horizon": view.horizon,
        "task": settings.task,
        "policy": settings.policy,
        "seed": settings.seed,
        "autoplay": settings.autoplay,
        "instruction": view.instruction,
        "severities": dict(view.severities),
        "badges": _badges(view),
        "imagined": None if view.imagination is None else {"step": view.imagination.step},
        "attention": _attention_shares(view),
        "surprise": {
            str(ahead): {"made": s.made, "at": s.at, "error": round(s.error, 4)}
            for ahead, s in view.prediction_errors.items()
        },
        "absent": why_absent(settings.policy, has_imagination, view.imagination_fault, view.replay is not None),
        "outcome": None if outcome is None else {**asdict(outcome), "title": OUTCOME_WORDS[outcome.name]},
        "notice": status_line(view),
        "replay": view.replay is not None,
        "twin": None if view.twin is None else twin_status(view.twin),
    }


def charts(view: SessionView, track: Mapping[str, Any]) -> dict[str, Any]:
    """What changes with each control step: JSON-ready.

    Args:
        view: The newest one.
        track: From `Track.charts`.
    """
    errors = {str(ahead): [[at, round(error, 4)] for at, error in found] for ahead, found in view.error_history.items()}
    gaps = {} if view.twin is None else {"twin": twin_charts(view.twin)}
    return {**track, "errors": errors, "events": event_marks(view.events, view.names), **gaps}


def _badges(view: SessionView) -> dict[str, Any]:
    played = view.played if view.twin is None else None  # a twin's plans are awaited: no age, no rate
    prediction = None if played is None else played.prediction
    policy_ms = None if prediction is None else prediction.timing_ms.get("policy_call")
    imagination = view.imagination if view.twin is None else None
    age = None
    if played is not None and played.prediction_step is not None:
        age = round((view.step - played.prediction_step) / CONTROL_HZ, 1)
    return {
        "policy_ms": None if policy_ms is None else round(float(policy_ms), 1),
        "imagination_ms": None if imagination is None else round(imagination.milliseconds, 1),
        "chunk_age_s": age,
        "successes": view.successes,
        "episodes": view.episodes,
    }


def _attention_shares(view: SessionView) -> dict[str, float] | None:
    """Share of the attention by camera, on proprio and on the text; they sum to 1."""
    attention, _ = _seen_attention(view)
    if not attention or view.played is None or view.played.prediction is None:
        return None
    shares = {camera: float(grid.sum()) for camera, grid in attention.items()}
    shares |= {name: float(m) for name, m in view.played.prediction.attention_mass.items()}
    return {name: round(share, 4) for name, share in shares.items()}
