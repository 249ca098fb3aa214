"""From a session's view to what the page shows: pictures, status and charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from wam_demo.policies.registry import PolicySpec
from wam_demo.runtime import SessionView
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS
from wam_demo.ui.live.ghost import ghost
from wam_demo.ui.live.twin import twin_charts, twin_status
from wam_demo.ui.live.words import OUTCOME_WORDS, event_marks, status_line, why_absent
from wam_demo.ui.shared.strip import StripMoment, picture


def moment(view: SessionView, spec: PolicySpec) -> StripMoment:
    """What the strip shows of the newest view.

    Args:
        view: The newest one.
        spec: Its policy.
    """
    imagination, played = view.imagination, view.played
    frames = {} if imagination is None else imagination.frames
    return StripMoment(
        episode=view.episode,
        now={
            "front": picture(view.frame_number, view.frame),
            "wrist": picture((view.episode, view.observation.time), view.observation.images["wrist"]),
        },
        imagined={ahead: {c: f[index] for c, f in frames.items()} for index, ahead in enumerate(FUTURE_STEPS)},
        imagined_at=None if imagination is None else imagination.step,
        errors=view.prediction_errors,
        prediction=None if played is None else played.prediction,
        answered=None if played is None else played.prediction_step,
        observed=view.attended,
        absent=why_absent(spec, view.imagination_fault),
    )


def status(view: SessionView) -> dict[str, Any]:
    """What changes often: JSON-ready.

    Args:
        view: The newest one.
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
        "words": settings.words,
        "unscored": view.unscored,
        "suggestions": [asdict(suggestion) for suggestion in view.suggestions],
        "speed": settings.speed,
        "severities": dict(view.severities),
        "badges": _badges(view),
        "outcome": None if outcome is None else {**asdict(outcome), "title": OUTCOME_WORDS[outcome.name]},
        "notice": status_line(view),
        "replay": view.replay is not None,
        "real": view.real,
        "dream": None if view.dream is None else asdict(view.dream),
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
    marks = event_marks(view.events, view.names)
    return {**track, "errors": errors, "events": marks, "ghost": ghost(view), **gaps}


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
