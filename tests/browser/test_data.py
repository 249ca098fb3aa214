"""The tab Data in Chromium: look through, trim, undo, relabel, save, take along, and teach a policy."""

import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import tuner
from tests.fakes.brain import STEER, catalogue, imagine, plan
from tests.fakes.shelf import shelf
from wam_demo.data.lerobot import Dataset
from wam_demo.policies.registry import policy_specs, unregister
from wam_demo.policies.tuned import register_tuned
from wam_demo.ui.app import build_app, launch_arguments, open_hub, web_pages
from wam_demo.ui.data.folders import RecordingFolders
from wam_demo.ui.data.teaching import Teaching
from wam_demo.ui.robot.upload_sessions import UploadSessions
from wam_demo.ui.share.store import ShareStore
from wam_demo.ui.shared.catalogue import Offer

pytestmark = pytest.mark.browser
DATA = "document.querySelector('.wam.data')?.data"
PLAYER = "document.querySelector('.wam.data').player"
WIDTH = "document.documentElement.scrollWidth"
PATIENCE = 60_000


def brain(policy):
    return (lambda observations: [plan(o) for o in observations]), (
        lambda observations: [imagine(o)[0] for o in observations]
    )


@pytest.fixture
def offered():
    """The drawn world's policies, of which one can learn, and those that were taught."""
    chosen = catalogue()
    own = [replace(STEER, weights=Path("steer")), chosen.policies["hold"]]
    return replace(chosen, policies=Offer(lambda: [*own, *(spec for spec in policy_specs() if spec.parent)]))


@pytest.fixture
def app(tmp_path, offered):
    folders = RecordingFolders(tmp_path / "recordings", public=False)
    folders.root.mkdir()
    sessions = UploadSessions(brain, root=tmp_path / "sessions")
    command = (sys.executable, "-m", tuner.__name__, str(tmp_path / "policies"))
    teaching = Teaching(tmp_path / "runs", command, lambda: register_tuned(tmp_path / "policies"))
    hub = open_hub(offered, folders=folders)
    blocks = build_app(offered, hub, recordings=sessions, folders=folders, teaching=teaching)
    pages = web_pages(ShareStore(tmp_path / "shares.sqlite3"))
    arguments = {"prevent_thread_lock": True, "quiet": True, "server_name": "127.0.0.1", **pages}
    _, url, _ = blocks.launch(**launch_arguments(**arguments, allowed_paths=[str(sessions.root)]))
    yield url, folders.root
    hub.close()
    blocks.close(verbose=False)
    sessions.close()
    teaching.close()
    if any(spec.name == "ruby-red" for spec in policy_specs()):
        unregister("ruby-red")


@pytest.fixture
def open_tab(app, browser):
    contexts, errors = [], []

    def start(width: int = 1280, height: int = 720):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark"))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(app[0] + "#tab=data")
        page.wait_for_function(f"{DATA}?.sets", timeout=PATIENCE)
        return page

    yield start
    for context in contexts:
        context.close()
    assert errors == []


def said(page, words: str) -> None:
    page.locator(".data .status", has_text=words).wait_for(timeout=PATIENCE)


def test_episodes_are_curated_and_taught_to_a_policy(app, open_tab, tmp_path):
    root = app[1]
    page = open_tab()
    page.locator(".data .empty", has_text="Nothing was recorded yet").wait_for()
    shelf(root / "ruby")  # recorded meanwhile
    page.wait_for_function(f"{DATA}.draft?.episodes.length === 3", timeout=PATIENCE)
    page.wait_for_function(f"[...{DATA}.pictures.values()].every((ends) => ends.last)")
    assert "nothing moves in the first" in page.locator(".data .card").nth(1).inner_text()
    assert page.evaluate(WIDTH) <= 1280
    _trim_in_the_player(page)
    _change_and_save(page, root)
    _take_along(page, tmp_path)
    _teach(page)


def _trim_in_the_player(page):
    page.get_by_role("button", name="Watch episode 1").click()
    page.wait_for_function(f"{PLAYER}.stage === 'ready' && {PLAYER}.shown !== null", timeout=PATIENCE)
    assert "idle head" in page.locator(".data .reasons").inner_text()
    assert page.locator(".data .player .absent:visible").count() == 0  # the same strip, with all its views
    page.locator(".data").get_by_role("slider", name="Place in the episode").fill("18")
    page.wait_for_function(f"{PLAYER}.shown.step === 18")
    page.get_by_role("button", name="Keep from here").click()
    assert page.locator('.data [data-text="kept"]').inner_text() == "keeps 1.8 – 2.4 s"
    page.get_by_role("button", name="Trim").click()
    page.wait_for_function(f"{DATA}.draft.changes === 1 && {DATA}.draft.episodes[1].frames === 6")
    assert page.locator(".data .flag").count() == 0


def _change_and_save(page, root):
    page.locator(".data").get_by_role("button", name="Failures").click()
    page.wait_for_function("document.querySelectorAll('.data .card').length === 1")
    page.get_by_role("button", name="All shown").click()
    page.locator(".data .chosen").get_by_role("button", name="Delete").click()
    page.wait_for_function(f"{DATA}.draft.episodes.length === 2")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"{DATA}.draft.episodes.length === 3")
    page.get_by_role("button", name="All shown").click()
    page.locator(".data .chosen").get_by_role("button", name="Success").click()
    page.locator(".data #data-said").fill("lift the ruby cube")
    page.get_by_role("button", name="Relabel").click()
    page.wait_for_function(f"{DATA}.draft.changes === 3")
    assert Dataset(root / "ruby").num_frames == 82  # nothing was written
    page.locator(".data .unsaved").get_by_role("button", name="Save").click()
    said(page, "ruby is saved")
    saved = Dataset(root / "ruby")
    assert (saved.num_frames, saved.tasks[-1]) == (64, "lift the ruby cube")
    assert saved.episodes(["success"]).to_pylist()[2] == {"success": True}


def _take_along(page, tmp_path):
    page.locator(".data .hand summary").click()
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.get_by_role("button", name="Download zip").click()
    waiting.value.save_as(tmp_path / "ruby.zip")
    with zipfile.ZipFile(tmp_path / "ruby.zip") as archive:
        assert "ruby/meta/info.json" in archive.namelist()


def _teach(page):
    page.locator(".data .teach summary").click()
    page.locator('.data [data-teach="as"]').fill("Ruby Red")
    page.get_by_role("button", name="Teach", exact=True).click()
    said(page, "cannot be called")
    page.locator('.data [data-teach="as"]').fill("ruby-red")
    page.get_by_role("button", name="Teach", exact=True).click()
    page.locator(".data .lesson", has_text="loss").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Stop and keep").click()
    said(page, "has learnt")
    assert "8.0 → 2.0 cm" in page.locator(".data .lesson").inner_text()
    assert "ruby-red (from steer)" in page.locator("#live [data-set=policy]").evaluate("(list) => list.textContent")
    page.get_by_role("tab", name="Your robot").click()
    page.locator("#robot [data-field=policy]").wait_for(state="attached")
    assert "ruby-red (from steer)" in page.locator("#robot [data-field=policy]").evaluate("(list) => list.textContent")
    page.get_by_role("tab", name="Data", exact=True).click()
    page.wait_for_function("location.hash.includes('tab=data')")  # so that it opens there again
    page.reload()  # the server has not been started anew
    page.wait_for_function(
        "document.querySelector('#live [data-set=policy]')?.textContent.includes('ruby-red')", timeout=PATIENCE
    )
    page.wait_for_function(f"{DATA}.draft?.name === 'ruby'", timeout=PATIENCE)


def test_it_stacks_on_a_phone(app, open_tab):
    shelf(app[1] / "ruby", (6, 5))
    page = open_tab(390, 844)
    page.locator(".data .card").nth(1).wait_for(timeout=PATIENCE)
    page.get_by_role("checkbox", name="Select episode 0").check()
    page.locator(".data .chosen").get_by_role("button", name="Failure").click()
    page.locator(".data .unsaved").wait_for()
    assert page.evaluate(WIDTH) <= 390
    page.get_by_role("button", name="Watch episode 0").click()
    page.wait_for_function(f"{PLAYER}.shown !== null", timeout=PATIENCE)
    assert page.evaluate(WIDTH) <= 390
