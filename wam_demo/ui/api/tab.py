"""The tab "Report & API", the part for programs: named endpoints, their description, and snippets to paste."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import wraps
from importlib.util import find_spec
from typing import Any

import gradio as gr
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from wam_demo.errors import WamDemoError
from wam_demo.ui.api.calls import UNREADABLE, ProgramCalls
from wam_demo.ui.api.connection import ConnectionTest
from wam_demo.ui.api.snippets import PLACE, ROBOT_SNIPPETS, SERVER, SNIPPETS
from wam_demo.ui.shared import component
from wam_demo.ui.shared.catalogue import Catalogue

SIMULATIONS = 1
"""Calls that simulate at a time; further ones wait in the app's queue."""


def build_api(catalogue: Catalogue, connection: ConnectionTest, calls: ProgramCalls | None = None) -> None:
    """Add the section and the endpoints to the blocks that are open.

    Args:
        catalogue: What can be chosen.
        connection: Tests policy servers for the page.
        calls: What the endpoints do; replaced in tests.
    """
    calls = calls or ProgramCalls(catalogue)
    answer = component.answering({"connection": connection.ask})

    def programs(question: Any) -> component.Answer:
        return answer(question)

    simulating: dict[str, Any] = {"concurrency_limit": SIMULATIONS, "concurrency_id": "simulate"}
    component.component(_script(calls, connection), "api", [programs])
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
    policies = calls.planning
    with gr.Accordion("Try it: plan on a picture", open=False, elem_id="api-try"):
        with gr.Row():
            image, wrist = _picture("Fixed camera"), _picture("Wrist camera (optional)")
        with gr.Row():
            instruction = gr.Textbox("pick up the red cube and put it in the bowl", label="Instruction", max_length=500)
            policy = gr.Dropdown(policies, value=next(iter(policies), None), label="Policy")
        button = gr.Button("Plan", variant="primary")
        answer = gr.JSON(label="Plan", open=False)

    def predict(image: str, instruction: str, policy: str, wrist_image: str | None = None) -> dict[str, Any]:
        return as_endpoint(calls.predict)(image, instruction, policy, wrist_image)

    predict.__doc__ = calls.predict.__doc__
    button.click(predict, [image, instruction, policy, wrist], answer, api_name="predict", concurrency_limit=2)


def _picture(label: str) -> gr.Image:
    """Gradio opens a picture before the endpoint sees it; what it cannot open is said in one line."""
    component = gr.Image(label=label, type="filepath", image_mode=None, sources=["upload"], height=220)
    opened = component.preprocess

    def preprocess(payload: Any) -> Any:
        try:
            return opened(payload)
        except (OSError, SyntaxError, ValueError) as error:
            raise gr.Error(UNREADABLE, print_exception=False) from error

    setattr(component, "preprocess", preprocess)  # noqa: B010 (a subclass would need a front end of its own)
    return component


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


def page(calls: ProgramCalls, connection: ConnectionTest) -> str:
    """The section as HTML, with `PLACE` for the address of the app."""
    templates = Environment(loader=FileSystemLoader(component.UI / "api"), autoescape=True, trim_blocks=True)
    templates.filters["code"] = _code
    shown = [snippet for snippet in SNIPPETS if snippet.name != "mcp" or has_mcp()]
    return templates.get_template("programs.html").render(
        snippets=shown, robots=ROBOT_SNIPPETS, endpoints=endpoints(calls), connection=connection, server=SERVER
    )


def _code(text: str) -> Markup:
    """Text in which what stands between backquotes is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _script(calls: ProgramCalls, connection: ConnectionTest) -> str:
    return component.script(
        {"page": page(calls, connection), "place": PLACE}, "shared/dom.js", "api/api.js", "api/connection.js"
    )
