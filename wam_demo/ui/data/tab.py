"""The tab "Data": one component that shows what was recorded here, and what answers its questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from wam_demo.config import PUBLIC
from wam_demo.errors import InvalidInputError
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS
from wam_demo.ui.data.folders import RecordingFolders
from wam_demo.ui.data.pages import DataPages, numbers, publishes
from wam_demo.ui.data.teaching import MOST_MINUTES, Lesson, Teaching
from wam_demo.ui.data.view import MOST_PICTURED
from wam_demo.ui.robot.answers import responder as player
from wam_demo.ui.robot.answers import usable
from wam_demo.ui.robot.upload_sessions import UploadSessions
from wam_demo.ui.shared import component
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.checks import number, one_of
from wam_demo.ui.shared.component import Answer, Question

_SCRIPTS = (
    *(f"shared/{name}.js" for name in ("dom", "place", "taught", "strip", "charts")),
    "robot/player_markup.js",
    *(f"data/{name}.js" for name in ("markup", "browse", "edit", "teach")),
    "robot/scores.js",
    "robot/labels.js",
    "robot/player.js",
    "data/start.js",
)
_PLAYED = ("look", "state", "run", "stop", "curves", "download", "leave")
"""Questions about an open episode, which the player of "Your robot" answers."""


def build_data(
    catalogue: Catalogue, folders: RecordingFolders, sessions: UploadSessions, teaching: Teaching | None
) -> gr.HTML:
    """Add the component to the blocks that are open.

    Args:
        catalogue: Policies that can be chosen.
        folders: Where the datasets of a page lie.
        sessions: Play episodes.
        teaching: Fine-tunes; ``None`` where strangers share the server.
    """
    answer = responder(catalogue, folders, sessions, teaching)

    def data(question: Any) -> Answer:
        return answer(question)

    return component.component(script(catalogue, teaching is not None), "data", [data])


def script(catalogue: Catalogue, teaches: bool) -> str:
    """The component's JavaScript, with the choices of this machine in front."""
    labels = catalogue.labels
    config = {
        "policies": component.named({name: labels[name] for name in usable(catalogue)}),
        "parents": component.named({name: labels[name] for name in learners(catalogue)}),
        "labellers": [],  # labels belong to recordings that are brought
        "horizons": list(FUTURE_STEPS),
        "control_hz": CONTROL_HZ,
        "pictured": MOST_PICTURED,
        "teaches": teaches,
        "most_minutes": MOST_MINUTES,
        "publishes": publishes(),
        "public": PUBLIC,
    }
    return component.script(config, *_SCRIPTS)


def learners(catalogue: Catalogue) -> list[str]:
    """Policies that can be fine-tuned here."""
    return catalogue.those(lambda spec: spec.weights is not None)


def responder(
    catalogue: Catalogue, folders: RecordingFolders, sessions: UploadSessions, teaching: Teaching | None
) -> Callable[[Any], Answer]:
    """What answers a page; see `answering`."""
    pages, play = DataPages(catalogue, folders, sessions), player(catalogue, sessions)

    def lesson(question: Question) -> Lesson:
        root = pages.root(question)
        return Lesson(
            one_of("policy", question.get("policy"), learners(catalogue)),
            root,
            numbers(question),
            str(question.get("as") or "").strip(),
            number("the minutes", question.get("minutes"), 0.1, MOST_MINUTES),
        )

    def taught(work: Callable[[Teaching, Question], None]) -> Callable[[Question], Answer]:
        def answer(question: Question) -> Answer:
            if teaching is None:
                raise InvalidInputError("this server teaches nobody: run the app on your own machine")
            work(teaching, question)
            return teaching.state()

        return answer

    kinds: Mapping[str, Callable[[Question], Answer]] = {
        "sets": pages.sets, "open": pages.open, "pictures": pages.pictures, "edit": pages.edit, "merge": pages.merge,
        "undo": pages.undo, "save": pages.save, "remove": pages.remove, "pack": pages.pack,
        "publish": pages.publish, "play": pages.play,
        "teach": taught(lambda teaching, question: teaching.start(lesson(question))),
        "teaching": taught(lambda teaching, question: None),
        "enough": taught(lambda teaching, question: teaching.stop()),
        "cancel": taught(lambda teaching, question: teaching.cancel()),
        **dict.fromkeys(_PLAYED, play),
    }  # fmt: skip
    return component.answering(kinds)
