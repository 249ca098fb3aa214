"""A family that the package has never heard of, in Chromium: its panels appear wherever policies are shown."""

from dataclasses import replace

import numpy as np
import pytest

from tests.browser.conftest import ENDLESS
from tests.fakes import brain, gated_family
from tests.fakes.world import FakeWorld
from wam_demo.robots.capture import CameraRack
from wam_demo.ui.app import build_app, launch_arguments, open_hub
from wam_demo.ui.robot.camera_sessions import CameraSessions
from wam_demo.ui.robot.policies import open_policy
from wam_demo.ui.robot.upload_sessions import UploadSessions
from wam_demo.ui.shared.catalogue import open_planner

pytestmark = pytest.mark.browser

PATIENCE = 60_000
PICTURE = """(title) => {
  const canvas = [...document.querySelectorAll('.extras .view')].filter((view) => view.offsetParent)
    .find((view) => view.dataset.view === `panel.${title}`)?.querySelector('canvas.main');
  const data = canvas?.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return data ? data.reduce((sum, value, i) => (i % 4 === 3 ? sum : sum + value), 0) : 0;
}"""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The app with the drawn world, where the family is offered because it is registered, and its shipped loaders."""
    chosen = brain.catalogue(ENDLESS)
    backend = replace(chosen.backend, open_planner=lambda policy, source: open_planner(policy))
    offered = replace(chosen, policies={"gated": gated_family.GATED}, backend=backend)
    hub = open_hub(offered)
    recordings = UploadSessions(open_policy, root=tmp_path_factory.mktemp("recordings"))
    rack = CameraRack({}, lambda address: None)
    cameras = CameraSessions(open_planner, offered.policies, rack, state=np.zeros(17, np.float32))
    app = build_app(offered, hub, recordings=recordings, cameras=cameras)
    arguments = {"prevent_thread_lock": True, "quiet": True, "server_name": "127.0.0.1"}
    _, address, _ = app.launch(**launch_arguments(**arguments))
    yield address
    hub.close()
    app.close(verbose=False)
    cameras.close()
    recordings.close()


@pytest.fixture
def page(browser, url, monkeypatch):
    monkeypatch.setattr(FakeWorld, "success_after", ENDLESS)
    context, errors = browser.new_context(viewport={"width": 1280, "height": 720}, permissions=["camera"]), []
    opened = context.new_page()
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(url)
    yield opened
    context.close()
    assert errors == []


def every_panel_is_there(page, within: str, chart: str) -> None:
    """Pictures, overlay, numbers, named lines and the band, in the part of the page that is seen."""
    part = page.locator(within)
    for title in (gated_family.SHADOWS, gated_family.ABOVE, gated_family.INTEREST):
        part.locator(f'.extras [data-view="panel.{title}"]').wait_for(timeout=PATIENCE)
        page.wait_for_function(f"({PICTURE})({title!r}) > 0", timeout=PATIENCE)
    numbers = part.locator(f'.extras .scalars[aria-label="{gated_family.NUMBERS}"]')
    assert "reach [m]" in numbers.inner_text()
    assert "0.16" in numbers.inner_text()
    band = part.locator(".bands .band").first
    band.wait_for(timeout=PATIENCE)
    assert [band.locator(name).inner_text() for name in ("h3", ".low", ".high")] == ["Gate", "reach", "grasp"]
    assert band.locator("rect").count() >= 1
    for index, name in enumerate(("reach", "grasp")):
        assert part.locator(f".legend .chunk.c{index}").inner_text() == name
        assert part.locator(f'[data-plot="{chart}"] path.chunk.c{index}').count() == 3  # x, y, z


def test_live(page):
    every_panel_is_there(page, "#live", "action")
    page.locator('#live [data-view="panel.Shadows"] .second').click()  # its wrist picture, now the large one
    page.wait_for_function(f"({PICTURE})('Shadows') > 0")
    assert page.evaluate("document.querySelector('.wam').live.status.policy") == "gated"


def test_a_recording(page):
    page.get_by_role("tab", name="Your robot").click()
    page.get_by_role("button", name="Try the example").click()
    page.locator(".robot .found").wait_for(timeout=PATIENCE)
    page.locator(".robot [data-field=stop]").fill("1")
    page.get_by_role("button", name="Open episode").click()
    page.wait_for_function("document.querySelector('.robot').player.stage === 'ready'", timeout=PATIENCE)
    page.wait_for_function("document.querySelector('.robot').player.shown", timeout=PATIENCE)
    every_panel_is_there(page, "#robot", "path")
    assert page.locator(".robot .labelling").count() == 0  # no policy here can label


def test_a_live_stream(page):
    page.get_by_role("tab", name="Your robot").click()
    page.get_by_role("tab", name="Live stream").click()
    page.evaluate("""() => {
        const picture = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
        const at = picture.getContext('2d');
        const draw = () => { at.fillStyle = `hsl(${performance.now() % 360} 60% 50%)`; at.fillRect(0, 0, 320, 240); };
        draw(); setInterval(draw, 50);
        navigator.mediaDevices.getUserMedia = async () => picture.captureStream(20);
    }""")
    page.locator("#camera-stream [data-do=toggle]").click()
    page.wait_for_function("document.querySelector('.cam').cam.status?.number > 1", timeout=PATIENCE)
    every_panel_is_there(page, "#camera-stream", "plan")
