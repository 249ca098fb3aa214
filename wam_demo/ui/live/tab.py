"""The Live tab: one canvas component, fed by a stream, sending commands back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import gradio as gr

from wam_demo.errors import WamDemoError
from wam_demo.limits import LOG_BYTES
from wam_demo.policies.registry import policy_spec
from wam_demo.runtime import Session, SessionView
from wam_demo.runtime.disturb import NEXT_EPISODE
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS
from wam_demo.ui.live.commands import TIME_SPEEDS, parse_command, parse_region, parse_way
from wam_demo.ui.live.counterfactual import counterfactual_plan
from wam_demo.ui.live.drive import SPEEDS, parse_drive
from wam_demo.ui.live.hub import Hub
from wam_demo.ui.live.probe import CELLS, ask_about
from wam_demo.ui.live.screen import Screen
from wam_demo.ui.live.stream import stream
from wam_demo.ui.live.words import POINTER_HINT
from wam_demo.ui.shared import component
from wam_demo.ui.shared.axes import AXES_IN_WORDS, FIRST_AXES
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.component import QUICK, Answer

_LIVE = (
    "explain", "log", "twin", "markup", "live", "pointer", "controls", "instruct", "history", "clip", "probe", "whatif",
    "drive", "drive_input", "record", "dream",
)  # fmt: skip
_SCRIPTS = (
    *(f"shared/{name}.js" for name in ("dom", "place", "taught", "strip", "charts")),
    *(f"live/{name}.js" for name in _LIVE),
    "share/share.js",
    "challenge/challenge.js",
    "share/place_live.js",
    "live/start.js",
)


def build_live(catalogue: Catalogue, hub: Hub, functions: Sequence[Callable[[Any], Answer]] = ()) -> gr.HTML:
    """Add the Live tab's component to the blocks that are open.

    Args:
        catalogue: What can be chosen.
        hub: Finds the session of each page.
        functions: What other parts answer to this tab, by their names.
    """
    canvas = component.component(script(catalogue), "live", functions)

    async def connect(event: gr.EventData, request: gr.Request) -> AsyncIterator[str]:
        wishes = event._data.get("wishes") if isinstance(event._data, dict) else None
        async for packet in stream(hub, request.session_hash, wishes if isinstance(wishes, dict) else {}):
            yield packet

    def command(event: gr.EventData, request: gr.Request) -> None:
        receive(hub, catalogue, request.session_hash, event._data)

    def probe(event: gr.EventData, request: gr.Request) -> None:
        receive_probe(hub, catalogue, request.session_hash, event._data)

    def whatif(event: gr.EventData, request: gr.Request) -> None:
        receive_whatif(hub, catalogue, request.session_hash, event._data)

    def drive(event: gr.EventData, request: gr.Request) -> None:
        receive_drive(hub, request.session_hash, event._data)

    def receipt(event: gr.EventData, request: gr.Request) -> None:
        data = event._data if isinstance(event._data, dict) else {}
        number = data.get("n")
        hub.receipt(request.session_hash, number if isinstance(number, int) else 0, bool(data.get("missed")))

    canvas.connect(connect, None, canvas, **{**QUICK, "queue": True}, concurrency_limit=None)
    canvas.command(command, None, None, **QUICK)
    canvas.probe(probe, None, None, **QUICK)
    canvas.whatif(whatif, None, None, **QUICK)
    canvas.drive(drive, None, None, **QUICK)
    canvas.receipt(receipt, None, None, **QUICK)
    return canvas


def receive(hub: Hub, catalogue: Catalogue, key: str, payload: object) -> None:
    """Pass a page's command to its session; what is wrong with it becomes one line on the page."""
    try:
        session = hub.session(key)
    except WamDemoError:
        return  # the page has been closed meanwhile; it connects again by itself
    try:
        session.post(parse_command(payload, catalogue))
    except WamDemoError as error:
        session.warn(str(error))


def receive_probe(hub: Hub, catalogue: Catalogue, key: str, payload: object) -> None:
    """Ask what a page wants to know about its newest view; what is wrong with it becomes one line on the page."""

    def ask(session: Session, screen: Screen, view: SessionView) -> None:
        policy = view.settings.policy
        probing = catalogue.open_probing(policy) if policy_spec(policy).can_be_probed else None
        screen.prober.ask(ask_about(view, probing, parse_region(payload), session.warn))

    _ask(hub, key, ask)


def receive_whatif(hub: Hub, catalogue: Catalogue, key: str, payload: object) -> None:
    """Ask what a page wants to have imagined; what is wrong with it becomes one line on the page."""

    def ask(session: Session, screen: Screen, view: SessionView) -> None:
        policy = view.settings.policy
        planning = catalogue.open_counterfactuals(policy) if policy_spec(policy).follows_a_plan else None
        screen.counterfactuals.ask(counterfactual_plan(view, planning, parse_way(payload), session.warn))

    _ask(hub, key, ask)


def receive_drive(hub: Hub, key: str, payload: object) -> None:
    """Pass on how a page moves the arm; what is wrong with it becomes one line on the page."""
    try:
        session = hub.session(key)
    except WamDemoError:
        return
    try:
        session.drive(parse_drive(payload))
    except WamDemoError as error:
        session.warn(str(error))


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
        "tasks": component.named(catalogue.tasks),
        "scenes": component.named(catalogue.simulated),
        "policies": component.named(catalogue.labels),
        "about": {name: spec.sentence for name, spec in catalogue.policies.items()},
        "time_speeds": list(TIME_SPEEDS),
        "axes": [_slider(axis) for axis in catalogue.axes],
        "horizons": list(FUTURE_STEPS),
        "control_hz": CONTROL_HZ,
        "cells": CELLS,
        "pointer_hint": POINTER_HINT,
        "log_bytes": LOG_BYTES,
        "speeds": len(SPEEDS),
        "records": catalogue.backend.recordings is not None,
    }
    return component.script(config, *_SCRIPTS, *(("arm/stop.js",) if catalogue.arm else ()))


def _slider(axis: str) -> dict[str, str]:
    """What the page knows of one; ``when``: where it stands, and from when on it counts."""
    label, text = AXES_IN_WORDS[axis]
    when = "next" if axis in NEXT_EPISODE else "first" if axis in FIRST_AXES else "more"
    return {"name": axis, "label": label, "help": text, "when": when}
