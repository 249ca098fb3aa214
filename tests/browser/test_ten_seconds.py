"""The Live tab for a stranger, over the drawn world: it explains itself, waits for one, and judges what is said."""

import pytest

from tests.browser.conftest import eventually
from tests.browser.test_live import NOW, PIXELS, STATUS, line, pointer

pytestmark = pytest.mark.browser

HISTORY = "document.querySelector('.wam').lookback"


def send(page, text: str) -> None:
    page.locator("#wam-instruction").fill(text)
    page.get_by_role("button", name="Send").click()


def test_a_sentence_and_three_steps_that_can_be_dismissed_for_good(serve, visit):
    page = visit(serve())
    assert "imagines before it moves" in page.locator(".sentence").inner_text()
    assert page.locator(".coach .step:visible").count() == 3
    page.get_by_role("button", name="Hide the three steps").click()
    assert page.locator(".coach .step:visible").count() == 0
    page.reload()
    page.wait_for_function("document.querySelector('.wam')?.live?.drawn > 3", timeout=20_000)
    assert page.locator(".coach .step:visible").count() == 0


def test_every_picture_and_number_is_explained(serve, visit):
    page = visit(serve())
    for name in ("Now", "Imagined", "Attention", "Imagined − actual", "Action", "Imagination error", "Policies"):
        page.get_by_role("button", name=f"What is {name}?", exact=True).click()
        shown = page.locator(".explained:popover-open")
        assert len(shown.inner_text()) > 80
        page.keyboard.press("Escape")
        shown.wait_for(state="hidden")
    for view in ("attention", "error"):
        page.locator(f'[data-view="{view}"] .scale').wait_for(timeout=15_000)
    page.keyboard.press("h")
    numbers = page.locator("dialog.help .meanings li").all_inner_texts()
    assert len(numbers) == page.locator(".badge").count()
    assert all(len(text) > 20 for text in numbers)


def test_it_opens_at_half_speed_with_a_horizon_of_eight_tenths(serve, visit):
    page = visit(serve())
    assert page.locator('[data-speed][aria-pressed="true"]').inner_text() == "½×"
    assert page.locator(".horizon output").inner_text() == "+0.8 s"
    page.locator('[data-speed="1"]').click()
    page.wait_for_function(f"{STATUS}.speed === 1")


def test_chips_of_the_scene_and_words_of_ones_own_are_judged_or_not_scored(serve, visit):
    page = visit(serve())
    page.locator(".chip", has_text="that dot").click()
    page.wait_for_function(f"{STATUS}.instruction === 'go to the dot that is red'")
    page.locator('.chip[aria-pressed="true"]', has_text="that dot").wait_for()
    page.locator(".understood", has_text="understood, scored").wait_for()
    send(page, "reach the elephant")
    page.locator(".understood.warn", has_text="not scored: no elephant here").wait_for()
    page.keyboard.press("n")
    page.wait_for_function(f"{STATUS}.seed === 1")
    assert page.evaluate(f"{STATUS}.instruction") == "reach the elephant"
    page.get_by_role("button", name="Take my words back").click()
    page.wait_for_function(f"{STATUS}.instruction === 'reach the red dot'")


def test_the_space_key_pauses_after_a_pad_was_clicked(serve, visit):
    page = visit(serve())
    page.get_by_role("button", name="Drop distractor").click()
    page.locator(".events li", has_text="drop").wait_for()
    page.keyboard.press("Space")
    page.wait_for_function(f"{STATUS}.state === 'paused'")
    assert page.locator(".events li").all_inner_texts()[0].count("drop") == 1
    assert page.locator(".events li").count() == 1


def test_a_reload_finds_everything_as_it_was(serve, visit):
    page = visit(serve())
    seed = page.locator("#wam-seed")
    seed.fill("37")
    seed.press("Enter")
    page.wait_for_function(f"{STATUS}.seed === 37")
    page.get_by_role("slider", name="light").fill("4")
    page.wait_for_function(f"{STATUS}.severities.light === 4")
    page.locator('[data-speed="0.25"]').click()
    send(page, "go to the dot")
    page.keyboard.press("a")
    page.wait_for_function(f"{STATUS}.words === 'go to the dot' && {STATUS}.speed === 0.25 && !{STATUS}.autoplay")
    page.locator('[data-set="policy"]').select_option("hold")
    page.wait_for_function(f"{STATUS}.policy === 'hold'")
    page.reload()
    page.wait_for_function("document.querySelector('.wam')?.live?.drawn > 3", timeout=20_000)
    state = page.evaluate(STATUS)
    found = {name: state[name] for name in ("policy", "seed", "speed", "words", "autoplay", "severities")}
    assert found == {"policy": "hold", "seed": 37, "speed": 0.25, "words": "go to the dot", "autoplay": False,
                     "severities": {"light": 4}}  # fmt: skip
    assert page.locator("[data-axis=light]").input_value() == "4"


def test_the_scrubber_puts_every_panel_on_one_time_step(serve, visit):
    page = visit(serve())
    page.locator('[data-speed="1"]').click()
    page.wait_for_function(f"{STATUS}.step > 30 && {STATUS}.strip.errors[8]", timeout=20_000)
    page.locator('[data-role="scrub"]').fill("14")
    page.wait_for_function(f"{STATUS}.state === 'paused'")
    page.wait_for_function(f"{HISTORY}.step === 14 && {HISTORY}.strip")
    now = page.evaluate(PIXELS, "now")
    assert page.locator('[data-view="now"] .value').inner_text().startswith("1.4")
    said = page.evaluate(f"{HISTORY}.strip.imagined_at")
    assert said < 14
    page.locator('[data-role="scrub"]').fill("25")
    page.wait_for_function(f"{HISTORY}.step === 25")
    assert page.evaluate(PIXELS, "now") != now
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function(f"{STATUS}.state === 'running' && !{HISTORY}.on", timeout=8000)


def test_a_new_imagination_is_played_once_and_rests_at_the_horizon(serve, visit):
    page = visit(serve())
    page.wait_for_function("document.querySelector('.wam').clip.frame === 2", timeout=15_000)
    rests = "document.querySelector('.wam').clip.frame === null"
    shown = "document.querySelector('[data-view=imagined] .value').textContent.startsWith('+0.8')"
    page.wait_for_function(f"{rests} && {shown}", timeout=15_000)  # asked at once: the next one may come any moment


def test_who_wants_reduced_motion_sees_no_clip(serve, browser):
    served = serve()
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(served.url)
    page.wait_for_function("document.querySelector('.wam')?.live?.status?.strip.imagined_at > 5", timeout=20_000)
    assert page.evaluate("document.querySelector('.wam').clip.frame") is None
    page.get_by_role("button", name="Play what is imagined").click()
    assert page.evaluate("document.querySelector('.wam').clip.frame") is not None
    context.close()


def test_a_warning_goes_while_the_arm_moves(serve, visit):
    page = visit(serve())
    page.mouse.click(*pointer(page, 0.5, 0.05))
    page.wait_for_function("document.querySelector('.status.warn')?.textContent.includes('not on the table')")
    eventually(lambda: page.locator(".status.warn").count() == 0)
    assert "works on seed 0" in line(page)
    page.mouse.click(*pointer(page, 0.5, 0.05))  # nor does an older one hide what is said next
    page.wait_for_function("document.querySelector('.status.warn')?.textContent.includes('not on the table')")
    page.keyboard.press("n")
    eventually(lambda: "works on seed 1" in line(page))


@pytest.mark.parametrize("width", [2100, 1920, 1710, 1280, 1024, 390])
def test_no_header_is_cut(serve, visit, width):
    page = visit(serve(), width, 844)
    cut = page.evaluate("""() => [...document.querySelectorAll('#live .panel > header, .wam .toolbar, .sentence')]
        .filter((node) => node.offsetParent && node.scrollWidth > node.clientWidth + 1)
        .map((node) => node.textContent.trim())""")
    assert cut == []


@pytest.fixture
def phone(serve, browser):
    served = serve()
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(served.url)
    page.wait_for_function("document.querySelector('.wam')?.live?.drawn > 3", timeout=20_000)
    yield page
    context.close()


def swipe(page, start, end, hold_ms: int = 0) -> None:
    """A finger, as the browser gets it."""
    client = page.context.new_cdp_session(page)

    def touch(kind, at=None):
        points = [] if at is None else [{"x": at[0], "y": at[1]}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start)
    page.wait_for_timeout(hold_ms)
    for k in range(1, 9):
        touch("touchMove", [a + (b - a) * k / 8 for a, b in zip(start, end, strict=True)])
        page.wait_for_timeout(25)
    touch("touchEnd")


def test_on_a_phone_a_swipe_scrolls_and_a_held_finger_shoves(phone):
    x, y = pointer(phone, 0.65, 0.667)
    swipe(phone, (x, y), (x, y - 160))
    phone.wait_for_timeout(500)
    assert phone.evaluate("scrollY") > 60
    assert phone.locator(".events li.none").count() == 1
    phone.evaluate("scrollTo(0, 0)")
    phone.wait_for_timeout(300)
    x, y = pointer(phone, 0.65, 0.667)
    swipe(phone, (x, y), (x + 30, y - 20), hold_ms=600)
    phone.locator(".events li", has_text="shove red dot").wait_for()
    assert phone.evaluate("scrollY") == 0


def test_on_a_phone_a_swipe_across_a_slider_changes_nothing(phone):
    slider = phone.get_by_role("slider", name="background")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    at, before = (box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2), phone.evaluate("scrollY")
    swipe(phone, at, (at[0], at[1] - 200))
    phone.wait_for_timeout(700)
    assert phone.evaluate("scrollY") > before
    assert slider.input_value() == "0"
    assert phone.evaluate(f"{STATUS}.severities") == {}


def test_on_a_phone_now_and_imagined_stay_in_sight(phone):
    phone.locator("[data-act=distractor]").scroll_into_view_if_needed()
    phone.mouse.wheel(0, 420)
    phone.wait_for_timeout(500)
    for view in ("now", "imagined"):
        box = phone.locator(f'[data-view="{view}"]').bounding_box()
        assert 0 <= box["y"] < 60
    assert phone.locator(NOW).bounding_box()["height"] > 150


def test_on_a_phone_targets_are_large_enough(phone):
    small = phone.evaluate("""() => [...document.querySelectorAll('#live .wam :is(button, select, input)')]
        .filter((node) => node.offsetParent && !node.classList.contains('hidden'))
        .map((node) => [node, (node.closest('label.slider, label.horizon') || node).getBoundingClientRect()])
        .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
        .map(([node, box]) => `${node.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)""")
    assert small == []
