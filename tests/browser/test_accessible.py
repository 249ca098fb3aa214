"""Contrast, names, roles and keyboard on every tab, by axe-core in the page: no serious finding, light or dark."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.browser.conftest import ENDLESS
from tests.browser.test_arm import arm  # noqa: F401
from tests.fakes import recordings
from tests.fakes.blind import match, video
from tests.fakes.brain import STEER, catalogue, imagine, plan, planner
from tests.fakes.filmed import catalogue as evaluation_catalogue
from tests.fakes.filmed import open_filmed
from tests.fakes.shelf import shelf
from tests.fakes.world import FakeWorld
from wam_demo.evaluate.blind.votes import VoteStore
from wam_demo.robots.capture import CameraRack
from wam_demo.ui.app import build_app, launch_arguments, open_hub
from wam_demo.ui.blind.matches import BlindMatches
from wam_demo.ui.data.folders import RecordingFolders
from wam_demo.ui.robot.camera_sessions import CameraSessions
from wam_demo.ui.robot.upload_sessions import UploadSessions
from wam_demo.ui.robustness.lab import Lab

pytestmark = pytest.mark.browser

PATIENCE = 180_000
SIGHT = ".wam"
FINDINGS = """async (scope) => (await axe.run(
    [...document.querySelectorAll(scope)].filter((node) => node.offsetParent),
    { resultTypes: ['violations'] })).violations
  .filter(({ impact }) => ['serious', 'critical'].includes(impact))
  .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 140)} ${node.any[0]?.message || ''}`))"""


@pytest.fixture
def findings():
    """Load axe into a page, then ask what it finds below a selector."""
    axe = Path(pytest.importorskip("axe_playwright_python").__file__).with_name("axe.min.js")

    def find(page, scope):
        if not page.evaluate("Boolean(window.axe)"):
            page.add_script_tag(path=str(axe))
        return page.evaluate(FINDINGS, scope)

    return find


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_has_no_serious_finding(serve, visit, findings, scheme, width):
    page = visit(serve(), width, 844, scheme=scheme)
    page.wait_for_function("document.querySelector('.wam').live.status.strip.errors[4]", timeout=20_000)
    page.keyboard.press("Space")
    assert findings(page, SIGHT) == []


@pytest.fixture
def everything(monkeypatch, tmp_path, arm):  # noqa: F811
    """The address of an app with every tab, a recorded dataset, a match to vote on and a connected arm."""
    monkeypatch.setattr(FakeWorld, "success_after", ENDLESS)
    folders = RecordingFolders(tmp_path / "recordings", public=False)
    shelf(folders.root / "shelf")
    lab = Lab(tmp_path / "runs", open_filmed())
    clip = video(tmp_path / "clip.mp4", seconds=2.0)
    room = BlindMatches(lambda number: match(number, clip), VoteStore(tmp_path / "votes.sqlite3"))
    cameras = CameraSessions(lambda policy: planner(), {"steer": STEER}, CameraRack({}), state=np.zeros(17, np.float32))
    sessions = UploadSessions(lambda policy: (plan_all, imagine_all), root=tmp_path / "sessions")
    shown, session = evaluation_catalogue(), arm[1]
    hub = open_hub(replace(catalogue(ENDLESS), backend=shown.backend), arm=session, folders=folders)
    parts = {"lab": lab, "blind": room, "recordings": sessions, "cameras": cameras, "folders": folders, "arm": session}
    blocks = build_app(shown, hub, own_machine=True, **parts)
    _, url, _ = blocks.launch(**launch_arguments(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1"))
    yield url
    for part in (hub, lab, room, cameras, sessions):
        part.close()
    blocks.close(verbose=False)


def plan_all(observations):
    return [plan(o) for o in observations]


def imagine_all(observations):
    return [imagine(o)[0] for o in observations]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_no_serious_finding_on_any_tab(everything, browser, findings, scheme, tmp_path):
    context = browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    found = {}

    def check(name):
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            page.wait_for_timeout(300)
            found[f"{name} at {width}"] = findings(page, SIGHT)
        page.set_viewport_size({"width": 1280, "height": 720})

    def tab(name):
        page.get_by_role("tab", name=name, exact=True).click()

    page.goto(everything)
    page.wait_for_function("document.querySelector('.wam')?.live?.drawn > 3", timeout=PATIENCE)
    tab("Robustness")
    _run_a_grid(page)
    check("Robustness")
    tab("Your robot")
    page.locator(".robot .drop").wait_for()
    check("Your robot, nothing brought")
    page.locator(".robot .drop input").set_input_files(str(recordings.robomimic(tmp_path / "mine.hdf5")))
    page.wait_for_function("document.querySelectorAll('.episodes .thumb img').length === 2", timeout=PATIENCE)
    page.locator('[data-text="tool"]', has_text="The policy reads").wait_for(timeout=PATIENCE)
    page.locator(".what summary").click()
    check("Your robot, the mapping")
    page.get_by_role("button", name="Open episode").click()
    page.wait_for_function("document.querySelector('.robot').player.stage === 'ready'", timeout=PATIENCE)
    page.locator(".robot .domain").wait_for()
    check("Your robot, an episode")
    tab("Live stream")
    page.locator("#camera-stream [data-do=toggle]").wait_for()
    check("Live stream")
    tab("Data")
    page.wait_for_function("document.querySelector('.wam.data')?.data.draft?.episodes.length === 3", timeout=PATIENCE)
    check("Data")
    tab("Arm")
    page.wait_for_selector(".arm-list li", timeout=PATIENCE)
    check("Arm")
    tab("Blind A/B")
    page.wait_for_function("document.querySelector('.blindtab').dataset.state === 'voting'", timeout=PATIENCE)
    check("Blind A/B")
    tab("Report & API")
    page.get_by_label("Server on this machine").press("Enter")  # the keyboard alone starts the test
    page.locator(".connection .answer.warn", has_text="no policy server").wait_for(timeout=PATIENCE)
    check("Report & API")
    context.close()
    assert {name: broken for name, broken in found.items() if broken} == {}
    assert len(found) == 2 * 9


def _run_a_grid(page):
    page.locator('.setup input[name="episodes"]').fill("1")
    page.wait_for_function("document.querySelector('.estimate').textContent.includes('episodes')", timeout=PATIENCE)
    page.get_by_role("button", name="Start").click()
    page.wait_for_function("document.querySelector('.labtab').dataset.state === 'done'", timeout=PATIENCE)
