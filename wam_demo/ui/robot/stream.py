"""The section "Live stream": a camera, and what the policy imagines, attends to and plans on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import gradio as gr

from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.policies.checks import validate_instruction
from wam_demo.robots.capture import CameraRack, configured_cameras
from wam_demo.runtime.watching import WatchView
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS
from wam_demo.ui.robot.camera_sessions import BROWSER, CameraSession, CameraSessions
from wam_demo.ui.shared import component
from wam_demo.ui.shared.bell import Bell
from wam_demo.ui.shared.catalogue import Catalogue, Offer, open_planner
from wam_demo.ui.shared.component import QUICK
from wam_demo.ui.shared.packet import PacketEncoder
from wam_demo.ui.shared.strip import StripMoment, picture, strip_status, strip_tiles
from wam_demo.ui.shared.timeline import chunk_lines, planned_path, rows

_SCRIPTS = ("shared/dom.js", "shared/taught.js", "shared/strip.js", "shared/charts.js", "robot/stream.js")
QUIET_S = 0.25
"""Without anything new a packet goes out this often; it tells the page which pictures have arrived."""
DEFAULT_INSTRUCTION = "pick up the red cube and put it in the bowl"


def open_cameras(catalogue: Catalogue, **limits: Any) -> CameraSessions:
    """Sessions over the policies of this machine and the cameras that its operator has named.

    Raises:
        InvalidInputError: The operator's list of cameras is not usable.
    """
    policies = Offer(catalogue.policies.values, lambda spec: spec.needs_images)
    return CameraSessions(open_planner, policies, CameraRack(configured_cameras()), **limits)


def build_live_stream(sessions: CameraSessions) -> gr.HTML:
    """Add the section to the blocks that are open; the sessions' owner closes them."""
    section = component.component(_script(sessions), "stream")

    async def connect(event: gr.EventData, request: gr.Request) -> AsyncIterator[str]:
        async for packet in packets(sessions, request.session_hash, event._data):
            yield packet

    def picture(event: gr.EventData, request: gr.Request) -> None:
        receive(sessions, request.session_hash, event._data)

    def command(event: gr.EventData, request: gr.Request) -> None:
        obey(sessions, request.session_hash, event._data)

    section.connect(connect, None, section, **{**QUICK, "queue": True}, concurrency_limit=None)
    section.picture(picture, None, None, **QUICK)
    section.command(command, None, None, **QUICK)
    return section


async def packets(sessions: CameraSessions, key: str, wish: object) -> AsyncIterator[str]:
    """Packets for one page, as JSON text, until its stream is closed.

    Args:
        sessions: Opens the stream.
        key: Names the page.
        wish: ``{"camera", "policy", "instruction", "stream"}`` as the page sent it; ``stream`` counts
            the page's streams and comes back with every packet.
    """
    stream = _stream(wish)
    try:
        session = await asyncio.to_thread(_open, sessions, key, wish)
    except WamDemoError as error:
        yield json.dumps({"n": 0, "stream": stream, "over": str(error)})
        return
    bell, encoder = Bell(), PacketEncoder()
    session.ring = bell.ring
    while sessions.holds(key, session):
        yield await asyncio.to_thread(_encode, encoder, session)
        await bell.wait(QUIET_S)
    yield json.dumps({"n": 0, "stream": stream, "over": ""})


def _open(sessions: CameraSessions, key: str, wish: object) -> CameraSession:
    wish = wish if isinstance(wish, dict) else {}
    camera, policy = str(wish.get("camera", BROWSER)), str(wish.get("policy", ""))
    return sessions.open(key, camera, policy, _instruction(wish.get("instruction")), _stream(wish))


def _stream(payload: object) -> int:
    number = payload.get("stream") if isinstance(payload, dict) else None
    return number if isinstance(number, int) else 0


def receive(sessions: CameraSessions, key: str, payload: object) -> None:
    """Take a picture of the page's own camera; one that is not usable is said on the page."""
    data = payload if isinstance(payload, dict) else {}
    number = data.get("n")
    try:
        sessions.receive(key, number if isinstance(number, int) else 0, data.get("jpeg", ""))
    except InvalidInputError as error:
        _tell(sessions, key, str(error))


def obey(sessions: CameraSessions, key: str, payload: object) -> None:
    """Follow a page's command: stop, another instruction, or just a sign of life."""
    data = payload if isinstance(payload, dict) else {}
    session = sessions.find(key)
    if data.get("kind") == "stop":
        if session is not None and session.stream == _stream(data):  # a later stream may be open already
            sessions.leave(key)
    elif data.get("kind") == "instruction" and session is not None:
        try:
            session.watching.instruct(_instruction(data.get("text")))
        except InvalidInputError as error:
            _tell(sessions, key, str(error))


def _tell(sessions: CameraSessions, key: str, text: str) -> None:
    session = sessions.find(key)
    if session is not None:
        session.tell(text)


def _instruction(text: object) -> str:
    return validate_instruction(text if isinstance(text, str) else "")


def _encode(encoder: PacketEncoder, session: CameraSession) -> str:
    view = session.view  # one view for all of the packet: a newer one may come meanwhile
    moment = strip_moment(session, view)
    shown = {**status(view), "strip": strip_status(moment)}
    shown |= {"notice": session.notice, "got": session.got, "stream": session.stream}
    return encoder.encode(strip_tiles(moment), shown, charts(session, view), view.number)


def strip_moment(session: CameraSession, view: WatchView) -> StripMoment:
    """What the strip shows: the fixed camera alone, as the wrist view is grey."""
    spec = session.spec
    frames = None if view.imagination is None else view.imagination.frames.get("front")
    wait = {"imagined": "Comes with the first imagination.", "error": "Comes when an imagined moment has passed."}
    absent = wait if spec.imagines else dict.fromkeys(wait, spec.sentence)
    return StripMoment(
        episode=session.stream,
        now={} if view.frame is None else {"front": picture(view.number, view.frame)},
        imagined={} if frames is None else {k: {"front": frame} for k, frame in zip(FUTURE_STEPS, frames, strict=True)},
        imagined_at=None if view.imagination is None else view.imagination.step,
        errors={k: replace(e, maps={"front": e.maps["front"]}) for k, e in (view.prediction_errors or {}).items()},
        prediction=view.prediction,
        answered=view.number,
        observed={} if view.observation is None else {"front": view.observation.images["front"]},
        absent={**absent, "attention": "Comes with the first plan." if spec.attends else spec.sentence},
    )


def status(view: WatchView) -> dict[str, Any]:
    """What changes often, JSON-ready: times, rates and ages."""
    prediction = view.prediction
    return {
        "number": view.number,
        "step": view.step,
        "rate_hz": round(view.rate_hz, 1),
        "age_ms": round(1e3 * view.age_s),
        "policy_ms": None if prediction is None else round(prediction.timing_ms.get("policy_call", 0.0)),
    }


def charts(session: CameraSession, view: WatchView) -> dict[str, Any]:
    """What the charts draw, JSON-ready: the plan is the displacement from here, what the arm would do."""
    prediction = view.prediction
    return {
        "plan": None if prediction is None else rows(planned_path(prediction.chunk.actions)),
        "chunks": [] if prediction is None else chunk_lines(prediction, 0),
        "bands": session.bands.document(view.step + 1),
    }


def _script(sessions: CameraSessions) -> str:
    cameras = {BROWSER: "This device", **{name: name for name in sessions.rack.names}}
    config = {
        "cameras": component.named(cameras),
        "policies": component.named({name: spec.label for name, spec in sessions.policies.items()}),
        "instruction": DEFAULT_INSTRUCTION,
        "horizons": list(FUTURE_STEPS),
        "control_hz": CONTROL_HZ,
    }
    return component.script(config, *_SCRIPTS)
