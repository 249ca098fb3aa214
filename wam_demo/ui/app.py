"""The app: tabs, theme, queue and limits."""

from __future__ import annotations

import threading
from typing import Any

import gradio as gr

from wam_demo.limits import LIVE_SESSIONS, QUEUE_SIZE, SESSION_IDLE_S, UPLOAD_BYTES
from wam_demo.runtime import Session, Settings
from wam_demo.runtime.memory import use_few_arenas
from wam_demo.ui.api.tab import build_api, has_mcp
from wam_demo.ui.blind.room import BlindRoom
from wam_demo.ui.blind.tab import STYLE as BLIND_STYLE
from wam_demo.ui.blind.tab import build_blind, open_room
from wam_demo.ui.live.hub import Hub
from wam_demo.ui.live.screen import Screen
from wam_demo.ui.live.tab import STYLES, build_live
from wam_demo.ui.robot.brain import open_brain
from wam_demo.ui.robot.camera import build_live_stream, open_desk
from wam_demo.ui.robot.camera_desk import CameraDesk
from wam_demo.ui.robot.room import RobotRoom
from wam_demo.ui.robot.tab import STYLE as ROBOT_STYLE
from wam_demo.ui.robot.tab import build_robot
from wam_demo.ui.robustness.lab import Lab
from wam_demo.ui.robustness.tab import STYLE as ROBUSTNESS_STYLE
from wam_demo.ui.robustness.tab import build_robustness, open_lab
from wam_demo.ui.shared.catalogue import Catalogue, shipped, warm_up
from wam_demo.ui.shared.theme import theme

TITLE = "Foresight Bench"
CACHE_SECONDS = 3600


def open_hub(catalogue: Catalogue, places: int = LIVE_SESSIONS, idle_s: float = SESSION_IDLE_S) -> Hub:
    """A hub whose sessions start with the first task and the preferred policy."""
    first = Settings(next(iter(catalogue.tasks)), next(iter(catalogue.policies)))

    def open_session(screen: Screen) -> Session:
        return Session(first, catalogue.backend, [screen])

    return Hub(open_session, places, idle_s)


def build_app(
    catalogue: Catalogue,
    hub: Hub,
    *,
    lab: Lab | None = None,
    blind: BlindRoom | None = None,
    recordings: RobotRoom | None = None,
    cameras: CameraDesk | None = None,
) -> gr.Blocks:
    """The page with its tabs; those whose part is missing are left out."""
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, fill_width=True,
        delete_cache=(CACHE_SECONDS, CACHE_SECONDS),
    ) as app:  # fmt: skip
        gr.HTML(TITLE, elem_id="brand", apply_default_css=False, js_on_load=None)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Live"):
                build_live(catalogue, hub)
            if lab is not None:
                with gr.Tab("Robustness"):
                    build_robustness(catalogue, lab)
            if recordings is not None:
                with gr.Tab("Your robot"), gr.Tabs(elem_id="robot-tabs"):
                    with gr.Tab("Recording"):
                        build_robot(catalogue, recordings)
                    if cameras is not None:
                        with gr.Tab("Live stream"):
                            build_live_stream(catalogue.policies, cameras)
            if blind is not None:
                with gr.Tab("Blind A/B"):
                    build_blind(catalogue, blind)
            with gr.Tab("Report & API"):
                build_api(catalogue)

        def leave(request: gr.Request) -> None:
            hub.leave(request.session_hash)
            if cameras is not None:
                cameras.leave(request.session_hash)

        app.unload(leave)
    app.queue(max_size=QUEUE_SIZE, default_concurrency_limit=None, api_open=False)
    return app


def launch_arguments(**overrides: Any) -> dict[str, Any]:
    """Keyword arguments of ``Blocks.launch``; ``overrides`` win."""
    return {
        "theme": theme(),
        "css_paths": [*STYLES, ROBUSTNESS_STYLE, ROBOT_STYLE, BLIND_STYLE],
        "ssr_mode": False,
        "max_threads": 80,
        "max_file_size": UPLOAD_BYTES,
        "show_error": False,
        "footer_links": [],
        "mcp_server": has_mcp(),
        **overrides,
    }


def launch(host: str = "127.0.0.1", port: int | None = None, **overrides: Any) -> None:
    """Open the app and serve until interrupted.

    Args:
        host: Address to listen on.
        port: Port; ``None`` takes Gradio's default or the next free one.
        overrides: Further arguments of ``Blocks.launch``.
    """
    use_few_arenas()
    catalogue = shipped()
    threading.Thread(target=warm_up, args=[catalogue], name="warm-up", daemon=True).start()
    hub = open_hub(catalogue)
    lab, blind, recordings, cameras = open_lab(), open_room(catalogue), RobotRoom(open_brain), open_desk(catalogue)
    allowed = [str(recordings.root)]  # downloads, under names that cannot be guessed
    arguments = launch_arguments(server_name=host, server_port=port, allowed_paths=allowed, **overrides)
    try:
        app = build_app(catalogue, hub, lab=lab, blind=blind, recordings=recordings, cameras=cameras)
        app.launch(**arguments)
    finally:
        for room in (hub, lab, blind, recordings, cameras):
            if room is not None:
                room.close()
