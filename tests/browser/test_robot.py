"""The tab "Your robot" in Chromium: bring a recording, map it, scrub, disturb, download."""

import csv
import io
import json
import re
import shutil
import zipfile

import pytest

from tests.browser.conftest import eventually
from tests.fakes import recordings
from tests.fakes.brain import catalogue, imagine, plan
from tests.fakes.labeller import label
from wam_demo.ui.app import build_app, launch_arguments, open_hub
from wam_demo.ui.robot.upload_sessions import UploadSessions

pytestmark = pytest.mark.browser
SEEN = "document.querySelector('.robot').player"
PATIENCE = 180_000
"""Readers stand back for everything else, so a busy machine keeps them waiting [ms]."""


def brain(policy):
    return (lambda observations: [plan(o) for o in observations]), (
        (lambda observations: [imagine(o)[0] for o in observations]) if policy == "steer" else None
    )


@pytest.fixture
def app(tmp_path):
    chosen = catalogue()
    hub, sessions = (
        open_hub(chosen),
        UploadSessions(brain, root=tmp_path / "sessions", open_labeller=lambda policy: label),
    )
    blocks = build_app(chosen, hub, recordings=sessions)
    arguments = {"prevent_thread_lock": True, "quiet": True, "server_name": "127.0.0.1"}
    _, url, _ = blocks.launch(**launch_arguments(**arguments, allowed_paths=[str(sessions.root)]))
    yield url, sessions
    hub.close()
    blocks.close(verbose=False)
    sessions.close()
    assert not sessions.root.exists()


@pytest.fixture
def open_tab(app, browser):
    contexts, errors = [], []

    def start(width: int = 1280, height: int = 720, scheme: str = "dark"):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme))
        contexts[-1].set_default_timeout(PATIENCE)
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(app[0])
        page.get_by_role("tab", name="Your robot").click()
        page.locator(".robot .drop").wait_for()
        return page

    yield start
    for context in contexts:
        context.close()
    assert errors == []


def bring(page, path):
    page.locator(".robot .drop input").set_input_files(str(path))
    page.locator(".robot .found").wait_for(timeout=PATIENCE)


def bring_video(page, path):
    """A video without numbers opens at once."""
    page.locator(".robot .drop input").set_input_files(str(path))
    page.wait_for_function(f"{SEEN}.stage === 'ready' && {SEEN}.shown !== null", timeout=PATIENCE)


def status(page) -> str:
    return page.locator(".robot .status").inner_text()


def play(page):
    page.get_by_role("button", name="Open episode").click()
    page.wait_for_function(f"{SEEN}.stage === 'ready' && {SEEN}.shown !== null", timeout=PATIENCE)


def test_upload_map_scrub_disturb_download(app, open_tab, browser, tmp_path):
    page = open_tab()
    bring(page, recordings.robomimic(tmp_path / "mine.bin"))
    assert "hdf5" in page.locator(".robot .facts-list").inner_text()
    assert page.locator("[data-map=position]").input_value() == "obs/robot0_eef_pos[0:3]"
    assert not page.locator("[data-map=position]").is_visible()  # folded away, as the guess is whole
    page.locator(".what summary").click()
    page.locator("[data-map=gripper_open]").fill("wide")
    page.get_by_role("button", name="Open episode").click()
    page.wait_for_function("document.querySelector('.robot .status').textContent.includes('must be a number')")
    page.locator("[data-map=gripper_open]").fill("0.04")
    page.locator("[data-map=fps]").fill("10")
    page.locator("[data-field=policy]").select_option("steer")
    page.locator(".episodes label").nth(1).click()
    play(page)
    assert page.evaluate(f"{SEEN}.steps") == recordings.FRAMES
    assert "have not seen this robot" in page.locator(".robot .label").inner_text()
    assert page.locator(".robot .absent:visible").count() == 0
    scrub = page.get_by_role("slider", name="Place in the episode")
    scrub.fill("23")
    page.wait_for_function(f"{SEEN}.shown.step === 23")
    assert "the recording ends before that moment" in page.locator('.robot [data-view="error"]').inner_text()
    scrub.press("ArrowLeft")
    page.wait_for_function(f"{SEEN}.shown.step === 22")
    assert page.locator(".robot .scores td").first.inner_text() != "–"
    verdict = page.locator(".robot .domain")
    assert re.search(r"training domain|nothing moves", verdict.inner_text())
    page.locator("[data-retouch=light]").fill("4")
    page.wait_for_function("document.querySelector('.robot .change').textContent.startsWith('The plan')")
    page.get_by_role("button", name="Run the episode so").click()
    page.wait_for_function(f"{SEEN}.curves?.scores.disturbed", timeout=PATIENCE)
    page.locator(".robot tr.disturbed").first.wait_for()
    assert page.locator(".robot .scores tr.disturbed").count() == 3  # plan, imagined, and a last frame of its own
    assert "disturbed" in verdict.nth(1).inner_text()
    _check_downloads(page, tmp_path)
    _check_video_plays(page)


def _check_downloads(page, tmp_path):
    fetched = {}
    for name in ("LeRobot v3", "CSV", "Video"):
        with page.expect_download(timeout=PATIENCE) as waiting:
            page.get_by_role("button", name=name, exact=True).click()
        fetched[name] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(fetched[name])
    with zipfile.ZipFile(fetched["LeRobot v3"]) as archive:
        info = json.loads(archive.read("open_loop/meta/info.json"))
    assert (info["codebase_version"], info["total_frames"]) == ("v3.0", recordings.FRAMES)
    rows = list(csv.DictReader(io.StringIO(fetched["CSV"].read_text())))
    assert len(rows) == recordings.FRAMES
    assert float(rows[0]["recorded_y_m"]) == pytest.approx(0.01, abs=1e-4)
    shutil.copy(fetched["LeRobot v3"], tmp_path / "again.zip")
    from wam_demo.data.uploads.process import describe

    assert describe(tmp_path / "again.zip").frames == recordings.FRAMES


def _check_video_plays(page):
    """The same player that visitors have; a Chromium without H.264 cannot say anything here."""
    if not page.evaluate("document.createElement('video').canPlayType('video/mp4; codecs=\"avc1.42E01E\"')"):
        pytest.skip("this Chromium plays no H.264")
    page.evaluate("document.querySelector('.robot video').play()")
    page.wait_for_function("document.querySelector('.robot video').currentTime > 0.2", timeout=PATIENCE)
    assert page.evaluate("document.querySelector('.robot video').videoWidth") == 1024


def test_a_bad_upload_is_one_line_and_the_next_one_works(app, open_tab, tmp_path):
    page = open_tab()
    (tmp_path / "film.mp4").write_bytes(b"ffconcat version 1.0\nfile '/etc/passwd'\n")
    page.locator(".robot .drop input").set_input_files(str(tmp_path / "film.mp4"))
    page.wait_for_function("document.querySelector('.robot .status.warn')", timeout=PATIENCE)
    assert "playlist" in status(page)
    assert "\n" not in status(page).strip()
    bring_video(page, recordings.video(tmp_path / "good.mp4"))
    assert page.locator(".robot .status.warn").count() == 0


def test_a_video_without_numbers_says_what_cannot_be_compared(app, open_tab, tmp_path):
    page = open_tab()
    bring_video(page, recordings.gif(tmp_path / "film.mp4"))
    page.get_by_role("button", name="Change mapping").click()
    page.locator("[data-field=policy]").select_option("hold")
    play(page)
    imagined = page.locator('.robot [data-view="imagined"]')
    imagined.get_by_text("neither imagines nor attends").wait_for(timeout=PATIENCE)
    assert "does not say where the tool was" in page.locator('.robot [data-plot="path"]').inner_text()


def test_actions_are_labelled_and_compared_with_the_recorded_ones(app, open_tab, tmp_path):
    page = open_tab()
    bring(page, recordings.robomimic(tmp_path / "mine.hdf5"))
    page.locator(".what summary").click()
    page.locator("[data-map=align]").uncheck()
    page.locator("[data-map=calibration]").select_option("usual")
    page.locator("[data-map=fps]").fill("10")
    page.locator("[data-field=policy]").select_option("steer")
    play(page)
    button = page.get_by_role("button", name="Label the actions")
    page.wait_for_function("!document.querySelector('[data-do=label]').disabled", timeout=PATIENCE)
    button.click()
    page.locator(".label-words tr", has_text="tool at +1.6 s, median").get_by_text("0.0 cm").wait_for(timeout=PATIENCE)
    page.locator("svg.labels.on").wait_for(state="attached", timeout=PATIENCE)


def test_the_first_frame_shows_the_mapping_and_episodes_have_pictures(app, open_tab, tmp_path):
    page = open_tab()
    bring(page, recordings.robomimic(tmp_path / "mine.hdf5"))
    shown = page.locator('[data-preview="front"] img')
    shown.wait_for(timeout=PATIENCE)
    page.locator('[data-text="tool"]', has_text="The policy reads: tool at").wait_for(timeout=PATIENCE)
    page.wait_for_function("document.querySelectorAll('.episodes .thumb img').length === 2", timeout=PATIENCE)
    before = shown.get_attribute("src")
    page.locator(".what summary").click()
    page.locator("[data-map=front_turn]").select_option("half")
    page.wait_for_function("(before) => document.querySelector('[data-preview=front] img').src !== before", arg=before)
    page.locator("[data-map=position]").fill("obs/robot0_eef_pos[0:9]")
    page.locator(".preview.warn", has_text="reaches beyond the 3 numbers").wait_for(timeout=PATIENCE)
    page.locator("[data-map=position]").fill("")
    page.locator('[data-text="tool"]', has_text="does not say where the tool is").wait_for(timeout=PATIENCE)
    page.locator(".episodes input").first.press("ArrowRight")
    assert page.locator("[data-field=episode]").input_value() == "1"


def test_pictures_of_many_episodes_come_as_they_come_into_sight(app, open_tab, tmp_path):
    import h5py

    with h5py.File(recordings.robomimic(tmp_path / "many.hdf5"), "a") as file:
        for number in range(recordings.EPISODES):  # so that the upload stays small
            del file[f"data/demo_{number}/next_obs"], file[f"data/demo_{number}/obs/robot0_eye_in_hand_image"]
        for number in range(recordings.EPISODES, 120):
            file["data"].copy("demo_0", f"demo_{number}")
    page = open_tab()
    bring(page, tmp_path / "many.hdf5")
    page.wait_for_function("document.querySelectorAll('.episodes .thumb img').length > 10", timeout=PATIENCE)
    page.wait_for_function("!document.querySelector('.robot').thumbs.asking", timeout=PATIENCE)
    assert page.locator(".episodes .thumb img").count() < 60
    assert page.locator(".episodes li").last.locator("img").count() == 0
    page.locator(".episodes li").last.scroll_into_view_if_needed()
    page.locator(".episodes li").last.locator("img").wait_for(timeout=PATIENCE)


def test_a_mapping_is_recalled_saved_and_loaded(app, open_tab, tmp_path):
    page = open_tab()
    path = recordings.robomimic(tmp_path / "mine.hdf5")
    bring(page, path)
    page.locator(".what summary").click()
    page.locator("[data-map=fit]").select_option("pad")
    page.locator("[data-map=fps]").fill("10")
    page.locator("[data-field=policy]").select_option("hold")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save mapping").click()
    waiting.value.save_as(tmp_path / "mapping.json")
    assert json.loads((tmp_path / "mapping.json").read_text())["fit"] == "pad"
    play(page)
    page.evaluate("sessionStorage.clear()")  # another page of this browser: it finds no recording of its own
    page.reload()
    page.get_by_role("tab", name="Your robot").click()
    bring_video(page, recordings.video(tmp_path / "film.mp4"))
    page.get_by_role("button", name="Change mapping").click()
    page.locator(".what summary").click()
    page.locator(".keep input").set_input_files(str(tmp_path / "mapping.json"))
    page.locator(".status.warn", has_text="is for a recording with a camera").wait_for()
    page.locator(".robot .drop input").set_input_files(str(path))
    page.locator(".status", has_text="The mapping of the last recording like this one").wait_for(timeout=PATIENCE)
    assert page.locator("[data-map=fit]").input_value() == "pad"
    assert page.locator("[data-map=fps]").input_value() == "10"
    page.locator("[data-map=fit]").evaluate("node => { node.value = 'crop'; }")
    page.locator(".keep input").set_input_files(str(tmp_path / "mapping.json"))
    page.wait_for_function("document.querySelector('[data-map=fit]').value === 'pad'")


def test_a_reload_finds_the_recording_and_its_episode_again(app, open_tab, tmp_path):
    page = open_tab()
    bring(page, recordings.robomimic(tmp_path / "mine.hdf5"))
    page.locator("[data-field=policy]").select_option("steer")
    page.locator(".episodes label").nth(1).click()
    play(page)
    page.reload()
    page.get_by_role("tab", name="Your robot").click()
    page.wait_for_function(f"{SEEN}?.stage === 'ready' && {SEEN}.shown !== null", timeout=PATIENCE)
    assert page.locator('.robot [data-text="name"]').inner_text() == "mine.hdf5"
    assert page.locator("[data-field=episode]").input_value() == "1"
    assert page.locator("[data-field=policy]").input_value() == "steer"


def test_a_page_that_leaves_is_forgotten(app, open_tab, tmp_path):
    _, sessions = app
    page = open_tab()
    bring_video(page, recordings.video(tmp_path / "film.mp4"))
    assert sessions.sessions == 1
    key = page.evaluate("sessionStorage.getItem('wam-robot-page')")
    page.goto("about:blank")  # or it asks for its state and has a new session
    sessions.leave(key)
    eventually(lambda: not any(sessions.root.iterdir()))


def test_it_fits_at_1280_by_720_and_stacks_on_a_phone(app, open_tab, tmp_path):
    path = recordings.lerobot_v3(tmp_path / "set")
    packed = recordings.zipped(path, tmp_path / "set.zip")
    for width, height in ((1280, 720), (390, 844)):
        page = open_tab(width, height)
        bring(page, packed)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("[data-field=policy]").select_option("steer")
        play(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 1280:
            for selector in (".strip", ".scrub", '[data-plot="path"]', ".status"):
                box = page.locator(f".robot {selector}").bounding_box()
                assert box["y"] + box["height"] <= height, selector
