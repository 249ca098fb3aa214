"""The tab "Your robot": one component that takes a recording, and what answers its questions."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from wam_demo.config import EXAMPLES
from wam_demo.data.uploads.contracts import FITS, TURNS, Description
from wam_demo.data.uploads.gate import READERS, place_in_queue
from wam_demo.data.uploads.guess import OWN_ROBOT, guess, notes
from wam_demo.data.uploads.mapping import (
    ACTIONS,
    CALIBRATIONS,
    DEFAULT_INSTRUCTION,
    KINEMATICS,
    ROTATIONS,
    UNITS,
    RobotMapping,
)
from wam_demo.data.uploads.process import describe
from wam_demo.diagnose.retouch import Retouch
from wam_demo.errors import InvalidInputError
from wam_demo.limits import UPLOAD_BYTES
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS
from wam_demo.ui.robot.export import export, export_labels
from wam_demo.ui.robot.preview import preview, read_first_frame, reading_key
from wam_demo.ui.robot.thumbnails import THUMBNAILS, thumbnails
from wam_demo.ui.robot.upload_sessions import OpenRequest, UploadSession, UploadSessions
from wam_demo.ui.robot.view import curves, look
from wam_demo.ui.shared import component
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.checks import one_of, seconds, shown, whole
from wam_demo.ui.shared.component import Answer, Question

_SCRIPTS = (
    *(f"shared/{name}.js" for name in ("dom", "place", "taught", "strip", "charts")),
    *(
        f"robot/{name}.js"
        for name in (
            "player_markup",
            "markup",
            "mappings",
            "setup",
            "episodes",
            "preview",
            "scores",
            "labels",
            "player",
            "start",
        )
    ),
)
EXAMPLE = EXAMPLES / "pick_place.zip"
"""A short recording of our own arm, as somebody else's would come: a LeRobot dataset in a zip."""
LONGEST_S = 120.0
LISTED = 2000
"""Episodes of a recording that the page lists."""
_DAY_S = 86_400.0
_MOST_STEPS = 10**9


def build_robot(catalogue: Catalogue, sessions: UploadSessions) -> gr.HTML:
    """Add the component to the blocks that are open.

    Args:
        catalogue: Policies that can be chosen.
        sessions: What the pages look at.
    """
    answer = responder(catalogue, sessions)

    def robot(question: Any) -> Answer:
        return answer(question)

    return component.component(script(catalogue), "robot", [robot])


def usable(catalogue: Catalogue) -> list[str]:
    """Policies that can look at a recording: those that need no simulator."""
    return catalogue.those(lambda spec: not spec.privileged)


def labellers(catalogue: Catalogue) -> list[str]:
    """Policies that say which actions a recording shows."""
    return catalogue.those(lambda spec: spec.labels)


def script(catalogue: Catalogue) -> str:
    """The component's JavaScript, with the choices of this machine in front."""
    config = {
        "policies": component.named({name: catalogue.labels[name] for name in usable(catalogue)}),
        "labellers": component.named({name: catalogue.labels[name] for name in labellers(catalogue)}),
        "horizons": list(FUTURE_STEPS),
        "control_hz": CONTROL_HZ,
        "megabytes": UPLOAD_BYTES >> 20,
        "longest_s": LONGEST_S,
        "thumbnails": THUMBNAILS,
        "turns": TURNS,
        "fits": FITS,
        "actions": ACTIONS,
        "rotations": list(ROTATIONS),
        "units": list(UNITS),
        "kinematics": list(KINEMATICS),
        "calibrations": list(CALIBRATIONS),
        "example": EXAMPLE.is_file(),
    }
    return component.script(config, *_SCRIPTS)


def responder(catalogue: Catalogue, sessions: UploadSessions) -> Callable[[Any], Answer]:
    """What answers a page; see `answering`."""

    def inspect(session: UploadSession, question: Question) -> Answer:
        return _put(sessions, session, uploaded(question.get("path")), str(question.get("name") or "recording")[:80])

    def example(session: UploadSession, question: Question) -> Answer:
        return _put(sessions, session, EXAMPLE, "example: pick and place")

    def hub(session: UploadSession, question: Question) -> Answer:
        from wam_demo.data.uploads.hub import fetch

        name = str(question.get("repository") or "").strip()
        return _put(sessions, session, fetch(name, visitor=session.visitor), name)

    def show_preview(session: UploadSession, question: Question) -> Answer:
        """The first frame as the mapping reads it; read anew when other cameras or numbers are asked for."""
        path, found = session.require_recording()
        mapping = _mapping(found, question).validated(found)
        place = _episode(found, mapping, question)
        key, frame = reading_key(path, mapping, *place), session.first_frame
        if frame is None or frame.key != key:
            frame = session.first_frame = read_first_frame(path, found, mapping, *place, session.visitor)
        return preview(frame, found, mapping)

    def show_thumbnails(session: UploadSession, question: Question) -> Answer:
        path, found = session.require_recording()
        mapping = _mapping(found, question).validated(found)
        return thumbnails(path, found, mapping, question.get("episodes"), session.visitor)

    def open_(session: UploadSession, question: Question) -> Answer:
        sessions.open(session, _request(session, question, catalogue))
        return state(session, question)

    def state(session: UploadSession, question: Question) -> Answer:
        clip = session.clip
        return {
            "stage": session.stage, "done": session.done, "fault": session.fault, "ahead": sessions.ahead_of(session),
            "place": place_in_queue(session.visitor),
            "steps": clip.steps if clip else 0, "total": clip.total if clip else 0,
        }  # fmt: skip

    def again(session: UploadSession, question: Question) -> Answer:
        """What lies on the session already, for a page that was loaded anew."""
        if session.description is None:
            return {"title": None}
        mapping = session.mapping or _guessed(session.description)
        opened = {"episode": session.episode, "policy": session.policy} if session.clip is not None else None
        return {**_found(session.title, session.description, mapping), **state(session, question), "opened": opened}

    def run(session: UploadSession, question: Question) -> Answer:
        sessions.run(session, _retouch(question))
        return state(session, question)

    def label(session: UploadSession, question: Question) -> Answer:
        sessions.label(session, one_of("policy", question.get("policy"), labellers(catalogue)))
        return state(session, question)

    def stop(session: UploadSession, question: Question) -> Answer:
        sessions.stop(session)
        return state(session, question)

    def show(session: UploadSession, question: Question) -> Answer:
        ahead, step = question.get("ahead"), whole("step", question.get("step"), 0, _MOST_STEPS)
        if ahead not in FUTURE_STEPS:
            raise InvalidInputError(f"{shown(ahead)} is not a step ahead; valid: {', '.join(map(str, FUTURE_STEPS))}")
        retouch = _retouch(question)
        session.require_clip()
        return look(session, catalogue.policies[session.policy], step, int(ahead), retouch)

    def charts(session: UploadSession, question: Question) -> Answer:
        return curves(session, _retouch(question))

    def download(session: UploadSession, question: Question) -> Answer:
        kind, answers = str(question.get("what")), session.answers.get(_retouch(question))
        folder = session.folder / f"download-{secrets.token_hex(4)}"
        if kind == "labels":
            return made(export_labels(session, folder))
        if answers is None:
            raise InvalidInputError("run the episode with this disturbance first")
        assert session.mapping is not None
        spec = catalogue.policies[session.policy]
        with READERS.turn(session.visitor):
            path = export(kind, answers, spec, folder, session.mapping.instruction)
        return made(path)

    def made(path: Path) -> Answer:
        return {"path": str(path), "file": path.name}

    def leave(session: UploadSession, question: Question) -> Answer:
        sessions.leave(str(question["page"]))
        return {}

    kinds: Mapping[str, Callable[[UploadSession, Question], Answer]] = {
        "inspect": inspect, "example": example, "hub": hub, "preview": show_preview,
        "thumbnails": show_thumbnails, "open": open_, "state": state, "again": again, "run": run, "label": label,
        "stop": stop, "look": show, "curves": charts, "download": download, "leave": leave,
    }  # fmt: skip

    def of_page(work: Callable[[UploadSession, Question], Answer]) -> Callable[[Question], Answer]:
        return lambda question: work(sessions.session(question.get("page", "")), question)

    return component.answering({kind: of_page(work) for kind, work in kinds.items()})


def uploaded(path: object) -> Path:
    """The path of an upload, which Gradio stored; nothing else on this machine can be named.

    Raises:
        InvalidInputError: It is not in Gradio's upload folder, or not there any more.
    """
    if not isinstance(path, str) or not path or "\0" in path:
        raise InvalidInputError("the upload did not arrive; try again")
    folder = Path(get_upload_folder()).resolve()
    try:
        found = Path(path).resolve()
    except (OSError, ValueError) as error:  # too long, or a character that no path has
        raise InvalidInputError("the upload did not arrive; try again") from error
    if not found.is_relative_to(folder) or not found.is_file():
        raise InvalidInputError("the upload did not arrive or has expired; try again")
    return found


def _put(sessions: UploadSessions, session: UploadSession, path: Path, title: str) -> Answer:
    found = describe(path, session.visitor)
    sessions.put(session, path, title, found)
    return _found(title, found, _guessed(found))


def _guessed(found: Description) -> RobotMapping:
    mapping = guess(found)
    return mapping if mapping.instruction else replace(mapping, instruction=DEFAULT_INSTRUCTION)


def _found(title: str, found: Description, mapping: RobotMapping) -> Answer:
    return {"title": title, "found": {**_shown(found), "notes": notes(found, mapping)}, "mapping": mapping.document()}


def _shown(found: Description) -> Answer:
    """What was found, as far as the page shows it."""
    return {
        "format": found.format,
        "robot": found.robot,
        "own": found.robot == OWN_ROBOT,
        "fps": found.fps,
        "frames": found.frames,
        "total": len(found.episodes),
        "cameras": [{"name": c.name, "size": f"{c.width} × {c.height}"} for c in found.cameras],
        "signals": [{"name": s.name, "dim": s.dim, "names": list(s.names)} for s in found.signals],
        "episodes": [
            {"name": e.name, "seconds": round(e.frames / found.fps, 1), "instruction": e.instruction}
            for e in found.episodes[:LISTED]
        ],
    }


def _request(session: UploadSession, question: Question, catalogue: Catalogue) -> OpenRequest:
    _, found = session.require_recording()
    mapping = _mapping(found, question)
    mapping = replace(mapping, instruction=mapping.instruction.strip())
    if not mapping.instruction:
        raise InvalidInputError("the instruction is empty: say what the policy is asked to do")
    policy = one_of("policy", question.get("policy"), usable(catalogue))
    episode, start = _episode(found, mapping, question)
    stop = seconds("stop", question.get("stop"), _DAY_S)
    if stop is not None and stop <= start:
        raise InvalidInputError(f"the range {start:g} .. {stop:g} s is empty")
    stop = min(stop if stop is not None else start + LONGEST_S, start + LONGEST_S)
    return OpenRequest(mapping, episode, start, stop, policy)


def _mapping(found: Description, question: Question) -> RobotMapping:
    """The page's mapping, not validated yet."""
    entries = question.get("mapping")
    if not isinstance(entries, Mapping):
        raise InvalidInputError("the mapping is missing")
    return guess(found).changed(entries)


def _episode(found: Description, mapping: RobotMapping, question: Question) -> tuple[int, float]:
    """Episode and start [s]; a start beyond the end is refused before anything that is open is closed."""
    start = seconds("start", question.get("start"), _DAY_S) or 0.0
    episode = whole("episode", question.get("episode"), 0, _MOST_STEPS)
    if episode < len(found.episodes):  # a wrong episode is refused later
        lasts = found.episodes[episode].frames / (mapping.fps or found.fps)
        if start >= lasts:
            raise InvalidInputError(f"episode {episode} lasts {lasts:.1f} s: it cannot start at {start:g} s")
    return episode, start


def _retouch(question: Question) -> Retouch:
    given = question.get("retouch") or {}
    if not isinstance(given, Mapping) or not set(given) <= set(Retouch.__dataclass_fields__):
        raise InvalidInputError("the disturbance is not one of noise, occlusion, crop, light")
    return Retouch(**given).validated()
