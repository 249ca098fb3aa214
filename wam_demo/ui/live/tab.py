"""The Live tab: one canvas component, fed by a stream, sending commands back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import gradio as gr

from wam_demo.errors import WamDemoError
from wam_demo.limits import LOG_BYTES
from wam_demo.runtime import Session, SessionView
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS
from wam_demo.ui.live.commands import parse_command, parse_point, parse_region
from wam_demo.ui.live.hub import Hub
from wam_demo.ui.live.probe import CELLS, ask_about
from wam_demo.ui.live.screen import Screen
from wam_demo.ui.live.stream import stream
from wam_demo.ui.live.whatif import wonder_about
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.words import AXIS_WORDS, POINTER_HINT

_HERE = Path(__file__).parent
STYLES = (_HERE / "canvas.css", _HERE / "twin.css", _HERE / "probe.css", _HERE / "whatif.css")
_SCRIPTS = (
    "pieces.js",
    "twin.js",
    "log.js",
    "markup.js",
    "canvas.js",
    "charts.js",
    "controls.js",
    "probe.js",
    "whatif.js",
)


def build_live(catalogue: Catalogue, hub: Hub) -> gr.HTML:
    """Add the Live tab's component to the blocks that are open.

    Args:
        catalogue: What can be chosen.
        hub: Finds the session of each page.
    """
    # The template stays empty: Gradio evaluates it again at every packet.
    canvas = gr.HTML("", html_template="", js_on_load=script(catalogue), apply_default_css=False, elem_id="live")

    async def connect(request: gr.Request) -> AsyncIterator[str]:
        async for packet in stream(hub, request.session_hash, catalogue.imagining.__contains__):
            yield packet

    def command(event: gr.EventData, request: gr.Request) -> None:
        receive(hub, catalogue, request.session_hash, event._data)

    def probe(event: gr.EventData, request: gr.Request) -> None:
        receive_probe(hub, catalogue, request.session_hash, event._data)

    def whatif(event: gr.EventData, request: gr.Request) -> None:
        receive_whatif(hub, catalogue, request.session_hash, event._data)

    def receipt(event: gr.EventData, request: gr.Request) -> None:
        data = event._data if isinstance(event._data, dict) else {}
        number = data.get("n")
        hub.receipt(request.session_hash, number if isinstance(number, int) else 0, bool(data.get("missed")))

    quick: dict[str, Any] = {
        "queue": False, "show_progress": "hidden", "trigger_mode": "multiple", "api_name": False,
    }  # fmt: skip
    canvas.connect(connect, None, canvas, **{**quick, "queue": True}, concurrency_limit=None)
    canvas.command(command, None, None, **quick)
    canvas.probe(probe, None, None, **quick)
    canvas.whatif(whatif, None, None, **quick)
    canvas.receipt(receipt, None, None, **quick)
    return canvas


def receive(hub: Hub, catalogue: Catalogue, key: str, payload: object) -> None:
    """Pass a page's command to its session; what is wrong with it becomes one line on the page."""
    try:
        session = hub.session(key)
    except WamDemoError:
        return  # the page has been closed meanwhile; it connects again by itself
    try:
        session.post(parse_command(payload, catalogue.choices))
    except WamDemoError as error:
        session.warn(str(error))


def receive_probe(hub: Hub, catalogue: Catalogue, key: str, payload: object) -> None:
    """Ask what a page wants to know about its newest view; what is wrong with it becomes one line on the page."""

    def ask(session: Session, screen: Screen, view: SessionView) -> None:
        probing = catalogue.open_probing(view.settings.policy)
        screen.prober.ask(ask_about(view, probing, parse_region(payload), session.warn))

    _ask(hub, key, ask)


def receive_whatif(hub: Hub, catalogue: Catalogue, key: str, payload: object) -> None:
    """Ask what a page wants to have imagined; what is wrong with it becomes one line on the page."""

    def ask(session: Session, screen: Screen, view: SessionView) -> None:
        wondering = catalogue.open_wondering(view.settings.policy)
        screen.wonderer.ask(wonder_about(view, wondering, parse_point(payload), session.warn))

    _ask(hub, key, ask)


def _ask(hub: Hub, key: str, ask: Callable[[Session, Screen, SessionView], None]) -> None:
    """Ask about the newest view of a page, if it is here and has one."""
    try:
        session = hub.session(key)
    except WamDemoError:
        return
    screen = hub.visit(key).screen
    if screen.newest is None:
        return  # nothing has been shown yet
    try:
        ask(session, screen, screen.newest[0])
    except WamDemoError as error:
        session.warn(str(error))


def script(catalogue: Catalogue) -> str:
    """The component's JavaScript, with the choices of this machine in front."""
    config = {
        "tasks": [{"name": name, "label": label} for name, label in catalogue.tasks.items()],
        "policies": [{"name": name, "label": label} for name, label in catalogue.policies.items()],
        "axes": [{"name": axis, "label": AXIS_WORDS[axis][0], "help": AXIS_WORDS[axis][1]} for axis in catalogue.axes],
        "horizons": list(FUTURE_STEPS),
        "control_hz": CONTROL_HZ,
        "cells": CELLS,
        "pointer_hint": POINTER_HINT,
        "log_bytes": LOG_BYTES,
    }
    sources = [(_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return "\n".join([f"const CONFIG = {json.dumps(config)};", *sources])
