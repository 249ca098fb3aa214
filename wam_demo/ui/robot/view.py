"""From a session to what the page shows: the strip of one step, and the curves of the episode."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from wam_demo.diagnose.answers import Answers, change
from wam_demo.diagnose.labelled import shown_points
from wam_demo.diagnose.openloop import recorded_images
from wam_demo.diagnose.retouch import Retouch
from wam_demo.policies.registry import PolicySpec
from wam_demo.robots.clip import Clip
from wam_demo.runtime.monitor import PredictionError
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS, OPENING_INDEX, Image, Vector
from wam_demo.ui.robot.upload_sessions import UploadSession
from wam_demo.ui.shared.packet import encode_jpeg, pack
from wam_demo.ui.shared.pictures import difference
from wam_demo.ui.shared.strip import StripMoment, picture, strip_status, strip_tiles
from wam_demo.ui.shared.timeline import Path, bands_of, chunk_lines, planned_path, rows


def look(session: UploadSession, spec: PolicySpec, step: int, ahead: int, retouch: Retouch) -> dict[str, Any]:
    """The strip at one control step, and what a disturbance changes there.

    Args:
        session: With an open episode.
        spec: Its policy.
        step: Control step.
        ahead: Which imagined moment, one of `FUTURE_STEPS`.
        retouch: Disturbance of the pictures.
    """
    clip, answers = session.require_clip(), session.answer(retouch)
    prediction = answers.prediction(step)
    moment = strip_moment(answers, spec, step, step, (ahead,))
    atlas, tiles = pack({name: tile.draw() for name, tile in strip_tiles(moment).items()})
    start, opening = _path(clip)[step, :3], float(clip.states[step, OPENING_INDEX])
    clean = session.answer(Retouch()).prediction(step) if retouch.changes else None
    return {
        "step": step,
        "seconds": round(step / CONTROL_HZ, 1),
        "image": encode_jpeg(atlas),
        "tiles": tiles,
        "strip": strip_status(moment),
        "plan": rows(planned_path(prediction.chunk.actions, start, opening)),
        "chunks": chunk_lines(prediction, step, start),
        "plan_error_m": _number(answers.plan_error[step]),
        "label": label_points(session, step),
        "change": None if clean is None else change(prediction, clean),
    }


def strip_moment(
    answers: Answers, spec: PolicySpec, step: int, imagined_at: int, horizons: tuple[int, ...] = FUTURE_STEPS
) -> StripMoment:
    """One control step of a recording as the strip shows it.

    Args:
        answers: Of the policy.
        spec: The policy.
        step: Control step that is looked at.
        imagined_at: Control step whose imagination is shown.
        horizons: Which imagined moments, of `FUTURE_STEPS`.
    """
    moment, future = answers.moment(step), answers.future(imagined_at)
    frames = {} if future is None else {c: f for c, f in future.items() if c in moment.recorded}
    imagined = {ahead: {c: f[FUTURE_STEPS.index(ahead)] for c, f in frames.items()} for ahead in horizons}
    errors = {ahead: _error(answers, imagined_at, ahead, images) for ahead, images in imagined.items()}
    late = "the recording ends before that moment" if future is not None else spec.sentence
    return StripMoment(
        episode=0,
        now={camera: picture(step, moment.pictures[camera]) for camera in moment.recorded},
        imagined=imagined if frames else {},
        imagined_at=imagined_at if frames else None,
        errors={ahead: error for ahead, error in errors.items() if error is not None},
        prediction=answers.prediction(step),
        answered=step,
        observed={camera: moment.pictures[camera] for camera in moment.recorded},
        absent={"imagined": spec.sentence, "attention": spec.sentence, "error": late},
    )


def _error(answers: Answers, made: int, ahead: int, imagined: Mapping[str, Image]) -> PredictionError | None:
    """How far an imagined moment lies from what really came; ``None`` when the recording ends before."""
    if made + ahead >= answers.clip.steps:
        return None
    actual = recorded_images(answers.moment(made + ahead))
    maps = {camera: difference(imagined[camera], image) for camera, image in actual.items() if camera in imagined}
    return (
        PredictionError(made, made + ahead, float(np.mean([d.mean() for d in maps.values()])), maps) if maps else None
    )


def curves(session: UploadSession, retouch: Retouch) -> dict[str, Any]:
    """The episode's recorded path and the errors along it, clean and under the disturbance.

    Returns:
        ``path``: (steps, 4) TCP displacement [m] and opening, ``known``: whether the recording says where
        the tool was and how open the gripper; ``errors``: plan error [m] by step, ``clean`` and
        ``disturbed``; ``scores``: of finished runs; ``bands``: the policy's, under the disturbance; ``labels``:
        see `label_document`.
    """
    clip = session.require_clip()
    names = {"clean": Retouch(), **({"disturbed": retouch} if retouch.changes else {})}
    # a copy: a run may add to it meanwhile
    shown = {name: dict(session.answers).get(key) for name, key in names.items()}
    newest = dict(session.answers).get(retouch)
    return {
        "steps": clip.steps,
        "total": clip.total,
        "path": rows(_path(clip)[: clip.steps]),
        "known": {"tool": _known(clip.actions[:-1, :3]), "gripper": _known(clip.actions[:-1, 6])},
        "errors": {n: [_number(v) for v in a.plan_error[: clip.steps]] for n, a in shown.items() if a is not None},
        "scores": {n: a.scores.document() for n, a in shown.items() if a is not None and a.scores is not None},
        "labels": label_document(session),
        "bands": [] if newest is None else bands_of(newest.answered(), clip.steps),
    }


def label_document(session: UploadSession) -> dict[str, Any] | None:
    """The labels of the clip against what was recorded: as `LabelErrors.document`, and ``paths``: where each leads, in
    metres from the start, empty without calibration; ``None`` when they are not finished."""
    labels = session.labels
    if labels is None or not labels.finished:
        return None
    paths = labels.paths() if session.require_clip().calibrated else []
    return {**labels.errors().document(), "paths": [{"step": start, "path": rows(path)} for start, path in paths]}


def label_points(session: UploadSession, step: int) -> dict[str, list[list[list[float] | None]]]:
    """What the newest label says of what comes: three points a step by camera, ``None`` where one is not seen."""
    if session.labels is None:
        return {}
    return {
        camera: [[_place(point) for point in points] for points in ahead]
        for camera, ahead in shown_points(session.labels, step).items()
    }


def _place(point: Vector) -> list[float] | None:
    return [round(float(value), 4) for value in point] if np.isfinite(point).all() else None


def _known(actions: Any) -> bool:
    return bool(np.isfinite(actions).any())


def _path(clip: Clip) -> Path:
    """(total, 4) displacement of the recorded TCP from its start [m], and the gripper's opening."""
    return np.column_stack([clip.states[:, :3] - clip.states[0, :3], clip.states[:, OPENING_INDEX]])


def _number(value: float) -> float | None:
    return round(float(value), 5) if math.isfinite(value) else None
