"""The live stream in Chromium with its fake camera, mounted alone in a small app."""

import os
import shutil
import threading

import gradio as gr
import numpy as np
import pytest

from tests.browser.conftest import FLAGS, eventually
from tests.fakes import brain
from tests.robots.test_camera import FakeCapture
from wam_demo.robots.capture import CameraRack
from wam_demo.ui.app import launch_arguments
from wam_demo.ui.robot.camera_sessions import CameraSessions
from wam_demo.ui.robot.stream import build_live_stream

pytestmark = pytest.mark.browser

FAKE_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
DRAWN = "document.querySelector('.cam')?.cam?.status?.number > 2"


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=[*FLAGS, *FAKE_CAMERA])
        yield opened
        opened.close()


@pytest.fixture
def sessions():
    rack = CameraRack({"bench": 0}, lambda address: FakeCapture(100_000))
    opened = CameraSessions(
        lambda policy: brain.planner(), {"steer": brain.STEER}, rack, state=np.zeros(17, np.float32)
    )
    yield opened
    opened.close()
    assert not [t for t in threading.enumerate() if t.name in ("watching", "camera")]


@pytest.fixture
def url(sessions):
    with gr.Blocks(analytics_enabled=False, fill_width=True) as app:
        gr.HTML("Foresight Bench", elem_id="brand", apply_default_css=False, js_on_load=None)
        with gr.Tabs(elem_id="tabs"), gr.Tab("Your robot"):
            build_live_stream(sessions)
    app.queue(default_concurrency_limit=None, api_open=False)
    _, address, _ = app.launch(**launch_arguments(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1"))
    yield address
    app.close(verbose=False)


@pytest.fixture
def visit(chromium, url):
    contexts, errors = [], []

    def open_page(width=1280, height=720, scheme="dark", allowed=True):
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        if not allowed:
            refuse = "Promise.reject(new DOMException('no', 'NotAllowedError'))"
            page.add_init_script(f"navigator.mediaDevices.getUserMedia = () => {refuse}")
        page.goto(url)
        page.wait_for_selector(".cam [data-do=toggle]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def line(page):
    return page.inner_text(".cam .line")


def keep(page, name):
    """Keep a picture for people to look at, if they said where."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def test_the_camera_of_the_page_is_watched_and_a_stop_is_said(visit, sessions):
    page = visit()
    keep(page, "camera-idle")
    page.click(".cam [data-do=toggle]")
    page.wait_for_function(DRAWN, timeout=20_000)
    page.wait_for_function("document.querySelector('.cam').cam.tiles.has('error.4.front')", timeout=20_000)
    assert line(page) == "watching; nothing moves"
    assert float(page.inner_text('.cam [data-badge="rate"] b')) > 1
    keep(page, "camera-live")
    page.evaluate("document.querySelector('.cam').cam.media.getTracks().forEach((track) => track.stop())")
    page.wait_for_function("document.querySelector('.cam .line').textContent.includes('has stopped')", timeout=3000)
    assert page.get_attribute(".cam", "data-state") == "stale"
    keep(page, "camera-stale")
    page.click(".cam [data-do=toggle]")
    eventually(lambda: sessions.live == 0)
    assert line(page) == "stopped"
    page.click(".cam [data-do=toggle]")
    page.wait_for_function(DRAWN, timeout=20_000)


def test_a_stream_that_nobody_sees_stops(visit, sessions):
    page = visit()
    page.click(".cam [data-do=toggle]")
    page.wait_for_function(DRAWN, timeout=20_000)
    page.evaluate("document.querySelector('.cam').parentElement.style.display = 'none'")
    eventually(lambda: sessions.live == 0)
    page.evaluate("document.querySelector('.cam').parentElement.style.display = ''")
    assert "showed something else" in line(page)


def test_an_instruction_reaches_the_policy_while_it_watches(visit, sessions):
    page = visit()
    page.click(".cam [data-do=toggle]")
    page.wait_for_function(DRAWN, timeout=20_000)
    page.fill("#cam-instruction", "stack the cubes")
    page.press("#cam-instruction", "Enter")
    eventually(lambda: "stack the cubes" in {w.watching._source.instruction for w in sessions._sessions.values()})


def test_a_camera_of_the_server_needs_no_permission(visit, sessions):
    page = visit(allowed=False)
    page.click(".cam [data-do=toggle]")
    page.wait_for_function("document.querySelector('.cam .line').textContent.includes('not allowed')")
    assert sessions.live == 0
    page.select_option(".cam [data-choice=camera]", "bench")
    page.click(".cam [data-do=toggle]")
    page.wait_for_function(DRAWN, timeout=20_000)
    assert sessions.live == 1


def test_on_a_phone_nothing_is_cut_off(visit):
    page = visit(390, 844, scheme="light")
    page.click(".cam [data-do=toggle]")
    page.wait_for_function(DRAWN, timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep(page, "camera-phone")


def test_a_page_that_leaves_gives_its_place_back(visit, sessions):
    page = visit()
    page.click(".cam [data-do=toggle]")
    page.wait_for_function(DRAWN, timeout=20_000)
    page.close()
    eventually(lambda: sessions.live == 0, timeout=15)
