"""What every tab is made of: scripts and styles from files, and answers to what a page asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.ui.shared.checks import one_of, shown

UI = Path(__file__).parents[1]
STYLES = tuple(sorted(UI.glob("*/*.css"), key=lambda path: path.name != "page.css"))
"""Every style sheet, the page's own first."""

Question = Mapping[str, Any]
Answer = dict[str, Any]
QUICK: dict[str, Any] = {
    "queue": False, "show_progress": "hidden", "trigger_mode": "multiple", "api_visibility": "private",
}  # fmt: skip
"""Arguments of a listener for what a page triggers: at once, unseen, and nothing of it is dropped."""


def script(config: Mapping[str, Any], *files: str) -> str:
    """A component's JavaScript, with the choices of this machine in front.

    Args:
        config: JSON-ready; the scripts know it as ``CONFIG``.
        files: Below `UI`, in their order.
    """
    sources = [(UI / name).read_text(encoding="utf-8") for name in files]
    return "\n".join([f"const CONFIG = {json.dumps(config)};", *sources])


def named(labels: Mapping[str, str]) -> list[dict[str, str]]:
    """Choices of a list on the page."""
    return [{"name": name, "label": label} for name, label in labels.items()]


def component(source: str, elem_id: str, functions: Sequence[Callable[..., Any]] = ()) -> gr.HTML:
    """A component that draws itself, in the blocks that are open.

    Args:
        source: From `script`.
        elem_id: Its name in the page.
        functions: What the scripts may call on ``server``, by the functions' names.
    """
    # The template stays empty: Gradio evaluates it again at every packet.
    return gr.HTML(
        "", html_template="", js_on_load=source, apply_default_css=False, elem_id=elem_id,
        server_functions=list(functions),
    )  # fmt: skip


def answering(kinds: Mapping[str, Callable[[Question], Answer]]) -> Callable[[Any], Answer]:
    """What answers a page: a dictionary, or ``{"error": text}`` with one line for the person.

    Args:
        kinds: By the question's ``kind``.
    """

    def answer(question: Any) -> Answer:
        try:
            if not isinstance(question, Mapping):
                raise InvalidInputError(f"a question is an object with a kind, got {shown(question)}")
            return kinds[one_of("question", question.get("kind"), kinds)](question)
        except WamDemoError as error:
            return {"error": " ".join(str(error).split())}

    return answer
