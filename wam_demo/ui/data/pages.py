"""What pages of the Data tab have open: datasets that are looked at, edited, played and handed on."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from wam_demo.config import PUBLIC
from wam_demo.data.cuts import Cuts, delete, relabel, require_episode, trim
from wam_demo.data.publish import hub_token, pack, push
from wam_demo.data.recording import locked
from wam_demo.data.uploads.guess import guess
from wam_demo.data.uploads.process import describe
from wam_demo.errors import InvalidInputError
from wam_demo.limits import DATA_DRAFTS
from wam_demo.ui.data.draft import Draft
from wam_demo.ui.data.folders import RecordingFolders
from wam_demo.ui.data.view import pictures, sets, shown
from wam_demo.ui.live.drive import dataset_name
from wam_demo.ui.robot.answers import LONGEST_S, usable
from wam_demo.ui.robot.upload_sessions import OpenRequest, UploadSessions
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.checks import one_of, whole
from wam_demo.ui.shared.component import Answer, Question

MOST = 10**9
"""Largest number that a page may name for an episode or a frame."""


def publishes() -> bool:
    """Whether datasets can be pushed to the Hub from this server's pages."""
    return not PUBLIC and hub_token() is not None


class DataPages:
    """What each page has open; the ones that were not used for the longest are forgotten.

    Args:
        catalogue: Policies that can be chosen.
        folders: Where the datasets of a page lie.
        sessions: Play episodes.
    """

    def __init__(self, catalogue: Catalogue, folders: RecordingFolders, sessions: UploadSessions) -> None:
        self._catalogue, self._folders, self._sessions = catalogue, folders, sessions
        self._drafts: dict[str, Draft] = {}

    def sets(self, question: Question) -> Answer:
        """The datasets that the page may see."""
        folder = self._folders.of(question.get("page"))
        return {"sets": sets(list(folder.iterdir())) if folder.is_dir() else []}

    def root(self, question: Question, name: str = "name") -> Path:
        """The folder of a dataset that exists; nothing else on this machine can be named."""
        folder = self._folders.of(question.get("page"))
        known = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
        return folder / one_of("dataset", question.get(name), [one for one in known if not one.startswith(".")])

    def open(self, question: Question) -> Answer:
        """Read a dataset anew; what was not saved is dropped."""
        return self._keep(question, Draft(self.root(question)))

    def _keep(self, question: Question, draft: Draft) -> Answer:
        page = str(question["page"])
        self._drafts.pop(page, None)
        while len(self._drafts) >= DATA_DRAFTS:
            del self._drafts[next(iter(self._drafts))]
        self._drafts[page] = draft
        return shown(draft)

    def draft(self, question: Question) -> Draft:
        """What the page has open."""
        draft = self._drafts.get(str(question.get("page")))
        if draft is None:
            raise InvalidInputError("no dataset is open: choose one")
        return draft

    def pictures(self, question: Question) -> Answer:
        """Small pictures of episodes."""
        return pictures(self.draft(question), numbers(question))

    def edit(self, question: Question) -> Answer:
        """One change; nothing is written."""
        draft = self.draft(question)
        draft.change(_EDITS[one_of("edit", question.get("edit"), _EDITS)](question))
        return shown(draft)

    def merge(self, question: Question) -> Answer:
        """Take in another dataset; nothing is written."""
        draft = self.draft(question)
        draft.append(self.root(question, "other"))
        return shown(draft)

    def undo(self, question: Question) -> Answer:
        """Take back the last change."""
        draft = self.draft(question)
        draft.undo()
        return shown(draft)

    def save(self, question: Question) -> Answer:
        """Write what is left, under the same name in its place or under another one as a new dataset."""
        draft = self.draft(question)
        name = question.get("as")
        target = draft.root if name == draft.root.name else draft.root.parent / dataset_name(name)
        draft.save(target)
        return self._keep(question, Draft(target))

    def remove(self, question: Question) -> Answer:
        """Delete a whole dataset; the page has asked before."""
        root = self.root(question)
        with locked(root):
            shutil.rmtree(root)
        self._drafts.pop(str(question["page"]), None)
        return self.sets(question)

    def pack(self, question: Question) -> Answer:
        """A zip of a dataset as it is saved."""
        root = self.root(question)
        folder = self._sessions.session(str(question["page"])).folder / f"download-{secrets.token_hex(4)}"
        folder.mkdir()
        path = folder / f"{root.name}.zip"
        pack(root, path)
        return {"path": str(path), "file": path.name}

    def publish(self, question: Question) -> Answer:
        """Push a dataset as it is saved to the Hub."""
        if not publishes():
            raise InvalidInputError("this server publishes nothing: it has no HF_TOKEN, or strangers share it")
        return {"address": push(self.root(question), str(question.get("repository") or "").strip())}

    def play(self, question: Question) -> Answer:
        """Open an episode in the player, as it was recorded or as far as it is kept."""
        draft, count = self.draft(question), whole("episode", question.get("number"), 0, MOST)
        cut = require_episode(draft.cuts, count)
        session = self._sessions.session(str(question["page"]))
        fps = draft.source(cut).dataset.fps
        found = describe(cut.root, session.visitor)
        self._sessions.put(session, cut.root, draft.root.name, found)
        mapping = guess(found)
        said = cut.instruction or ", ".join(draft.row(cut).get("tasks") or []) or "pick it up"
        start, stop = cut.start / fps, (cut.stop - 0.5) / fps  # the last frame is within
        policy = one_of("policy", question.get("policy"), usable(self._catalogue))
        request = OpenRequest(
            replace(mapping, instruction=said), cut.episode, start, min(stop, start + LONGEST_S), policy, answered=False
        )
        self._sessions.open(session, request)
        return {"stage": session.stage, "done": 0, "fault": "", "ahead": 0, "steps": 0, "total": 0}


def numbers(question: Question) -> list[int]:
    """The episodes that a page means; raises `InvalidInputError` for none."""
    given = question.get("episodes")
    if not isinstance(given, list) or not given:
        raise InvalidInputError("choose at least one episode")
    return [whole("episode", each, 0, MOST) for each in given]


def _delete(question: Question) -> Callable[[Cuts], Cuts]:
    return lambda cuts: delete(cuts, numbers(question))


def _trim(question: Question) -> Callable[[Cuts], Cuts]:
    (episode,) = numbers(question)[:1]
    start, stop = (whole(name, question.get(name), 0, MOST) for name in ("start", "stop"))
    return lambda cuts: trim(cuts, episode, start, stop)


def _label(question: Question) -> Callable[[Cuts], Cuts]:
    said, success = question.get("instruction"), question.get("success")
    words = None if said is None else str(said)
    return lambda cuts: relabel(
        cuts, numbers(question), instruction=words, success=None if success is None else bool(success)
    )


_EDITS: Mapping[str, Callable[[Question], Callable[[Cuts], Cuts]]] = {
    "delete": _delete, "trim": _trim, "label": _label,
}  # fmt: skip
