"""The Arm tab over a bridge in this process."""

import os
import threading

import numpy as np
import pytest

from bridge.arm import Arm
from bridge.driver import CameraFrame, Reading
from bridge.server import ArmServer
from tests.fakes.arm import Gantry
from wam_demo.robots.arm.client import ArmAddress
from wam_demo.ui.arm.session import ArmSession

pytestmark = pytest.mark.browser
TOKEN = "0123456789abcdef"


class Seen(Gantry):
    """A gantry whose camera shows a gradient."""

    def read(self, now):
        reading = super().read(now)
        picture = np.zeros((64, 64, 3), np.uint8)
        picture[..., 0] = np.arange(64) * 4
        return Reading(reading.positions, reading.load, {"front": CameraFrame(picture, now)})


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
    assert page.locator(".arm-list li").count() == 6
    page.wait_for_function("document.querySelector('#arm-page img').src.startsWith('data:image/jpeg')", timeout=20_000)
    if folder := os.environ.get("SHOTS"):
        for name, size in {"wide": (1920, 1080), "laptop": (1280, 720), "phone": (390, 844)}.items():
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.wait_for_timeout(600)
            page.screenshot(path=f"{folder}/arm-{name}.png")
    page.keyboard.press("Escape")
    page.wait_for_function("document.querySelector('.arm-state').textContent === 'STOPPED'", timeout=20_000)
    assert driven.status().stopped
    page.locator('[data-do="release_stop"]').click()
    page.wait_for_function("document.querySelector('.arm-state').textContent === 'connected'", timeout=20_000)
    assert not driven.status().stopped


def test_there_is_no_tab_without_an_arm(serve, visit):
    page = visit(serve())
    assert page.get_by_role("tab", name="Arm").count() == 0
