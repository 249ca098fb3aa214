"""From a desk to what the page shows: the strip of one step, and the curves of the episode."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wam_demo.diagnose.answers import Answers, change, planned_path
from wam_demo.diagnose.openloop import recorded_images
from wam_demo.diagnose.retouch import Retouch
from wam_demo.robots.clip import Clip
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS, Image, Prediction
from wam_demo.ui.robot.room import Desk
from wam_demo.ui.shared.packet import encode_jpeg, pack
from wam_demo.ui.shared.panels import attention_overlay, error_map

FOCUS = 4.0
"""The brightest colour of attention means at least this many times its even spread."""


def look(desk: Desk, step: int, ahead: int, retouch: Retouch) -> dict[str, Any]:
    """The strip at one control step, and what a disturbance changes there.

    Args:
        desk: With an open episode.
        step: Control step.
        ahead: Which imagined moment, one of `FUTURE_STEPS`.
        retouch: Disturbance of the pictures.
    """
    clip = desk.require_clip()
    answers = desk.answer(retouch)
    moment = answers.moment(step)
    prediction = answers.prediction(step)
    pictures: dict[str, Image] = {f"now.{camera}": moment.pictures[camera] for camera in moment.recorded}
    facts: dict[str, Any] = {"shares": _shares(prediction)}
    pictures |= _attention(prediction, moment.pictures, moment.recorded)
    future = answers.future(step)
    if future is not None:
        index = FUTURE_STEPS.index(ahead)
        pictures |= {f"imagined.{camera}": future[camera][index] for camera in moment.recorded if camera in future}
        facts |= _surprise(clip, answers, step, ahead, future, pictures)
    atlas, tiles = pack(pictures)
    if retouch.changes:
        facts["change"] = change(prediction, desk.answer(Retouch()).prediction(step))
    start, opening = _path(clip)[step, :3], float(clip.states[step, 9])
    return {
        "step": step,
        "seconds": round(step / CONTROL_HZ, 1),
        "image": encode_jpeg(atlas),
        "tiles": tiles,
        "plan": _rows(planned_path(prediction, start, opening)),
        "plan_error_m": _number(answers.plan_error[step]),
        **facts,
    }


def _attention(prediction: Prediction, pictures: Any, recorded: tuple[str, ...]) -> dict[str, Image]:
    attention = {camera: grid for camera, grid in prediction.attention.items() if camera in recorded}
    cells = sum(grid.size for grid in attention.values())
    peak = max([FOCUS / max(1, cells), *(float(grid.max()) for grid in attention.values())])
    return {f"attention.{c}": attention_overlay(pictures[c], grid, peak) for c, grid in attention.items()}


def _surprise(
    clip: Clip, answers: Answers, step: int, ahead: int, future: Any, pictures: dict[str, Image]
) -> dict[str, Any]:
    """Adds the difference to what really came; the facts say how large it is."""
    if step + ahead >= clip.steps:
        return {"surprise": None}
    actual = recorded_images(answers.moment(step + ahead))
    index, errors = FUTURE_STEPS.index(ahead), []
    for camera, image in actual.items():
        if camera in future:
            difference = np.abs(future[camera][index].astype(np.float32) - image).mean(-1) / 255.0
            pictures[f"surprise.{camera}"] = error_map(difference)
            errors.append(float(difference.mean()))
    return {"surprise": round(float(np.mean(errors)), 4) if errors else None}


def _shares(prediction: Prediction) -> dict[str, float] | None:
    if not prediction.attention:
        return None
    shares = {camera: float(grid.sum()) for camera, grid in prediction.attention.items()}
    return {name: round(share, 4) for name, share in {**shares, **prediction.attention_mass}.items()}


def curves(desk: Desk, retouch: Retouch) -> dict[str, Any]:
    """The episode's recorded path and the errors along it, clean and under the disturbance.

    Returns:
        ``path``: (steps, 4) TCP displacement [m] and opening, ``known``: whether the recording says where
        the tool was and how open the gripper; ``errors``: plan error [m] by step, ``clean`` and
        ``disturbed``; ``scores``: of finished runs.
    """
    clip = desk.require_clip()
    names = {"clean": Retouch(), **({"disturbed": retouch} if retouch.changes else {})}
    # a copy: a run may add to it meanwhile
    found = {name: dict(desk.answers).get(key) for name, key in names.items()}
    return {
        "steps": clip.steps,
        "total": clip.total,
        "path": _rows(_path(clip)[: clip.steps]),
        "known": {"tool": _known(clip.actions[:-1, :3]), "gripper": _known(clip.actions[:-1, 6])},
        "errors": {n: [_number(v) for v in a.plan_error[: clip.steps]] for n, a in found.items() if a is not None},
        "scores": {n: a.scores.document() for n, a in found.items() if a is not None and a.scores is not None},
    }


def _known(actions: Any) -> bool:
    return bool(np.isfinite(actions).any())


def _path(clip: Clip) -> Any:
    """(total, 4) displacement of the recorded TCP from its start [m], and the gripper's opening."""
    return np.column_stack([clip.states[:, :3] - clip.states[0, :3], clip.states[:, 9]])


def _rows(path: Any) -> list[list[float]]:
    return [[round(float(value), 4) for value in row] for row in path]


def _number(value: float) -> float | None:
    return round(float(value), 5) if math.isfinite(value) else None
