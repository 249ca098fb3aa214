"""The Live tab in Chromium, over the drawn world: what a visitor sees and does."""

import os
import time

import pytest

from tests.browser.conftest import eventually

pytestmark = pytest.mark.browser

PIXELS = """(name) => {
  const canvas = document.querySelector(`[data-view="${name}"] canvas.main`);
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum = (sum * 31 + data[i] + 7 * data[i + 1] + 13 * data[i + 2]) % 1000000007;
  return sum;
}"""
STATUS = "document.querySelector('.wam').live.status"
NOW = '[data-view="now"] canvas.main'


def pointer(page, u: float, v: float) -> tuple[float, float]:
    box = page.locator(NOW).bounding_box()
    return box["x"] + u * box["width"], box["y"] + v * box["height"]


def line(page) -> str:
    return page.locator(".status").inner_text()


def test_it_opens_running_and_the_four_panels_fill(serve, visit):
    page = visit(serve())
    page.wait_for_function(f"Object.keys({STATUS}.strip.errors).length === 4", timeout=15_000)
    sums = {name: page.evaluate(PIXELS, name) for name in ("now", "imagined", "attention", "error")}
    assert len(set(sums.values())) == 4
    assert page.locator(".absent:visible").count() == 0
    assert page.locator('[data-view="error"] .value').inner_text().startswith("0.")
    assert "imagined at" in page.locator('[data-view="imagined"] .facts').inner_text()
    assert page.locator('[data-view="attention"] .shares b').all_inner_texts() == ["70%", "15%", "10%", "5%"]
    assert page.locator('[data-badge="policy"] b').inner_text() == "38"


def test_frames_change_at_a_live_rate(serve, visit):
    served = serve()
    page = visit(served)
    count = "document.querySelector('.wam').live.drawn"
    drawn, started = page.evaluate(count), time.time()
    page.wait_for_timeout(4000)
    rate = (page.evaluate(count) - drawn) / (time.time() - started)
    print(f"drawn packets per second: {rate:.1f}")
    if os.getloadavg()[0] < 1.5 * (os.cpu_count() or 1):  # a rate of a busy machine says nothing
        assert rate >= 8
    arrived = page.evaluate(PIXELS, "now")
    page.keyboard.press("n")
    page.wait_for_function(f"{STATUS}.seed === 1")
    page.wait_for_function(f"({PIXELS})('now') !== {arrived}")


def test_a_click_drops_and_a_drag_shoves_and_the_marks_read(serve, visit):
    page = visit(serve())
    page.mouse.click(*pointer(page, 0.2, 0.6))
    page.locator(".events li", has_text="drop").wait_for()
    page.keyboard.press("r")  # the object is back at its place
    page.wait_for_function(f"{STATUS}.episode === 2")
    page.mouse.move(*pointer(page, 0.65, 0.667))
    page.mouse.down()
    page.mouse.move(*pointer(page, 0.75, 0.6), steps=4)
    assert page.locator(".gesture.on").count() == 1
    page.mouse.move(*pointer(page, 0.85, 0.5), steps=4)
    page.mouse.up()
    page.locator(".events li", has_text="shove red dot").wait_for()
    mark = page.locator('[data-plot="error"] text.mark')
    assert mark.first.text_content() == "shove red dot"


def test_sliders_and_pads_disturb_while_it_runs(serve, visit):
    page = visit(serve())
    page.get_by_role("button", name="Drop distractor").click()
    page.locator(".events li", has_text="drop").wait_for()
    slider = page.get_by_role("slider", name="light")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.locator(".events li", has_text="light 3").wait_for()
    assert page.evaluate(f"{STATUS}.severities.light") == 3
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function(f"!{STATUS}.severities.light")
    page.wait_for_function("document.querySelector('[data-axis=light]').value === '0'")


def test_bad_values_are_one_line_and_the_next_request_works(serve, visit):
    page = visit(serve())
    page.evaluate("""() => {
        const slider = document.querySelector('[data-axis=light]');
        slider.type = 'text'; slider.value = 'NaN';
        slider.dispatchEvent(new Event('input'));
    }""")
    page.wait_for_function("document.querySelector('.status').textContent.includes('severity of light must be')")
    field = page.locator("#wam-instruction")
    field.fill("x" * 10_000)
    field.press("Enter")
    page.wait_for_function("document.querySelector('.status').textContent.includes('10000 characters')")
    assert page.locator(".status.warn").count() == 1
    field.fill("touch the red dot, please")
    field.press("Enter")
    page.wait_for_function(f"{STATUS}.instruction === 'touch the red dot, please'")
    seed = page.locator("#wam-seed")
    seed.fill("many")
    seed.press("Enter")
    page.wait_for_function("document.querySelector('.status').textContent.includes('seed must be a whole number')")
    assert page.evaluate(f"{STATUS}.state") == "running"


def test_the_keyboard_does_everything(serve, visit):
    page = visit(serve())
    page.keyboard.press("Space")
    page.wait_for_function(f"{STATUS}.state === 'paused'")
    step = page.evaluate(f"{STATUS}.step")
    page.keyboard.press("s")
    page.wait_for_function(f"{STATUS}.step === {step + 1}")
    page.keyboard.press("d")
    page.locator(".events li", has_text="drop").wait_for()
    page.keyboard.press("n")
    page.wait_for_function(f"{STATUS}.seed === 1")
    page.keyboard.press("a")
    page.wait_for_function(f"{STATUS}.autoplay === false")
    page.keyboard.press("[")
    assert page.locator(".horizon output").inner_text() == "+0.4 s"
    page.keyboard.press("h")
    assert page.locator("dialog.help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog.help").is_visible()
    page.keyboard.press("i")
    page.keyboard.type("drop")  # letters belong to the field now
    assert page.evaluate(f"{STATUS}.state") == "paused"
    assert page.locator("#wam-instruction").input_value() == "drop"


def test_a_policy_without_imagination_says_so_calmly(serve, visit):
    page = visit(serve())
    page.get_by_label("Policy").select_option("hold")
    page.wait_for_function(f"{STATUS}.policy === 'hold'")
    text = page.locator('[data-view="imagined"] .absent').inner_text()
    assert "neither imagines nor attends" in text
    assert page.locator(".status.warn").count() == 0


def test_two_visitors_have_separate_sessions(serve, visit):
    served = serve()
    first, second = visit(served), visit(served)
    assert served.hub.live == 2
    field = first.locator("#wam-seed")
    field.fill("41")
    field.press("Enter")
    first.wait_for_function(f"{STATUS}.seed === 41")
    first.get_by_role("button", name="Drop distractor").click()
    first.locator(".events li", has_text="drop").wait_for()
    second.wait_for_timeout(500)
    assert second.evaluate(f"{STATUS}.seed") != 41
    assert second.locator(".events li.none").count() == 1


def test_a_closed_tab_frees_its_simulator(serve, visit):
    served = serve()
    page = visit(served)
    assert served.hub.live == 1
    page.close()
    eventually(lambda: served.hub.live == 0)


def test_a_page_that_falls_asleep_is_reaped_and_comes_back_by_itself(serve, visit):
    served = serve(idle_s=2.0)
    page = visit(served, clock=True)
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    eventually(lambda: served.hub.live == 0)
    drawn = page.evaluate("document.querySelector('.wam').live.drawn")
    page.clock.resume()
    page.clock.fast_forward(10_000)
    page.wait_for_function(f"document.querySelector('.wam').live.drawn > {drawn + 5}", timeout=15_000)
    eventually(lambda: served.hub.live == 1)  # with such a short limit a page may be reaped once more


def test_the_next_visitor_waits_and_starts_by_itself(serve, visit, browser):
    served = serve(capacity=1)
    first = visit(served)
    context = browser.new_context()
    second = context.new_page()
    second.goto(served.url)
    second.wait_for_function(
        "document.querySelector('.status')?.textContent.includes('number 1 in the queue')", timeout=15_000
    )
    first.close()
    second.wait_for_function("document.querySelector('.wam').live.drawn > 3", timeout=15_000)
    context.close()


def test_it_fits_at_1280_by_720_and_stacks_on_a_phone(serve, visit):
    served = serve()
    page = visit(served)
    for selector in (".strip", '[data-plot="action"]', "[data-act=distractor]", ".status", ".badges"):
        box = page.locator(selector).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 720, selector
    assert page.evaluate("document.documentElement.scrollHeight") <= 720
    phone = visit(served, 390, 844)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    views = [box.bounding_box() for box in phone.locator(".view").all()]
    assert views[0]["y"] == views[1]["y"] < views[2]["y"]


def test_no_control_is_cut_off_between_a_laptop_and_a_large_screen(serve, visit):
    page = visit(serve())
    cut_off = """() => [...document.querySelectorAll('#live :is(.transport, .intro, .wording) *')]
        .filter(element => element.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
        .map(element => element.className)"""
    for width in (1280, 1341, 1366, 1440, 1501, 1561, 1680, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(cut_off) == [], width


def test_light_and_dark(serve, visit):
    served = serve()
    ground = "getComputedStyle(document.querySelector('.gradio-container')).backgroundColor"
    page = visit(served, scheme="light")
    light = page.evaluate(ground)
    page.keyboard.press("l")
    dark = page.evaluate(ground)
    assert light != dark
    page.reload()
    page.wait_for_function("document.querySelector('.wam')?.live?.drawn > 3", timeout=20_000)
    assert page.evaluate(ground) == dark
