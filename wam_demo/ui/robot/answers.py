"""What answers the pages that look at a recording: one method for each kind of question."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

from wam_demo.config import EXAMPLES
from wam_demo.data.uploads.contracts import Description
from wam_demo.data.uploads.gate import READERS, place_in_queue
from wam_demo.data.uploads.guess import OWN_ROBOT, guess, notes
from wam_demo.data.uploads.mapping import DEFAULT_INSTRUCTION, RobotMapping
from wam_demo.data.uploads.process import describe
from wam_demo.diagnose.retouch import Retouch
from wam_demo.errors import InvalidInputError
from wam_demo.types import FUTURE_STEPS
from wam_demo.ui.robot.export import export, export_labels
from wam_demo.ui.robot.preview import preview as shown_preview
from wam_demo.ui.robot.preview import read_first_frame, reading_key
from wam_demo.ui.robot.thumbnails import thumbnails as shown_thumbnails
from wam_demo.ui.robot.upload_sessions import OpenRequest, UploadSession, UploadSessions
from wam_demo.ui.robot.view import curves as shown_curves
from wam_demo.ui.robot.view import look as shown_step
from wam_demo.ui.shared import component
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.checks import one_of, seconds, shown, whole
from wam_demo.ui.shared.component import Answer, Question

EXAMPLE = EXAMPLES / "pick_place.zip"
"""A short recording of our own arm, as somebody else's would come: a LeRobot dataset in a zip."""
LONGEST_S = 120.0
LISTED = 2000
"""Episodes of a recording that the page lists."""
_DAY_S = 86_400.0
_MOST_STEPS = 10**9


def usable(catalogue: Catalogue) -> list[str]:
    """Policies that can look at a recording: those that need no simulator."""
    return catalogue.those(lambda spec: not spec.privileged)


def labellers(catalogue: Catalogue) -> list[str]:
    """Policies that say which actions a recording shows."""
    return catalogue.those(lambda spec: spec.labels)


def responder(catalogue: Catalogue, sessions: UploadSessions) -> Callable[[Any], Answer]:
    """What answers a page; see `answering`."""
    answers = RecordingAnswers(catalogue, sessions)

    def of_page(work: Callable[[UploadSession, Question], Answer]) -> Callable[[Question], Answer]:
        return lambda question: work(sessions.session(question.get("page", "")), question)

    return component.answering({kind: of_page(getattr(answers, kind)) for kind in KINDS})


KINDS = (
    "inspect", "example", "hub", "preview", "thumbnails", "open", "state", "again", "run", "label", "stop", "look",
    "curves", "download", "leave",
)  # fmt: skip
"""Questions that a page may ask: methods of `RecordingAnswers`."""


class RecordingAnswers:
    """Answers the questions of a page about its session.

    Args:
        catalogue: Policies that can be chosen.
        sessions: What the pages look at.
    """

    def __init__(self, catalogue: Catalogue, sessions: UploadSessions) -> None:
        self._catalogue, self._sessions = catalogue, sessions

    def inspect(self, session: UploadSession, question: Question) -> Answer:
        """A file that was uploaded."""
        title = str(question.get("name") or "recording")[:80]
        return _put(self._sessions, session, uploaded(question.get("path")), title)

    def example(self, session: UploadSession, question: Question) -> Answer:
        """The recording that is shipped."""
        return _put(self._sessions, session, EXAMPLE, "example: pick and place")

    def hub(self, session: UploadSession, question: Question) -> Answer:
        """A dataset of the Hub."""
        from wam_demo.data.uploads.hub import fetch

        name = str(question.get("repository") or "").strip()
        return _put(self._sessions, session, fetch(name, visitor=session.visitor), name)

    def preview(self, session: UploadSession, question: Question) -> Answer:
        """The first frame as the mapping reads it; read anew when other cameras or numbers are asked for."""
        path, found = session.require_recording()
        mapping = _mapping(found, question).validated(found)
        place = _episode(found, mapping, question)
        key, frame = reading_key(path, mapping, *place), session.first_frame
        if frame is None or frame.key != key:
            frame = session.first_frame = read_first_frame(path, found, mapping, *place, session.visitor)
        return shown_preview(frame, found, mapping)

    def thumbnails(self, session: UploadSession, question: Question) -> Answer:
        """First pictures of some episodes."""
        path, found = session.require_recording()
        mapping = _mapping(found, question).validated(found)
        return shown_thumbnails(path, found, mapping, question.get("episodes"), session.visitor)

    def open(self, session: UploadSession, question: Question) -> Answer:
        """Read an episode; `state` says how far it is."""
        self._sessions.open(session, _request(session, question, self._catalogue))
        return self.state(session, question)

    def state(self, session: UploadSession, question: Question) -> Answer:
        """How far reading and running are."""
        clip = session.clip
        return {
            "stage": session.stage,
            "done": session.done,
            "fault": session.fault,
            "ahead": self._sessions.ahead_of(session),
            "place": place_in_queue(session.visitor),
            "steps": clip.steps if clip else 0,
            "total": clip.total if clip else 0,
        }

    def again(self, session: UploadSession, question: Question) -> Answer:
        """What lies on the session already, for a page that was loaded anew."""
        if session.description is None:
            return {"title": None}
        mapping = session.mapping or _guessed(session.description)
        opened = {"episode": session.episode, "policy": session.policy} if session.clip is not None else None
        found = _found(session.title, session.description, mapping)
        return {**found, **self.state(session, question), "opened": opened}

    def run(self, session: UploadSession, question: Question) -> Answer:
        """Let the policy look at the whole episode."""
        self._sessions.run(session, _retouch(question))
        return self.state(session, question)

    def label(self, session: UploadSession, question: Question) -> Answer:
        """Say which actions the episode shows."""
        self._sessions.label(session, one_of("policy", question.get("policy"), labellers(self._catalogue)))
        return self.state(session, question)

    def stop(self, session: UploadSession, question: Question) -> Answer:
        """End what runs."""
        self._sessions.stop(session)
        return self.state(session, question)

    def look(self, session: UploadSession, question: Question) -> Answer:
        """Everything at one step."""
        ahead, step = question.get("ahead"), whole("step", question.get("step"), 0, _MOST_STEPS)
        if ahead not in FUTURE_STEPS:
            raise InvalidInputError(f"{shown(ahead)} is not a step ahead; valid: {', '.join(map(str, FUTURE_STEPS))}")
        retouch = _retouch(question)
        session.require_clip()
        return shown_step(session, self._catalogue.policies[session.policy], step, int(ahead), retouch)

    def curves(self, session: UploadSession, question: Question) -> Answer:
        """Everything over time."""
        return shown_curves(session, _retouch(question))

    def download(self, session: UploadSession, question: Question) -> Answer:
        """A file of what was found."""
        kind, answers = str(question.get("what")), session.answers.get(_retouch(question))
        folder = session.folder / f"download-{secrets.token_hex(4)}"
        if kind == "labels":
            return _made(export_labels(session, folder))
        if answers is None:
            raise InvalidInputError("run the episode with this disturbance first")
        assert session.mapping is not None
        spec = self._catalogue.policies[session.policy]
        with READERS.turn(session.visitor):
            path = export(kind, answers, spec, folder, session.mapping.instruction)
        return _made(path)

    def leave(self, session: UploadSession, question: Question) -> Answer:
        """The page is gone."""
        self._sessions.leave(str(question["page"]))
        return {}


def _made(path: Path) -> Answer:
    return {"path": str(path), "file": path.name}


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
