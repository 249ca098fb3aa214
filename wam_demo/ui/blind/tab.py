"""The Blind A/B tab: one component that asks the room for matches and hands in votes."""

from __future__ import annotations

import base64
import logging
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from wam_demo.config import VOTES
from wam_demo.errors import DataError, InvalidInputError, PolicyFault
from wam_demo.evaluate.blind.information import Information, Played
from wam_demo.evaluate.blind.matchmaker import Matchmaker
from wam_demo.evaluate.blind.votes import VoteStore
from wam_demo.policies.registry import checkpoint_digest
from wam_demo.types import CONTROL_HZ
from wam_demo.ui.blind.matches import BlindMatches, Place
from wam_demo.ui.blind.standing import Standings
from wam_demo.ui.shared import component
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.component import Answer, Question
from wam_demo.ui.shared.reference import ReferenceGrid, reference_grid

_SCRIPTS = ("shared/dom.js", "shared/taught.js", "blind/markup.js", "blind/blind.js")
_KEY_CHARACTERS = 64
_log = logging.getLogger(__name__)


def open_matches(catalogue: Catalogue, votes: Path = VOTES) -> BlindMatches | None:
    """The matches of this checkout; ``None`` when there are no two policies to compare.

    Votes that cannot be kept in ``votes`` are kept until the app stops.
    """
    from wam_demo.sim.perturb import AXES

    policies = catalogue.those(lambda spec: not spec.is_baseline)
    if len(policies) < 2:
        return None
    try:
        store = VoteStore(votes)
    except DataError as error:
        _log.warning("%s; they last until the app stops", error)
        store = VoteStore(Path(tempfile.mkdtemp(prefix="votes-")) / votes.name)
    grid = reference_grid()
    informed = partial(information, store, grid, policies)
    return BlindMatches(Matchmaker(policies, list(catalogue.tasks), AXES, informed=informed), store)


def information(store: VoteStore, grid: ReferenceGrid | None, policies: Sequence[str]) -> Information:
    """What votes, matches and the shipped grid say about the present weights."""
    present = _digests(policies)
    played = [Played(*row) for row in store.played(present)]
    if grid is not None:
        played += [
            Played(e["policy"], e["axis"], e["severity"], e["success"])
            for e in grid.episodes
            if present.get(e["policy"]) == grid.weights[e["policy"]]
        ]
    return Information(played, store.tallies(present))


def build_blind(catalogue: Catalogue, matches: BlindMatches) -> gr.HTML:
    """Add the tab's component to the blocks that are open.

    Args:
        catalogue: Labels of the policies.
        matches: What the pages watch and vote on.
    """
    answer = responder(matches, Standings(matches.store, lambda: _digests(catalogue.policies)))

    def blind(question: Any) -> Answer:
        return answer(question)

    return component.component(script(catalogue), "blind", [blind])


def responder(matches: BlindMatches, standings: Standings) -> Callable[[Any], Answer]:
    """What answers a page; see `answering`."""

    def look(question: Question) -> Answer:
        return {**_place(matches.look(_key(question))), "standing": standings.newest()}

    def take_next(question: Question) -> Answer:
        return {**_place(matches.take_next(_key(question))), "standing": standings.newest()}

    def video(question: Question) -> Answer:
        data = matches.video(_key(question), str(question.get("match")), str(question.get("side")))
        return {"video": base64.b64encode(data).decode()}

    def vote(question: Question) -> Answer:
        name = str(question.get("match"))
        matches.vote(_key(question), name, question.get("choice"), _voter(question))
        standings.refresh()
        return {**matches.store.revealed(name), "standing": standings.newest()}

    return component.answering({"look": look, "next": take_next, "video": video, "vote": vote})


def script(catalogue: Catalogue) -> str:
    """The component's JavaScript, with the labels of this machine in front."""
    return component.script({"labels": catalogue.labels, "control_hz": CONTROL_HZ}, *_SCRIPTS)


def _key(question: Question) -> str:
    page = question.get("page")
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


def _voter(question: Question) -> str:
    """Tells the votes of one browser from those of others; a number that it drew, nothing about its owner."""
    voter = question.get("voter")
    return voter if isinstance(voter, str) and len(voter) <= _KEY_CHARACTERS else ""


def _digests(policies: Iterable[str]) -> dict[str, str]:
    """Of the weights that answer now; a server that does not answer is left out."""
    found = {}
    for name in policies:
        with suppress(PolicyFault):
            found[name] = checkpoint_digest(name) or ""
    return found
