"""What if, in Chromium, over the drawn world: point at Imagined, and see the other plan's future."""

import pytest

from tests.browser.test_live import PIXELS, STATUS

pytestmark = pytest.mark.browser

IMAGINED = '[data-view="imagined"]'


def point(page, u, v):
    box = page.locator(f"{IMAGINED} .main").bounding_box()
    page.mouse.click(box["x"] + u * box["width"], box["y"] + v * box["height"])


def asked(page):
    page.wait_for_function("document.querySelector('.wam').live.tiles.has('imagined.16.front')")
    point(page, 0.8, 0.6)
    page.wait_for_function(f"{STATUS}.whatif")
    page.wait_for_function("document.querySelector('.wam').live.tiles.has('whatif.16.front')")


def test_a_click_shows_what_another_plan_would_lead_to(serve, visit):
    page = visit(serve())
    asked(page)
    assert page.locator(f"{IMAGINED} h3").inner_text() == "What if"
    page.wait_for_function(f"{STATUS}.state === 'paused'")  # the moment stands still
    assert page.locator("svg.aim.on").count() == 1
    page.wait_for_function(f"document.querySelector('{IMAGINED} .facts').textContent.includes('if the hand went')")
    page.locator('[data-plot="action"] path.masked').first.wait_for(state="attached")
    right = page.evaluate(PIXELS, "imagined")
    first = page.evaluate(f"{STATUS}.whatif.number")
    point(page, 0.2, 0.6)
    page.wait_for_function(f"{STATUS}.whatif.number > {first}")
    page.wait_for_function(f"document.querySelector('{IMAGINED} .facts').textContent.includes('if the hand went')")
    assert page.evaluate(PIXELS, "imagined") != right
    assert page.locator(".events li.none").count() == 1  # asking disturbs nothing


def test_a_line_is_followed_and_what_comes_plays(serve, visit):
    page = visit(serve())
    page.wait_for_function("document.querySelector('.wam').live.tiles.has('imagined.16.front')")
    box = page.locator(f"{IMAGINED} .main").bounding_box()
    places = [(0.6, 0.8), (0.8, 0.7), (0.85, 0.5), (0.6, 0.4)]
    at = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in places]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=6)
    assert page.locator("svg.bend.on .drawn").get_attribute("points").count(",") > 6
    page.mouse.up()
    page.wait_for_function(f"{STATUS}.whatif && document.querySelector('.wam').whatif.way.length > 6")
    page.wait_for_function(f"document.querySelector('{IMAGINED} .facts').textContent.includes('along the line')")
    moment = f"document.querySelector('{IMAGINED} .facts .value').textContent"
    page.locator(".horizon input").first.fill("3")
    page.wait_for_function(f"document.querySelector('.wam').clip.frame === null && {moment}.startsWith('+1.6')")
    page.keyboard.press("y")  # once more
    page.wait_for_function(f"{moment}.startsWith('+0.4')")
    page.wait_for_function(f"{moment}.startsWith('+0.8')")
    page.keyboard.press("Escape")
    assert page.locator("svg.bend.on").count() == 0


def test_closing_it_goes_on_where_it_was(serve, visit):
    page = visit(serve())
    asked(page)
    page.wait_for_function(f"{STATUS}.state === 'paused'")
    page.keyboard.press("Escape")
    page.wait_for_function(f"{STATUS}.state === 'running'")
    assert page.locator(f"{IMAGINED} h3").inner_text() == "Imagined"
    assert page.locator("svg.aim.on").count() == 0
    page.wait_for_function("!document.querySelector('[data-plot=\"action\"] path.masked')")


def test_by_keyboard_and_another_episode_ends_it(serve, visit):
    page = visit(serve())
    page.wait_for_function("document.querySelector('.wam').live.tiles.has('imagined.16.front')")
    page.keyboard.press("v")
    page.wait_for_function(f"{STATUS}.whatif")
    page.locator(f"{IMAGINED} .main").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{STATUS}.whatif.at[0] > 0.6")
    page.keyboard.press("n")
    page.wait_for_function(f"{STATUS}.episode === 2")
    page.wait_for_function(f"document.querySelector('{IMAGINED} h3').textContent === 'Imagined'")
    assert page.locator("svg.aim.on").count() == 0


def test_a_policy_that_cannot_says_so(serve, visit):
    page = visit(serve())
    page.get_by_label("Policy").select_option("hold")
    page.wait_for_function(f"{STATUS}.policy === 'hold'")
    page.keyboard.press("v")
    page.wait_for_function("document.querySelector('.status').textContent.includes('cannot tell')")
    page.wait_for_function(f"document.querySelector('{IMAGINED} h3').textContent === 'Imagined'")
    page.wait_for_function(f"{STATUS}.state === 'running'")
    assert page.locator("[data-whatif]").is_hidden()


def test_it_fits_on_a_phone(serve, visit):
    page = visit(serve(), width=390, height=844)
    asked(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("[data-whatif]").is_visible()
