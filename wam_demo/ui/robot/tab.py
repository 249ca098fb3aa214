"""The tab "Your robot": one component that takes a recording, and what answers its questions."""

from __future__ import annotations

import json
import math
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
from wam_demo.data.uploads.mapping import ACTIONS, DEFAULT_INSTRUCTION, ROTATIONS, UNITS
from wam_demo.data.uploads.process import describe
from wam_demo.diagnose.retouch import Retouch
from wam_demo.errors import InvalidInputError, UnknownNameError, WamDemoError
from wam_demo.limits import UPLOAD_BYTES
from wam_demo.policies.registry import policy_spec
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS
from wam_demo.ui.robot.export import export
from wam_demo.ui.robot.room import Desk, OpenRequest, RobotRoom
from wam_demo.ui.robot.view import curves, look
from wam_demo.ui.shared.catalogue import Catalogue

_HERE = Path(__file__).parent
STYLE = _HERE / "robot.css"
_SCRIPTS = ("markup.js", "setup.js", "charts.js", "robot.js")
EXAMPLE = EXAMPLES / "pick_place.zip"
"""A short recording of our own arm, as somebody else's would come: a LeRobot dataset in a zip."""
LONGEST_S = 120.0

Question = Mapping[str, Any]
Answer = dict[str, Any]


def build_robot(catalogue: Catalogue, room: RobotRoom) -> gr.HTML:
    """Add the component to the blocks that are open.

    Args:
        catalogue: Policies that can be chosen.
        room: Keeps what the pages look at.
    """
    answer = responder(catalogue, room)

    def robot(question: Any) -> Answer:
        return answer(question)

    return gr.HTML(
        "", html_template="", js_on_load=script(catalogue), apply_default_css=False, elem_id="robot",
        server_functions=[robot],
    )  # fmt: skip


def script(catalogue: Catalogue) -> str:
    """The component's JavaScript, with the choices of this machine in front."""
    policies = {name: label for name, label in catalogue.policies.items() if not policy_spec(name).privileged}
    config = {
        "policies": [{"name": name, "label": label} for name, label in policies.items()],
        "horizons": list(FUTURE_STEPS),
        "control_hz": CONTROL_HZ,
        "megabytes": UPLOAD_BYTES >> 20,
        "longest_s": LONGEST_S,
        "turns": TURNS,
        "fits": FITS,
        "actions": ACTIONS,
        "rotations": list(ROTATIONS),
        "units": list(UNITS),
        "example": EXAMPLE.is_file(),
    }
    sources = [(_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return "\n".join([f"const CONFIG = {json.dumps(config)};", *sources])


def responder(catalogue: Catalogue, room: RobotRoom) -> Callable[[Any], Answer]:
    """What answers a page: a dictionary, or ``{"error": text}`` with one line for the person."""

    def inspect(desk: Desk, question: Question) -> Answer:
        return _put(room, desk, uploaded(question.get("path")), str(question.get("name") or "recording")[:80])

    def example(desk: Desk, question: Question) -> Answer:
        return _put(room, desk, EXAMPLE, "example: pick and place")

    def hub(desk: Desk, question: Question) -> Answer:
        from wam_demo.data.uploads.hub import fetch

        name = str(question.get("repository") or "").strip()
        return _put(room, desk, fetch(name, visitor=desk.visitor), name)

    def open_(desk: Desk, question: Question) -> Answer:
        room.open(desk, _request(desk, question, catalogue))
        return state(desk, question)

    def state(desk: Desk, question: Question) -> Answer:
        clip = desk.clip
        return {
            "stage": desk.stage, "done": desk.done, "fault": desk.fault, "ahead": room.ahead_of(desk),
            "place": place_in_queue(desk.visitor),
            "steps": clip.steps if clip else 0, "total": clip.total if clip else 0,
        }  # fmt: skip

    def run(desk: Desk, question: Question) -> Answer:
        room.run(desk, _retouch(question))
        return state(desk, question)

    def stop(desk: Desk, question: Question) -> Answer:
        room.stop(desk)
        return state(desk, question)

    def show(desk: Desk, question: Question) -> Answer:
        ahead = question.get("ahead")
        if ahead not in FUTURE_STEPS:
            raise InvalidInputError(
                f"{str(ahead)[:20]!r} is not a step ahead; valid: {', '.join(map(str, FUTURE_STEPS))}"
            )
        return look(desk, _whole(question, "step"), int(ahead), _retouch(question))

    def charts(desk: Desk, question: Question) -> Answer:
        return curves(desk, _retouch(question))

    def download(desk: Desk, question: Question) -> Answer:
        kind, retouch = str(question.get("what")), _retouch(question)
        answers = desk.answers.get(retouch)
        if answers is None:
            raise InvalidInputError("run the episode with this disturbance first")
        assert desk.mapping is not None
        with READERS.turn(desk.visitor):
            path = export(kind, answers, desk.folder / f"download-{secrets.token_hex(4)}", desk.mapping.instruction)
        return {"path": str(path), "file": path.name}

    def leave(desk: Desk, question: Question) -> Answer:
        room.leave(str(question["page"]))
        return {}

    kinds: Mapping[str, Callable[[Desk, Question], Answer]] = {
        "inspect": inspect, "example": example, "hub": hub, "open": open_, "state": state, "run": run, "stop": stop,
        "look": show, "curves": charts, "download": download, "leave": leave,
    }  # fmt: skip

    def answer(question: Any) -> Answer:
        try:
            if not isinstance(question, Mapping) or question.get("kind") not in kinds:
                raise UnknownNameError("question", _kind(question), kinds)
            return kinds[question["kind"]](room.desk(question.get("page", "")), question)
        except WamDemoError as error:
            return {"error": " ".join(str(error).split())}

    return answer


def uploaded(path: object) -> Path:
    """The path of an upload, which Gradio stored; nothing else on this machine can be named.

    Raises:
        InvalidInputError: It is not in Gradio's upload folder, or not there any more.
    """
    if not isinstance(path, str) or not path or "\0" in path:
        raise InvalidInputError("the upload did not arrive; try again")
    folder, found = Path(get_upload_folder()).resolve(), Path(path).resolve()
    if not found.is_relative_to(folder) or not found.is_file():
        raise InvalidInputError("the upload did not arrive or has expired; try again")
    return found


def _put(room: RobotRoom, desk: Desk, path: Path, title: str) -> Answer:
    found = describe(path, desk.visitor)
    room.put(desk, path, title, found)
    mapping = guess(found)
    if not mapping.instruction:
        mapping = replace(mapping, instruction=DEFAULT_INSTRUCTION)
    return {"title": title, "found": {**_shown(found), "notes": notes(found, mapping)}, "mapping": mapping.document()}


def _shown(found: Description) -> Answer:
    """What was found, as far as the page shows it."""
    return {
        "format": found.format,
        "robot": found.robot,
        "own": found.robot == OWN_ROBOT,
        "fps": found.fps,
        "frames": found.frames,
        "cameras": [{"name": c.name, "size": f"{c.width} × {c.height}"} for c in found.cameras],
        "signals": [{"name": s.name, "dim": s.dim, "names": list(s.names)} for s in found.signals],
        "episodes": [{"name": e.name, "seconds": round(e.frames / found.fps, 1)} for e in found.episodes[:2000]],
    }


def _request(desk: Desk, question: Question, catalogue: Catalogue) -> OpenRequest:
    if desk.found is None:
        raise InvalidInputError("upload a recording first")
    entries = question.get("mapping")
    if not isinstance(entries, Mapping):
        raise InvalidInputError("the mapping is missing")
    mapping = guess(desk.found).changed(entries)
    mapping = replace(mapping, instruction=mapping.instruction.strip())
    if not mapping.instruction:
        raise InvalidInputError("the instruction is empty: say what the policy is asked to do")
    policy = str(question.get("policy"))
    usable = [name for name in catalogue.policies if not policy_spec(name).privileged]
    if policy not in usable:
        raise UnknownNameError("policy", policy, usable)
    start, stop = _seconds(question, "start", 0.0), _seconds(question, "stop", None)
    start = start or 0.0
    if stop is not None and stop <= start:
        raise InvalidInputError(f"the range {start:g} .. {stop:g} s is empty")
    stop = min(stop if stop is not None else start + LONGEST_S, start + LONGEST_S)
    return OpenRequest(mapping, _whole(question, "episode"), start, stop, policy)


def _retouch(question: Question) -> Retouch:
    given = question.get("retouch") or {}
    if not isinstance(given, Mapping) or not set(given) <= set(Retouch.__dataclass_fields__):
        raise InvalidInputError("the disturbance is not one of noise, occlusion, crop, light")
    return Retouch(**given).validated()


def _whole(question: Question, name: str) -> int:
    value = question.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidInputError(f"{name} must be a whole number, not {str(value)[:40]!r}")
    return value


def _seconds(question: Question, name: str, default: float | None) -> float | None:
    value = question.get(name)
    if value is None or value == "":
        return default
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds <= 86_400:
        raise InvalidInputError(f"{name} must be seconds from 0 on, not {str(value)[:40]!r}")
    return seconds


def _kind(question: Any) -> object:
    return question.get("kind") if isinstance(question, Mapping) else type(question).__name__
