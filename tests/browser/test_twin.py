"""The counterfactual twin and the session's log in Chromium, over the drawn world."""

import json

import pytest

pytestmark = pytest.mark.browser

STATUS = "document.querySelector('.wam').live.status"
PIXELS = """(side) => {
  const canvas = document.querySelector(`[data-side="${side}"] canvas.main`);
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum = (sum * 31 + data[i] + 7 * data[i + 1] + 13 * data[i + 2]) % 1000000007;
  return sum;
}"""


def shove(page, selector='[data-view="now"] canvas.main') -> None:
    box = page.locator(selector).bounding_box()
    at = lambda u, v: (box["x"] + u * box["width"], box["y"] + v * box["height"])  # noqa: E731
    page.mouse.move(*at(0.65, 0.667))
    page.mouse.down()
    page.mouse.move(*at(0.75, 0.75), steps=3)
    page.mouse.move(*at(0.65, 0.9), steps=3)
    page.mouse.up()


def start_twin(page):
    shove(page)
    page.locator(".events li", has_text="shove red dot").wait_for()
    page.get_by_role("switch", name="Twin").click()
    page.wait_for_function(f"{STATUS}.twin && {STATUS}.twin.largest_cm > 0")


def test_the_twin_shows_both_courses_and_their_difference(serve, visit):
    served = serve()
    page = visit(served)
    start_twin(page)
    assert page.locator('[data-side="with"] h3').inner_text() == "With: shove red dot"
    page.wait_for_function(f"({PIXELS})('with') !== ({PIXELS})('without')")
    assert page.locator('[data-plot="gap"] .bar').count() > 0
    page.locator('[data-plot="apart"] path.error').wait_for(state="attached")
    assert page.locator(".strip").is_hidden()
    page.get_by_role("button", name="End the twin").click()
    page.wait_for_function(f"{STATUS}.twin === null")
    assert page.locator(".strip").is_visible()
    assert page.locator(".twin").is_hidden()
    page.wait_for_function(f"{STATUS}.state === 'running'")


def test_the_twins_charts_lie_between_their_axes(serve, visit):
    page = visit(serve())
    start_twin(page)
    page.wait_for_function(f"{STATUS}.twin.step > {STATUS}.twin.forked + 12")
    outside = page.evaluate("""() => ["gap", "apart"].flatMap((name) => {
      const box = document.querySelector(`[data-plot="${name}"] svg`), axis = box.querySelector(".grid").getBBox();
      return [...box.querySelectorAll("path, .bar")].map((node) => node.getBBox()).filter((drawn) => drawn.width > 0)
        .filter((drawn) => drawn.x < axis.x - 1 || drawn.x + drawn.width > axis.x + axis.width + 1)
        .map((drawn) => `${name}: ${drawn.x} .. ${drawn.x + drawn.width} of ${axis.x} .. ${axis.x + axis.width}`);
    })""")
    assert outside == []


def test_a_disturbance_in_the_twin_goes_to_the_left_one(serve, visit):
    page = visit(serve())
    page.keyboard.press("b")
    page.wait_for_function(f"{STATUS}.twin && {STATUS}.twin.step > {STATUS}.twin.forked + 2")
    assert page.evaluate(f"{STATUS}.twin.largest_cm") == 0
    assert "disturb the left one" in page.locator(".verdict").inner_text()
    shove(page, '[data-side="with"] canvas.main')
    page.wait_for_function(f"{STATUS}.twin.tool_cm > 0.5")
    assert page.locator('[data-side="without"] h3').inner_text() == "Without"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_twin_fits_and_stacks_on_a_phone(serve, visit, scheme):
    served = serve()
    page = visit(served, scheme=scheme)
    start_twin(page)
    assert page.evaluate("document.documentElement.scrollHeight") <= 720
    with_, without = (page.locator(f'[data-side="{side}"]').bounding_box() for side in ("with", "without"))
    assert with_["y"] == without["y"]
    for selector in ('[data-plot="gap"]', '[data-plot="apart"]', ".logtools", ".status"):
        box = page.locator(selector).bounding_box()
        assert box["y"] + box["height"] <= 720, selector
    phone = visit(served, 390, 844, scheme=scheme)
    phone.keyboard.press("b")
    phone.wait_for_function(f"{STATUS}.twin")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    with_, without = (phone.locator(f'[data-side="{side}"]').bounding_box() for side in ("with", "without"))
    assert without["y"] > with_["y"] + with_["height"] - 1


def test_a_log_is_downloaded_and_replays(serve, visit, tmp_path):
    page = visit(serve())
    page.get_by_role("button", name="Drop distractor").click()
    page.locator(".events li", has_text="drop").wait_for()
    page.wait_for_function(f"{STATUS}.step > 12")
    with page.expect_download() as started:
        page.get_by_role("button", name="Download log").click()
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert path.suffix == ".jsonl"
    assert lines[0]["schema"] == "wam_demo.session_log"
    assert [line["event"] for line in lines if "event" in line] == ["distractor"]
    page.locator('[data-file="log"]').set_input_files(path)
    page.wait_for_function(f"{STATUS}.replay")
    page.wait_for_function("document.querySelector('.status').textContent.includes('agree to the last bit')")
    assert page.locator('[data-view="now"] .outcome').inner_text().startswith("End of the log")
    page.keyboard.press("r")
    page.wait_for_function(f"!{STATUS}.replay && {STATUS}.state === 'running'")


def test_a_malformed_log_is_one_line_and_the_next_request_works(serve, visit, tmp_path):
    page = visit(serve())
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"schema":"wam_demo.session_log","version":1}\n{"attempt":1,"task":"reech"}\n')
    page.locator('[data-file="log"]').set_input_files(bad)
    page.wait_for_function("document.querySelector('.status').textContent.includes('line 2: unknown task')")
    assert page.locator(".status.warn").count() == 1
    page.keyboard.press("n")
    page.wait_for_function(f"{STATUS}.seed === 1")


def test_what_was_done_goes_to_the_robustness_tab(serve, visit):
    page = visit(serve())
    test = page.get_by_role("button", name="Test on n seeds")
    test.click()
    page.wait_for_function("document.querySelector('.status').textContent.includes('nothing was disturbed')")
    shove(page)
    page.locator(".events li", has_text="shove").wait_for()
    test.click()
    page.wait_for_function("window.wamPrefill")
    sent = page.evaluate("window.wamPrefill")
    assert (sent["task"], sent["policy"], sent["axis"]) == ("reach", "steer", "shove")
    assert sent["seed"] == page.evaluate(f"{STATUS}.seed")
    assert sent["severity"] in range(1, 6)
