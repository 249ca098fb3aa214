"""The Robustness tab in Chromium: the grid fills, a cell shows its videos, runs stop and go on, results go home."""

import json

import pytest

from tests.browser.conftest import eventually
from tests.fakes.filmed import open_filmed
from wam_demo.ui.robustness.lab import Lab

pytestmark = pytest.mark.browser

ROOT = "document.querySelector('.labtab')"
DONE = f"{ROOT}.dataset.state === 'done'"
AXES = ("none", "light", "shove")
"""With the usual severities 1, 3 and 5 they make seven cells."""


@pytest.fixture
def open_tab(serve, visit, tmp_path, monkeypatch):
    """Open the tab over a fake engine; keyword arguments are those of the page."""
    labs = []
    monkeypatch.setattr("wam_demo.ui.robustness.download.VIDEOS_PER_POLICY", 0)

    def start(pace_s: float = 0.0, served=None, **page):
        if served is None:
            labs.append(Lab(tmp_path / "runs", open_filmed(pace_s)))
            served = serve(lab=labs[-1], evaluated=True)
        opened = visit(served, **page)
        show_tab(opened)
        return served, opened

    yield start
    for lab in labs:
        lab.close()


def show_tab(page) -> None:
    page.get_by_role("tab", name="Robustness").click()
    page.locator(".labtab").wait_for()


def begin(page, episodes: int = 6) -> None:
    page.locator('.setup input[name="episodes"]').fill(str(episodes))
    for axis in AXES:
        page.locator(f'.setup input[value="{axis}"]').check(force=True)
    for axis in ("background", "distractor"):
        page.locator(f'.setup input[value="{axis}"]').uncheck(force=True)
    page.locator('.setup input[value="hold"]').check(force=True)
    start = page.get_by_role("button", name="Start")
    page.wait_for_function("document.querySelector('.estimate').textContent.includes('episodes')")
    start.click()


def test_start_is_in_sight_without_scrolling(open_tab):
    _, page = open_tab(pace_s=0.04)
    page.set_viewport_size({"width": 1280, "height": 720})
    box = page.get_by_role("button", name="Start").bounding_box()
    assert box["y"] + box["height"] <= 720


def test_the_grid_fills_while_one_watches(open_tab):
    _, page = open_tab(pace_s=0.04)
    begin(page)
    filled = "document.querySelectorAll('.gridbox:not(.pairs) button.cell').length"
    page.wait_for_function(f"{filled} > 0")
    assert page.evaluate(f"{ROOT}.dataset.state") == "running"
    assert "left" in page.locator('[data-text="when"]').inner_text()
    page.wait_for_function(DONE, timeout=60_000)
    assert page.evaluate(filled) == 2 * (1 + 3 + 3)
    cell = page.locator('.cell[data-policy="expert"][data-axis="none"]')
    assert cell.inner_text().split() == ["6/6", "61–100"]
    assert "95 % interval" in cell.get_attribute("aria-label")
    gap = page.locator(".pairs .cell").first
    assert gap.inner_text().startswith("+100")
    assert "; p = " in gap.get_attribute("aria-label")
    assert page.locator(".curves svg").count() == 2
    assert page.locator(".curves svg .line").count() == 4


def test_a_cell_shows_its_videos_worst_first(open_tab):
    _, page = open_tab()
    begin(page)
    page.wait_for_function(DONE, timeout=60_000)
    page.locator('.cell[data-policy="expert"][data-axis="light"][data-severity="3"]').click()
    page.locator(".cellbox video").first.wait_for()
    page.wait_for_function("document.querySelectorAll('.cellbox video').length === 3")
    playing = "[...document.querySelectorAll('.cellbox video')].every((video) => video.currentTime > 0.1)"
    page.wait_for_function(playing)
    shown = page.locator(".episodes li b").all_inner_texts()
    assert "not solved" in shown[0]
    assert ": solved" in shown[-1]
    assert "Failures first" in page.locator(".cellbox > p").inner_text()
    page.locator(".episodes [data-other]").first.click()
    page.wait_for_function("document.querySelectorAll('.episodes li.both video').length === 2")
    captions = page.locator(".episodes li.both figcaption").all_inner_texts()
    assert captions[1].startswith("Hold")
    assert captions[0].startswith("Expert")
    times = "[...document.querySelectorAll('.episodes li.both video')].map((video) => video.currentTime)"
    page.wait_for_function(f"({times}).every((time) => time > 0.1)")
    first, second = page.evaluate(times)
    assert abs(first - second) < 0.3
    page.locator('.sides [data-side="hold"]').click()
    page.locator('.sides [aria-pressed="true"]', has_text="Hold still 0/6").wait_for()
    page.wait_for_function("document.querySelectorAll('.cellbox video').length === 3")
    page.keyboard.press("Escape")
    assert not page.locator(".cellbox").is_visible()


def test_cancel_and_resume(open_tab):
    _, page = open_tab(pace_s=0.05)
    begin(page, episodes=8)
    page.wait_for_function(f"{ROOT}.lab.run?.done > 4")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_function(f"{ROOT}.dataset.state === 'cancelled'")
    stopped = page.evaluate(f"{ROOT}.lab.run.done")
    assert 4 < stopped < 112
    page.get_by_role("button", name="Resume").click()
    page.wait_for_function(DONE, timeout=60_000)
    assert page.evaluate(f"{ROOT}.lab.run.done") == 112


def test_a_reload_finds_the_run_again(open_tab):
    _, page = open_tab()
    begin(page)
    page.wait_for_function(DONE, timeout=60_000)
    page.reload()
    show_tab(page)
    page.wait_for_function(DONE)
    assert page.locator("button.cell").count() > 0


def test_a_reload_finds_the_choices_again(open_tab):
    _, page = open_tab()
    page.locator('.setup input[value="shove"]').check(force=True)
    page.locator('.setup input[value="light"]').uncheck(force=True)
    page.locator('.setup input[name="episodes"]').fill("4")
    page.locator('.setup input[name="seed"]').fill("2")
    checked = "[...document.querySelectorAll('.setup .chip input:checked')].map((input) => input.value)"
    chosen = page.evaluate(checked)
    page.reload()
    show_tab(page)
    page.wait_for_function("document.querySelector('.estimate').textContent.includes('episodes')")
    assert page.evaluate(checked) == chosen
    assert "shove" in chosen
    assert page.locator('.setup input[name="episodes"]').input_value() == "4"
    assert page.locator('.setup input[name="seed"]').input_value() == "2"


def test_a_wait_in_the_queue_is_not_announced_when_it_is_over(open_tab):
    _, page = open_tab(pace_s=0.1)
    begin(page, episodes=30)  # long enough to be met while it runs, on a busy machine too
    page.wait_for_function("document.querySelector('.estimate').textContent.includes('in the queue')")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_function(f"{ROOT}.dataset.state === 'cancelled'")
    page.wait_for_function("!document.querySelector('.estimate').textContent.includes('in the queue')")


def test_a_run_is_a_link_and_back_leads_to_what_was_shown_before(open_tab):
    _, page = open_tab()
    begin(page, episodes=1)
    page.wait_for_function(DONE, timeout=30_000)
    address = page.evaluate("location.hash")
    name = page.evaluate(f"{ROOT}.lab.name")
    assert f"run={name}" in address
    begin(page, episodes=1)
    page.wait_for_function(f"{ROOT}.lab.name !== '{name}' && {ROOT}.dataset.state === 'done'", timeout=30_000)
    page.go_back()
    page.wait_for_function(f"{ROOT}.lab.name === '{name}'")


def test_a_failed_episode_opens_in_live_as_it_was_tested(open_tab):
    _, page = open_tab()
    begin(page, episodes=2)
    page.wait_for_function(DONE, timeout=30_000)
    page.locator('.cell[data-policy="hold"][data-axis="light"][data-severity="3"]').click()
    seed = int(page.locator(".episodes li .soft").first.inner_text().split()[1])
    page.get_by_role("link", name="Open in Live").first.click()
    page.get_by_role("tab", name="Live", selected=True).wait_for()
    status = "document.querySelector('#live .wam').live.status"
    page.wait_for_function(f"{status}.seed === {seed} && {status}.policy === 'hold'", timeout=20_000)
    assert page.evaluate(f"{status}.severities.light") == 3


def test_the_status_line_and_the_inputs_are_in_sight(open_tab):
    _, page = open_tab()
    for selector in (".labtab > .status", '.setup input[name="episodes"]', '.setup input[name="seed"]'):
        box = page.locator(selector).bounding_box()
        assert box["y"] + box["height"] <= 720, selector
    inputs, launch = (page.locator(f".labtab {name}").bounding_box() for name in (".numbers", ".estimate"))
    assert inputs["y"] + inputs["height"] <= launch["y"] + 1


def test_the_severities_are_pictured(open_tab):
    _, page = open_tab()
    page.get_by_text("What the severities look like").click()
    page.wait_for_function("document.querySelector('.looks').style.getPropertyValue('--sheet')")
    assert page.locator(".looks tbody tr").count() == 4  # the axes that are chosen
    assert page.locator('.looks [aria-label="severity 5"]').count() == 4


def test_downloads_arrive_whole(open_tab):
    _, page = open_tab()
    begin(page)
    page.wait_for_function(DONE, timeout=60_000)
    texts = {}
    for name in ("Report", "CSV", "JSON"):
        with page.expect_download() as arriving:
            page.get_by_role("button", name=name, exact=True).click()
        texts[name] = arriving.value.path().read_text()
    assert texts["Report"].lstrip().lower().startswith("<!doctype html")
    assert len(texts["CSV"].splitlines()) == 1 + 2 * 7 * 6
    assert json.loads(texts["JSON"])["schema"] == "wam_demo.grid"


def test_the_second_visitor_waits_and_sees_the_place(open_tab):
    served, first = open_tab(pace_s=0.1)
    begin(first, episodes=8)
    first.wait_for_function(f"{ROOT}.dataset.state === 'running'")
    _, second = open_tab(served=served)
    begin(second, episodes=1)
    second.wait_for_function(
        "document.querySelector('[data-text=where]').textContent.includes('number 1 in the queue')"
    )
    first.get_by_role("button", name="Cancel").click()
    second.wait_for_function(DONE, timeout=30_000)


def test_bad_choices_are_one_line_and_the_next_ones_work(open_tab):
    _, page = open_tab()
    page.locator('.setup input[name="episodes"]').fill("")
    page.wait_for_function("document.querySelector('.estimate').textContent.includes('got nothing')")
    assert page.get_by_role("button", name="Start").is_disabled()
    page.locator('.setup input[name="episodes"]').fill("599")
    page.wait_for_function("document.querySelector('.estimate').textContent.includes('at most 600')")
    begin(page, episodes=1)
    page.wait_for_function(DONE, timeout=30_000)


def test_the_live_episode_rests_meanwhile(open_tab):
    _, page = open_tab()
    state = "document.querySelector('#live .wam').live.status.state"
    page.wait_for_function(f"{state} === 'paused'")
    page.get_by_role("tab", name="Live").click()
    page.wait_for_function(f"{state} === 'running'")


def test_the_live_tab_fills_in_a_paired_test(open_tab):
    _, page = open_tab()
    page.get_by_role("tab", name="Live").click()
    page.evaluate("""() => {
        window.wamPrefill = { task: 'push', policy: 'hold', seed: 7, axis: 'shove', severity: 4 };
        window.dispatchEvent(new CustomEvent('wam-prefill'));
    }""")
    page.get_by_role("tab", name="Robustness").click()
    page.wait_for_function("document.querySelector('.estimate').textContent.startsWith('80 episodes')")
    chosen = page.evaluate("[...document.querySelectorAll('.setup .chip input:checked')].map((input) => input.value)")
    assert chosen == ["expert", "hold", "push", "none", "shove", "4"]
    assert page.locator('.setup input[name="seed"]').input_value() == "7"


def test_it_fits_a_laptop_and_a_phone(open_tab):
    served, page = open_tab()
    for selector in (".setup .launch button", ".grids"):
        box = page.locator(selector).bounding_box()
        assert box["y"] + min(box["height"], 250) <= 720, selector
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    _, phone = open_tab(served=served, width=390, height=844)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    begin(phone, episodes=1)
    phone.wait_for_function(DONE, timeout=30_000)
    eventually(lambda: -2 <= phone.locator(".runbar").bounding_box()["y"] < 844)
