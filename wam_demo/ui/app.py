"""The app: tabs, theme, queue and limits."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import gradio as gr

from wam_demo.config import PUBLIC, RECORDINGS, SHARES
from wam_demo.errors import InvalidInputError
from wam_demo.limits import LIVE_SESSIONS, QUEUE_SIZE, SESSION_IDLE_S, UPLOAD_BYTES
from wam_demo.policies.remote.server import LOOPBACK
from wam_demo.runtime import Session, Settings, Watcher
from wam_demo.runtime.memory import use_few_arenas
from wam_demo.ui.api.connection import ConnectionTest
from wam_demo.ui.api.tab import build_api, has_mcp
from wam_demo.ui.arm.live import stop_function, with_arm
from wam_demo.ui.arm.session import ArmSession
from wam_demo.ui.arm.tab import build_arm, open_arm
from wam_demo.ui.blind.matches import BlindMatches
from wam_demo.ui.blind.tab import build_blind, open_matches
from wam_demo.ui.challenge.board import Board
from wam_demo.ui.challenge.challenge import Challenge, challenge_function
from wam_demo.ui.challenge.scene import known_scenes
from wam_demo.ui.data.folders import RecordingFolders
from wam_demo.ui.data.tab import build_data
from wam_demo.ui.data.taught import routes as taught_routes
from wam_demo.ui.data.teaching import Teaching
from wam_demo.ui.live.commands import FIRST_SPEED, wished_settings
from wam_demo.ui.live.hub import Hub
from wam_demo.ui.live.screen import Screen
from wam_demo.ui.live.tab import build_live
from wam_demo.ui.robot.camera_sessions import CameraSessions
from wam_demo.ui.robot.policies import open_policy
from wam_demo.ui.robot.stream import build_live_stream, open_cameras
from wam_demo.ui.robot.tab import build_robot
from wam_demo.ui.robot.upload_sessions import UploadSessions
from wam_demo.ui.robustness.lab import Lab
from wam_demo.ui.robustness.tab import build_robustness, open_lab
from wam_demo.ui.share.pages import SENTENCE, meta, routes
from wam_demo.ui.share.store import ShareStore
from wam_demo.ui.share.tab import Sharing, share_function
from wam_demo.ui.shared.catalogue import Catalogue, shipped, warm_up
from wam_demo.ui.shared.component import STYLES
from wam_demo.ui.shared.theme import theme

TITLE = "Foresight Bench"
CACHE_SECONDS = 3600


def open_hub(
    catalogue: Catalogue,
    capacity: int = LIVE_SESSIONS,
    idle_s: float = SESSION_IDLE_S,
    sharing: Sharing | None = None,
    challenge: Challenge | None = None,
    arm: ArmSession | None = None,
    folders: RecordingFolders | None = None,
) -> Hub:
    """A hub whose sessions start as their page was left, or with the first task and the preferred policy.

    They are recorded for clips, take part in the challenge, record into the folder of their page or that of the
    catalogue, and may choose a connected arm, but none begins with it.
    """
    shown = catalogue if arm is None else with_arm(catalogue, arm.address)
    first = Settings(next(iter(catalogue.tasks)), next(iter(catalogue.policies)), speed=FIRST_SPEED)

    def open_session(screen: Screen, wishes: Mapping[str, Any]) -> Session:
        watchers: list[Watcher] = [screen]
        if sharing is not None:
            recorder = sharing.recorder()
            screen.clip = recorder.name
            watchers.append(recorder)
            if challenge is not None:
                referee = challenge.referee(partial(sharing.keep, recorder=recorder))
                screen.challenge = referee.status
                watchers.append(referee)
        backend = replace(shown.backend, recordings=_recordings_of(wishes, catalogue, folders))
        return Session(wished_settings(wishes, catalogue, first), backend, watchers)

    return Hub(open_session, capacity, idle_s)


def _recordings_of(wishes: Mapping[str, Any], catalogue: Catalogue, folders: RecordingFolders | None) -> Path | None:
    """Where a page records; nowhere if it does not say who it is."""
    if folders is None:
        return catalogue.backend.recordings
    try:
        return folders.of(wishes.get("page"))
    except InvalidInputError:
        return None


def build_app(
    catalogue: Catalogue,
    hub: Hub,
    *,
    lab: Lab | None = None,
    blind: BlindMatches | None = None,
    recordings: UploadSessions | None = None,
    cameras: CameraSessions | None = None,
    sharing: Sharing | None = None,
    challenge: Challenge | None = None,
    arm: ArmSession | None = None,
    folders: RecordingFolders | None = None,
    teaching: Teaching | None = None,
    own_machine: bool = False,
) -> gr.Blocks:
    """The page with its tabs; those whose part is missing are left out.

    ``own_machine`` says that nobody but who sits at this machine sees the page, which may then name its ports.
    """
    functions = [] if sharing is None else [share_function(sharing)]
    functions += [] if challenge is None else [challenge_function(challenge)]
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, fill_width=True,
        delete_cache=(CACHE_SECONDS, CACHE_SECONDS),
    ) as app:  # fmt: skip
        gr.HTML(TITLE, elem_id="brand", apply_default_css=False, js_on_load=None)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Live"):
                if arm is None:
                    build_live(catalogue, hub, functions)
                else:
                    build_live(with_arm(catalogue, arm.address), hub, [*functions, stop_function(arm)])
            if lab is not None:
                with gr.Tab("Robustness"):
                    build_robustness(catalogue, lab)
            if recordings is not None:
                with gr.Tab("Your robot"), gr.Tabs(elem_id="robot-tabs"):
                    with gr.Tab("Recording"):
                        build_robot(catalogue, recordings)
                    if cameras is not None:
                        with gr.Tab("Live stream"):
                            build_live_stream(cameras)
            if folders is not None and recordings is not None:
                with gr.Tab("Data"):
                    build_data(catalogue, folders, recordings, teaching)
            if arm is not None:
                with gr.Tab("Arm"):
                    build_arm(catalogue, arm)
            if blind is not None:
                with gr.Tab("Blind A/B"):
                    build_blind(catalogue, blind)
            with gr.Tab("Report & API"):
                build_api(catalogue, ConnectionTest(own_machine))

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
        "css_paths": list(STYLES),
        "ssr_mode": False,
        "max_threads": 80,
        "max_file_size": UPLOAD_BYTES,
        "show_error": False,
        "footer_links": [],
        "mcp_server": has_mcp(),
        **overrides,
    }


def web_pages(store: ShareStore) -> dict[str, Any]:
    """Arguments of ``Blocks.launch`` for what messengers read: previews of the app and of shared attempts."""
    host = os.environ.get("SPACE_HOST")  # an address that a preview's reader can complete by itself elsewhere
    picture = f"https://{host}/share/preview.png" if host else "share/preview.png"
    return {
        "head": meta(TITLE, SENTENCE, picture, TITLE),
        "app_kwargs": {"routes": [*routes(store, TITLE), *taught_routes()]},
    }


def launch(host: str = "127.0.0.1", port: int | None = None, **overrides: Any) -> None:
    """Open the app and serve until interrupted or terminated; nothing of a visitor stays behind.

    Args:
        host: Address to listen on.
        port: Port; ``None`` takes Gradio's default or the next free one.
        overrides: Further arguments of ``Blocks.launch``.
    """
    use_few_arenas()
    catalogue = shipped()
    sharing = Sharing(catalogue, ShareStore(SHARES))
    scenes = known_scenes()
    challenge = None if scenes is None else Challenge(scenes, Board(SHARES))
    threading.Thread(target=warm_up, args=[catalogue], name="warm-up", daemon=True).start()
    with _terminable(), ExitStack() as opened:
        arm = open_arm()
        if arm is not None:
            opened.enter_context(closing(arm))
        folders = opened.enter_context(closing(open_folders()))
        teaching = None if PUBLIC else opened.enter_context(closing(Teaching()))
        hub = opened.enter_context(
            closing(open_hub(catalogue, sharing=sharing, challenge=challenge, arm=arm, folders=folders))
        )
        lab = opened.enter_context(closing(open_lab()))
        blind = open_matches(catalogue)
        if blind is not None:
            opened.enter_context(closing(blind))
        cameras = opened.enter_context(closing(open_cameras(catalogue)))
        recordings = opened.enter_context(closing(UploadSessions(open_policy)))  # the last one is closed first
        app = build_app(
            catalogue,
            hub,
            lab=lab,
            blind=blind,
            recordings=recordings,
            cameras=cameras,
            sharing=sharing,
            challenge=challenge,
            arm=arm,
            folders=folders,
            teaching=teaching,
            own_machine=host in LOOPBACK and not PUBLIC,
        )
        allowed = [str(recordings.root)]  # downloads, under names that cannot be guessed
        arguments = {**web_pages(sharing.store), "allowed_paths": allowed, **overrides}
        app.launch(**launch_arguments(server_name=host, server_port=port, **arguments))


def open_folders() -> RecordingFolders:
    """Where recordings lie here: strangers' in a folder that goes with the app."""
    return RecordingFolders(Path(tempfile.mkdtemp(prefix="wam-demo-recorded-")) if PUBLIC else RECORDINGS, PUBLIC)


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends the app as Ctrl-C does, which Gradio takes for the end of its serving."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:  # it came before Gradio served
        return
    finally:
        signal.signal(signal.SIGTERM, before)
