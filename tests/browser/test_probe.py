"""The Live tab's probe in Chromium, over the drawn world: mark a region, read what the plan depends on."""

import pytest

from tests.browser.test_live import NOW, PIXELS, STATUS, pointer

pytestmark = pytest.mark.browser

SWITCH = ".probe-switch"
MATTERS = '[data-view="error"]'


def mark(page, start, end) -> None:
    page.mouse.move(*pointer(page, *start))
    page.mouse.down()
    page.mouse.move(*pointer(page, *end), steps=4)
    page.mouse.up()


def probing(page):
    page.locator(SWITCH).click()
    page.wait_for_function(f"{STATUS}.probe")


def test_a_marked_region_shows_what_the_plan_would_be_without_it(serve, visit):
    page = visit(serve())
    probing(page)
    assert page.locator(f"{MATTERS} h3").inner_text() == "What matters"
    page.wait_for_function("document.querySelector('.wam').live.tiles.has('probe.causal.front')")
    assert page.evaluate(PIXELS, "attention") != page.evaluate(PIXELS, "error")
    mark(page, (0.55, 0.65), (0.70, 0.72))
    page.wait_for_function(f"{STATUS}.probe?.masked?.cells.join() === '5,4,5,5'")
    assert page.locator("svg.region.on").count() == 3
    page.wait_for_function(f"document.querySelector('{MATTERS} .value')?.textContent.includes('cm')")
    assert "plan shift without it" in page.locator(f"{MATTERS} .facts").inner_text()
    assert "of the attention on the images is here" in page.locator('[data-view="attention"] .facts').inner_text()
    page.locator('[data-plot="action"] path.masked').first.wait_for(state="attached")
    assert page.locator(".events li.none").count() == 1  # nothing was dropped or shoved


def test_it_follows_the_scene_and_ends_without_a_trace(serve, visit):
    page = visit(serve())
    probing(page)
    mark(page, (0.60, 0.65), (0.66, 0.66))
    page.wait_for_function(f"{STATUS}.probe?.masked")
    first = page.evaluate(f"{STATUS}.probe.number")
    page.wait_for_function(f"{STATUS}.probe?.number > {first}", timeout=15_000)
    page.keyboard.press("m")
    assert page.locator(f"{MATTERS} h3").inner_text() == "Imagined − actual"
    assert page.locator("svg.region.on").count() == 0
    page.wait_for_function("!document.querySelector('[data-plot=\"action\"] path.masked')")
    page.mouse.click(*pointer(page, 0.2, 0.6))  # the pointer drops again
    page.locator(".events li", has_text="drop").wait_for()


def test_regions_by_keyboard_and_another_episode_forgets_the_maps(serve, visit):
    page = visit(serve())
    page.keyboard.press("m")
    page.wait_for_function(f"{STATUS}.probe")
    page.locator(NOW).focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    page.wait_for_function(f"{STATUS}.probe?.masked?.cells.join() === '3,4,5,5'")
    page.keyboard.press("n")
    page.wait_for_function(f"{STATUS}.episode === 2")
    page.wait_for_function(f"{STATUS}.probe?.masked", timeout=15_000)  # asked again by itself


def test_a_policy_without_video_tokens_says_so(serve, visit):
    page = visit(serve())
    page.get_by_label("Policy").select_option("hold")
    page.wait_for_function(f"{STATUS}.policy === 'hold'")
    page.locator(SWITCH).click()
    page.wait_for_function("document.querySelector('.status').textContent.includes('no video tokens')")
    assert page.evaluate(f"{STATUS}.state") == "running"


def test_it_fits_at_1280_by_720_and_on_a_phone(serve, visit):
    served = serve()
    page = visit(served)
    probing(page)
    mark(page, (0.55, 0.65), (0.70, 0.72))
    page.wait_for_function(f"{STATUS}.probe?.masked")
    assert page.evaluate("document.documentElement.scrollHeight") <= 720
    page.close()  # two live pages at a time are another test's business
    phone = visit(served, 390, 844)
    phone.locator(SWITCH).click()
    phone.wait_for_function(f"{STATUS}.probe")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
