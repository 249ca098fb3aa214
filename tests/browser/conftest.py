"""A real Chromium, and the app over the drawn world in this process."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from tests.fakes.brain import catalogue
from tests.fakes.filmed import catalogue as evaluation_catalogue
from tests.fakes.world import FakeWorld
from wam_demo.ui.app import build_app, launch_arguments, open_hub, web_pages
from wam_demo.ui.challenge.board import Board
from wam_demo.ui.challenge.challenge import Challenge
from wam_demo.ui.challenge.scene import Scenes
from wam_demo.ui.live.hub import Hub
from wam_demo.ui.share.store import ShareStore
from wam_demo.ui.share.tab import Sharing

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")

ENDLESS = 100_000


@dataclass
class Served:
    """A running app."""

    url: str
    hub: Hub


def eventually(holds: Callable[[], bool], timeout: float = 20.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """A browser for one file: while it is open, no other test of this process may run an event loop."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def serve(monkeypatch, tmp_path) -> Iterator[Callable[..., Served]]:
    """Start the app with an endless episode, or one of ``horizon`` steps; keyword arguments are those of `open_hub`.

    ``lab``, ``room`` and ``arm`` add their tabs; ``evaluated`` offers names that the evaluation knows;
    ``recordings`` is the folder that can be recorded into; ``challenged`` holds the challenge, on seed 5;
    ``own_machine`` is that of `build_app`.
    """
    running = []
    monkeypatch.setattr(FakeWorld, "success_after", ENDLESS)

    def start(
        lab=None, room=None, evaluated=False, recordings=None, arm=None, horizon=ENDLESS, challenged=False,
        own_machine=False, **limits,
    ) -> Served:  # fmt: skip
        chosen = catalogue(horizon, recordings)
        sharing = Sharing(chosen, ShareStore(tmp_path / "shares.sqlite3"))
        scenes = Scenes("reach", ["steer"], [5])
        challenge = Challenge(scenes, Board(tmp_path / "shares.sqlite3")) if challenged else None
        shown = evaluation_catalogue() if evaluated else chosen
        given = {"sharing": sharing, "challenge": challenge, "arm": arm}
        hub = open_hub(replace(chosen, backend=shown.backend), **given, **limits)
        app = build_app(shown, hub, lab=lab, blind=room, own_machine=own_machine, **given)
        pages = web_pages(sharing.store)
        arguments = launch_arguments(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **pages)
        _, url, _ = app.launch(**arguments)
        running.append((app, hub))
        return Served(url, hub)

    yield start
    for app, hub in running:
        hub.close()
        app.close(verbose=False)
    eventually(lambda: not FakeWorld.opened)


@pytest.fixture
def visit(browser) -> Iterator[Callable]:
    """Open a page of its own browser context and wait until it draws."""
    contexts, errors = [], []

    def open_page(
        served: Served, width: int = 1280, height: int = 720, scheme: str = "dark", clock: bool = False, address=""
    ):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        if clock:
            page.clock.install()
        page.goto(served.url + address)
        page.wait_for_function("document.querySelector('.wam')?.live?.drawn > 3", timeout=20_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
