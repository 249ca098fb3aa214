"""The tab "Report & API", the part for programs: named endpoints, their description, and snippets to paste."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr

from wam_demo.errors import WamDemoError
from wam_demo.ui.api.calls import ProgramCalls
from wam_demo.ui.api.snippets import PLACE, SNIPPETS
from wam_demo.ui.shared.catalogue import Catalogue

_HERE = Path(__file__).parent
SIMULATIONS = 1
"""Calls that simulate at a time; further ones wait in the app's queue."""


def build_api(catalogue: Catalogue, calls: ProgramCalls | None = None) -> None:
    """Add the section and the endpoints to the blocks that are open.

    Args:
        catalogue: What can be chosen.
        calls: What the endpoints do; replaced in tests.
    """
    calls = calls or ProgramCalls(catalogue)
    simulating: dict[str, Any] = {"concurrency_limit": SIMULATIONS, "concurrency_id": "simulate"}
    gr.HTML("", html_template="", js_on_load=_script(calls), apply_default_css=False)
    gr.api(as_endpoint(calls.choices), api_name="choices", queue=False)
    gr.api(as_endpoint(calls.run_episode), api_name="run_episode", **simulating)
    gr.api(as_endpoint(calls.evaluate), api_name="evaluate", **simulating)
    _add_predict(calls)


def has_mcp() -> bool:
    """Whether the package that turns the endpoints into MCP tools is installed."""
    return find_spec("mcp") is not None


def as_endpoint(call: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The same function, whose refusals reach a program as one line instead of a server error."""

    @wraps(call)
    def endpoint(*arguments: Any, **named: Any) -> dict[str, Any]:
        try:
            return call(*arguments, **named)
        except WamDemoError as error:
            raise gr.Error(" ".join(str(error).split()), print_exception=False) from error

    return endpoint


def _add_predict(calls: ProgramCalls) -> None:
    """The endpoint that takes pictures needs components, which check what is uploaded; a form to try it."""
    policies = calls.choices()["imagining"] or calls.choices()["policies"]
    with gr.Accordion("Try it: plan on a picture", open=False, elem_id="api-try"):
        with gr.Row():
            images: dict[str, Any] = {"type": "filepath", "image_mode": None, "sources": ["upload"], "height": 220}
            image = gr.Image(label="Fixed camera", **images)
            wrist = gr.Image(label="Wrist camera (optional)", **images)
        with gr.Row():
            instruction = gr.Textbox("pick up the red cube and put it in the bowl", label="Instruction", max_length=500)
            policy = gr.Dropdown(policies, value=policies[0], label="Policy")
        button = gr.Button("Plan", variant="primary")
        answer = gr.JSON(label="Plan", open=False)

    def predict(image: str, instruction: str, policy: str, wrist_image: str | None = None) -> dict[str, Any]:
        return as_endpoint(calls.predict)(image, instruction, policy, wrist_image)

    predict.__doc__ = calls.predict.__doc__
    button.click(predict, [image, instruction, policy, wrist], answer, api_name="predict", concurrency_limit=2)


def endpoints(calls: ProgramCalls) -> list[dict[str, Any]]:
    """Name, what it does, arguments and result of every endpoint, from the functions themselves."""
    functions: list[Callable[..., Any]] = [calls.run_episode, calls.predict, calls.evaluate, calls.choices]
    return [_described(function) for function in functions]


def _described(function: Callable[..., Any]) -> dict[str, Any]:
    text = inspect.getdoc(function) or ""
    summary = text.split("\n\n")[0].replace("\n", " ")
    arguments, result = _section(text, "Args"), _section(text, "Returns")
    parameters = inspect.signature(function).parameters.values()
    words = dict(line.split(": ", 1) for line in arguments)
    return {
        "name": f"/{function.__name__}",
        "summary": summary,
        "arguments": [
            {
                "name": parameter.name,
                "type": str(parameter.annotation),
                "default": None if parameter.default is parameter.empty else repr(parameter.default),
                "words": words[parameter.name],
            }
            for parameter in parameters
        ],
        "returns": " ".join(result),
    }


def _section(text: str, title: str) -> list[str]:
    """The entries of one section of a docstring, continuation lines joined."""
    _, _, rest = text.partition(f"{title}:\n")
    entries: list[str] = []
    for line in rest.split("\n\n")[0].splitlines():
        if line.startswith("     ") and entries:
            entries[-1] += f" {line.strip()}"
        elif line.strip():
            entries.append(line.strip())
    return entries


def _script(calls: ProgramCalls) -> str:
    shown = [s for s in SNIPPETS if s.name != "mcp" or has_mcp()]
    config = {
        "place": PLACE,
        "snippets": [{"title": s.title, "language": s.language, "needs": s.needs, "text": s.text} for s in shown],
        "endpoints": endpoints(calls),
        "style": (_HERE / "api.css").read_text(encoding="utf-8"),
    }
    source = (_HERE / "api.js").read_text(encoding="utf-8")
    return f"const CONFIG = {json.dumps(config)};\n{source}"
