"""The Blind A/B tab: one component that asks the room for matches and hands in votes."""

from __future__ import annotations

import base64
import json
import logging
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from wam_demo.config import VOTES
from wam_demo.errors import DataError, InvalidInputError, UnknownNameError, WamDemoError
from wam_demo.evaluate.blind_matchmaker import Matchmaker
from wam_demo.evaluate.blind_votes import VoteStore
from wam_demo.policies.registry import checkpoint_digest, policy_spec
from wam_demo.types import CONTROL_HZ
from wam_demo.ui.blind.room import BlindRoom, Place
from wam_demo.ui.blind.standing import Standings
from wam_demo.ui.shared.catalogue import Catalogue

_HERE = Path(__file__).parent
STYLE = _HERE / "blind.css"
_SCRIPTS = ("../shared/dom.js", "markup.js", "blind.js")
_KEY_CHARACTERS = 64
_log = logging.getLogger(__name__)


def open_room(catalogue: Catalogue, votes: Path = VOTES) -> BlindRoom | None:
    """The room of this checkout; ``None`` when there are no two policies to compare.

    Votes that cannot be kept in ``votes`` are kept until the app stops.
    """
    from wam_demo.sim.perturb import AXES

    policies = [name for name in catalogue.policies if not policy_spec(name).is_baseline]
    if len(policies) < 2:
        return None
    try:
        store = VoteStore(votes)
    except DataError as error:
        _log.warning("%s; they last until the app stops", error)
        store = VoteStore(Path(tempfile.mkdtemp(prefix="votes-")) / votes.name)
    return BlindRoom(Matchmaker(policies, list(catalogue.tasks), AXES), store)


def build_blind(catalogue: Catalogue, room: BlindRoom) -> gr.HTML:
    """Add the tab's component to the blocks that are open.

    Args:
        catalogue: Labels of the policies.
        room: Gives matches and takes votes.
    """
    answer = responder(room, Standings(room.store, lambda: _digests(catalogue)))

    def blind(question: Any) -> dict[str, Any]:
        return answer(question)

    return gr.HTML(
        "", html_template="", js_on_load=script(catalogue), apply_default_css=False, elem_id="blind",
        server_functions=[blind],
    )  # fmt: skip


def responder(room: BlindRoom, standings: Standings) -> Callable[[Any], dict[str, Any]]:
    """What answers a page: a dictionary, or ``{"error": text}`` with one line for the person."""

    def look(key: str, question: Mapping[str, Any]) -> dict[str, Any]:
        return {**_place(room.look(key)), "standing": standings.newest()}

    def take_next(key: str, question: Mapping[str, Any]) -> dict[str, Any]:
        return {**_place(room.take_next(key)), "standing": standings.newest()}

    def video(key: str, question: Mapping[str, Any]) -> dict[str, Any]:
        data = room.video(key, str(question.get("match")), str(question.get("side")))
        return {"video": base64.b64encode(data).decode()}

    def vote(key: str, question: Mapping[str, Any]) -> dict[str, Any]:
        name = str(question.get("match"))
        room.vote(key, name, question.get("choice"))
        standings.refresh()
        return {**room.store.revealed(name), "standing": standings.newest()}

    kinds = {"look": look, "next": take_next, "video": video, "vote": vote}

    def answer(question: Any) -> dict[str, Any]:
        try:
            kind = _kind(question, kinds)
            return kinds[kind](_key(question.get("page")), question)
        except WamDemoError as error:
            return {"error": str(error)}

    return answer


def script(catalogue: Catalogue) -> str:
    """The component's JavaScript, with the labels of this machine in front."""
    config = {"labels": dict(catalogue.policies), "control_hz": CONTROL_HZ}
    sources = [(_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return "\n".join([f"const CONFIG = {json.dumps(config)};", *sources])


def _key(page: object) -> str:
    if not isinstance(page, str) or not 0 < len(page) <= _KEY_CHARACTERS:
        raise InvalidInputError("the page has no name; reload it")
    return page


def _place(place: Place) -> dict[str, Any]:
    """What a page may know before its vote: neither policies nor outcomes."""
    shown: dict[str, Any] = {
        "match": None,
        "position": place.position,
        "wait_s": place.wait_s,
        "trouble": place.trouble,
    }
    if place.match is not None:
        pairing = place.match.pairing
        shown["match"] = {
            "name": place.name,
            "instruction": place.match.instruction,
            "axis": pairing.axis,
            "severity": pairing.severity,
        }
    return shown


def _digests(catalogue: Catalogue) -> dict[str, str]:
    return {name: checkpoint_digest(name) or "" for name in catalogue.policies}


def _kind(question: object, kinds: Collection[str]) -> str:
    kind = question.get("kind") if isinstance(question, Mapping) else question
    if not isinstance(question, Mapping) or not isinstance(kind, str) or kind not in kinds:
        raise UnknownNameError("question", kind, kinds)
    return kind
