"""The section "Live stream": a camera, and what the policy imagines, attends to and plans on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.policies.checks import validate_instruction
from wam_demo.policies.registry import policy_spec
from wam_demo.robots.capture import CameraRack, configured_cameras
from wam_demo.runtime import Planner
from wam_demo.runtime.watching import WatchView
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS
from wam_demo.ui.live.present import FOCUS, as_is
from wam_demo.ui.live.stream import Bell
from wam_demo.ui.robot.camera_desk import BROWSER, CameraDesk, Watcher
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.packet import PacketEncoder, Tile
from wam_demo.ui.shared.panels import attention_overlay, error_map

_HERE = Path(__file__).parent
QUIET_S = 0.25
"""Without anything new a packet goes out this often; it tells the page which pictures have arrived."""
DEFAULT_INSTRUCTION = "pick up the red cube and put it in the bowl"


def open_desk(catalogue: Catalogue, **limits: Any) -> CameraDesk:
    """A desk over the policies of this machine and the cameras that its operator has named.

    Raises:
        InvalidInputError: The operator's list of cameras is not usable.
    """
    policies = tuple(name for name in catalogue.policies if policy_spec(name).needs_images)
    return CameraDesk(_open_planner, policies, CameraRack(configured_cameras()), **limits)


def _open_planner(policy: str) -> Planner:
    from wam_demo.policies.engines import engines

    engine = engines.get(policy)
    return Planner(engine.submit, engine.submit_imagination if policy_spec(policy).imagines else None)


def build_live_stream(labels: Mapping[str, str], desk: CameraDesk) -> gr.HTML:
    """Add the section to the blocks that are open; the desk's owner closes it.

    Args:
        labels: What people call the policies, by name.
        desk: Opens and closes the streams.
    """
    section = gr.HTML("", html_template="", js_on_load=_script(labels, desk), apply_default_css=False)

    async def connect(event: gr.EventData, request: gr.Request) -> AsyncIterator[str]:
        async for packet in packets(desk, request.session_hash, event._data):
            yield packet

    def picture(event: gr.EventData, request: gr.Request) -> None:
        receive(desk, request.session_hash, event._data)

    def command(event: gr.EventData, request: gr.Request) -> None:
        obey(desk, request.session_hash, event._data)

    quick: dict[str, Any] = {
        "queue": False, "show_progress": "hidden", "trigger_mode": "multiple", "api_visibility": "private",
    }  # fmt: skip
    section.connect(connect, None, section, **{**quick, "queue": True}, concurrency_limit=None)
    section.picture(picture, None, None, **quick)
    section.command(command, None, None, **quick)
    return section


async def packets(desk: CameraDesk, key: str, wish: object) -> AsyncIterator[str]:
    """Packets for one page, as JSON text, until its stream is closed.

    Args:
        desk: Opens the stream.
        key: Names the page.
        wish: ``{"camera", "policy", "instruction", "stream"}`` as the page sent it; ``stream`` counts
            the page's streams and comes back with every packet.
    """
    stream = _stream(wish)
    try:
        watcher = await asyncio.to_thread(_open, desk, key, wish)
    except WamDemoError as error:
        yield json.dumps({"n": 0, "stream": stream, "over": str(error)})
        return
    bell, encoder = Bell(), PacketEncoder()
    watcher.ring = bell.ring
    while desk.holds(key, watcher):
        yield await asyncio.to_thread(_encode, encoder, watcher)
        await bell.wait(QUIET_S)
    yield json.dumps({"n": 0, "stream": stream, "over": ""})


def _open(desk: CameraDesk, key: str, wish: object) -> Watcher:
    wish = wish if isinstance(wish, dict) else {}
    camera, policy = str(wish.get("camera", BROWSER)), str(wish.get("policy", ""))
    return desk.open(key, camera, policy, _instruction(wish.get("instruction")), _stream(wish))


def _stream(payload: object) -> int:
    number = payload.get("stream") if isinstance(payload, dict) else None
    return number if isinstance(number, int) else 0


def receive(desk: CameraDesk, key: str, payload: object) -> None:
    """Take a picture of the page's own camera; one that is not usable is said on the page."""
    data = payload if isinstance(payload, dict) else {}
    number = data.get("n")
    try:
        desk.receive(key, number if isinstance(number, int) else 0, data.get("jpeg", ""))
    except InvalidInputError as error:
        _tell(desk, key, str(error))


def obey(desk: CameraDesk, key: str, payload: object) -> None:
    """Follow a page's command: stop, another instruction, or just a sign of life."""
    data = payload if isinstance(payload, dict) else {}
    watcher = desk.find(key)
    if data.get("kind") == "stop":
        if watcher is not None and watcher.stream == _stream(data):  # a later stream may be open already
            desk.leave(key)
    elif data.get("kind") == "instruction" and watcher is not None:
        try:
            watcher.watching.instruct(_instruction(data.get("text")))
        except InvalidInputError as error:
            _tell(desk, key, str(error))


def _tell(desk: CameraDesk, key: str, text: str) -> None:
    watcher = desk.find(key)
    if watcher is not None:
        watcher.tell(text)


def _instruction(text: object) -> str:
    return validate_instruction(text if isinstance(text, str) else "")


def _encode(encoder: PacketEncoder, watcher: Watcher) -> str:
    shown = {**status(watcher.view), "notice": watcher.notice, "got": watcher.got, "stream": watcher.stream}
    return encoder.encode(tiles(watcher.view), shown)


def tiles(view: WatchView) -> dict[str, Tile]:
    """Every picture of the strip by name; drawn only when it is sent."""
    if view.frame is None or view.observation is None:
        return {}
    pictures = {"now": Tile(view.number, partial(as_is, view.frame))}
    grid = view.prediction.attention.get("front") if view.prediction else None
    if grid is not None:
        peak = max(FOCUS / grid.size, float(grid.max()))
        seen = view.observation.images["front"]
        pictures["attention"] = Tile(view.number, partial(attention_overlay, seen, grid, peak))
    if view.imagination is not None and "front" in view.imagination.frames:
        frames = view.imagination.frames["front"]
        for index, ahead in enumerate(FUTURE_STEPS):
            pictures[f"imagined.{ahead}"] = Tile(view.imagination.step, partial(as_is, frames[index]))
    for ahead, error in (view.prediction_errors or {}).items():
        if "front" in error.maps:
            pictures[f"surprise.{ahead}"] = Tile(error.made, partial(error_map, error.maps["front"]))
    return pictures


def status(view: WatchView) -> dict[str, Any]:
    """What changes often, JSON-ready: rates, ages and the plan."""
    prediction, imagination = view.prediction, view.imagination
    plan = None if prediction is None else prediction.chunk.actions
    return {
        "number": view.number,
        "time_s": view.step / CONTROL_HZ,
        "rate_hz": round(view.rate_hz, 1),
        "age_ms": round(1e3 * view.age_s),
        "policy_ms": None if prediction is None else round(prediction.timing_ms.get("policy_call", 0.0)),
        "imagined_at_s": None if imagination is None else imagination.step / CONTROL_HZ,
        "errors": {ahead: round(s.error, 4) for ahead, s in (view.prediction_errors or {}).items()},
        "mass": None if prediction is None else _mass(prediction.attention, prediction.attention_mass),
        # Displacement from here [cm] and gripper opening: what the arm would do.
        "path_cm": None if plan is None else np.round(100 * np.cumsum(plan[:, :3], axis=0), 2).tolist(),
        "gripper": None if plan is None else np.round(plan[:, 6].astype(float), 3).tolist(),
    }


def _mass(attention: Mapping[str, Any], rest: Mapping[str, float]) -> dict[str, float]:
    shares = {name: float(grid.sum()) for name, grid in attention.items()} | dict(rest)
    return {name: round(share, 3) for name, share in shares.items()}


def _script(labels: Mapping[str, str], desk: CameraDesk) -> str:
    config = {
        "cameras": [{"name": BROWSER, "label": "This device"}, *({"name": n, "label": n} for n in desk.rack.names)],
        "policies": [{"name": name, "label": labels.get(name, name)} for name in desk.policies],
        "instruction": DEFAULT_INSTRUCTION,
        "horizons": list(FUTURE_STEPS),
        "control_hz": CONTROL_HZ,
        "style": (_HERE / "camera.css").read_text(encoding="utf-8"),
    }
    source = (_HERE / "camera.js").read_text(encoding="utf-8")
    return f"const CONFIG = {json.dumps(config)};\n{source}"
