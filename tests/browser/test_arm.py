"""The Arm tab over a bridge in this process."""

import os
import threading
from contextlib import suppress

import numpy as np
import pytest

from bridge.arm import Arm
from bridge.driver import CameraFrame, Reading
from bridge.server import ArmServer
from tests.browser.conftest import eventually
from tests.fakes.arm import Gantry
from wam_demo.robots.arm.client import ArmAddress, ArmClient
from wam_demo.robots.arm.process import BridgeProcess
from wam_demo.ui.arm.session import ArmSession

PlaywrightTimeout = pytest.importorskip("playwright.sync_api").TimeoutError
pytestmark = pytest.mark.browser
TOKEN = "0123456789abcdef"


class Seen(Gantry):
    """A gantry whose camera shows a gradient."""

    def read(self, now):
        reading = super().read(now)
        picture = np.zeros((64, 64, 3), np.uint8)
        picture[..., 0] = np.arange(64) * 4
        return Reading(reading.positions, reading.load, {"front": CameraFrame(picture, now)})


def shots(page, name):
    """Pictures for whoever asks for them."""
    if folder := os.environ.get("SHOTS"):
        for kind, size in {"wide": (1920, 1080), "laptop": (1280, 720), "phone": (390, 844)}.items():
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.wait_for_timeout(600)
            page.screenshot(path=f"{folder}/{name}-{kind}.png")
        page.set_viewport_size({"width": 1280, "height": 720})


@pytest.fixture
def arm(tmp_path):
    ending = threading.Event()
    driven = Arm(Seen(("front",)))
    thread = threading.Thread(target=driven.run, args=[ending.is_set])
    thread.start()
    with ArmServer(driven, TOKEN) as server:
        session = ArmSession(ArmAddress(server.url, TOKEN), lambda policy, source: None, tmp_path)
        yield driven, session
        session.close()
        ending.set()
        thread.join(5)


def test_the_list_passes_and_escape_stops_the_arm(arm, serve, visit):
    driven, session = arm
    page = visit(serve(arm=session))
    page.get_by_role("tab", name="Arm").click()
    page.wait_for_selector(".arm-list li", timeout=20_000)
    assert page.locator('.arm-list li[data-ok="false"]').count() == 0
    assert page.locator(".arm-list li").count() == 7
    page.wait_for_function("document.querySelector('#arm-page img').src.startsWith('data:image/jpeg')", timeout=20_000)
    shots(page, "arm")
    page.keyboard.press("Escape")
    page.wait_for_function("document.querySelector('.arm-state').textContent === 'STOPPED'", timeout=20_000)
    assert driven.status().stopped
    page.locator('[data-do="release_stop"]').click()
    page.wait_for_function("document.querySelector('.arm-state').textContent === 'connected'", timeout=20_000)
    assert not driven.status().stopped


def test_there_is_no_tab_without_an_arm(serve, visit):
    page = visit(serve())
    assert page.get_by_role("tab", name="Arm").count() == 0


@pytest.fixture
def panda(tmp_path):
    """A simulated arm behind its own bridge process."""
    with BridgeProcess("panda-sim", {"camera_hz": 5}, log=tmp_path / "arm.log") as bridge:
        session = ArmSession(bridge.address, lambda policy, source: None, tmp_path / "trials")
        yield session
        session.close()


def ask(arm, kind):
    """A watcher of its own for each question: one that idles on a busy machine is taken for gone."""
    with ArmClient.connect(arm.address) as client:
        return client.ask(kind, 5.0)


def height(arm) -> float:
    return float(ask(arm, "observe")["state"][2])


def test_a_person_drives_the_arm_from_the_live_page_and_stops_it(panda, serve, visit, tmp_path):
    page = visit(serve(arm=panda, recordings=tmp_path / "sets"))
    status = "document.querySelector('.wam').live.status"
    assert page.locator(".transport .stop").is_hidden()
    page.locator('[data-set="task"]').select_option(label="Your arm, full speed")
    page.wait_for_function(f"{status}.real && {status}.state === 'paused'", timeout=30_000)
    assert ask(panda, "status")["status"]["holder"] == "Live page"
    page.keyboard.press("g")
    page.locator(".drive-body").wait_for()
    start = height(panda)
    for _ in range(20):  # a stream that a busy machine stalls is halted by the gate; a person presses again
        page.keyboard.down("r")
        with suppress(PlaywrightTimeout):
            page.wait_for_function(f"{status}.state === 'running'", timeout=5_000)
            page.wait_for_function(f"{status}.state === 'paused'", timeout=1_000)
        page.keyboard.up("r")
        if height(panda) > start + 0.03:
            break
    assert height(panda) > start + 0.03
    assert page.evaluate(f"{status}.drive.mine")
    shots(page, "arm-live")
    page.keyboard.press("Escape")
    eventually(lambda: ask(panda, "status")["status"]["stopped"], 20)
    page.wait_for_function(f"{status}.state === 'paused'", timeout=20_000)
    rest = height(panda)
    page.keyboard.down("r")
    page.wait_for_function("document.querySelector('#wam-status').textContent.includes('release it first')")
    page.keyboard.up("r")
    assert height(panda) == pytest.approx(rest, abs=2e-3)
