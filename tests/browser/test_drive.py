"""Driving and recording in Chromium, over the drawn world: keys, gamepad, buttons, drag, verdicts."""

import pytest

from tests.browser.conftest import eventually
from wam_demo.data.lerobot import Dataset

pytestmark = pytest.mark.browser

WAM = "document.querySelector('.wam')"
DRIVE = f"{WAM}.live.status.drive"
NOW = '[data-view="now"] canvas.main'
MINE = f"{DRIVE}?.mine === true"
GAMEPAD = """() => {
  window.stick = { connected: true, axes: [0, 0, 0, 0], buttons: [...Array(16)].map(() => ({ pressed: false })) };
  navigator.getGamepads = () => [null, window.stick];
}"""


def place(page) -> list[float]:
    """Where the hand is, from where the episode began [m]."""
    return page.evaluate(f"{WAM}.live.track.past.at(-1).slice(0, 3)")


@pytest.fixture
def page(serve, visit):
    page = visit(serve())
    page.keyboard.press("g")
    page.locator(".drive-body").wait_for()
    page.wait_for_function(f"{WAM}.live.track.past.length > 0")
    return page


def moved(page, axis: int, start: list[float], sign: int) -> bool:
    return sign * (place(page)[axis] - start[axis]) > 0.03


def stands(page) -> bool:
    """The hand is where it was five control steps before, three after now: a busy machine shows pictures late."""
    step = page.evaluate(f"{WAM}.live.status.step")
    page.wait_for_function(f"{WAM}.live.status.step >= {step + 3}")
    rest = place(page)
    page.wait_for_function(f"{WAM}.live.status.step >= {step + 8}")
    return place(page) == pytest.approx(rest, abs=1e-4)


def test_the_controls_are_folded_away_until_they_are_wanted(serve, visit):
    page = visit(serve())
    assert not page.locator(".drive-body").is_visible()
    page.keyboard.down("w")  # swaps the views, as ever
    page.wait_for_timeout(300)
    page.keyboard.up("w")
    assert not page.evaluate(f"{DRIVE}.mine")
    page.get_by_role("switch", name="Controls").click()
    assert page.locator(".drive-body").is_visible()
    assert "Steer has the arm" in page.locator(".driver").inner_text()


def test_keys_take_the_arm_and_letting_go_stops_it(page):
    start = place(page)
    page.keyboard.down("a")  # left in the picture is -y
    eventually(lambda: moved(page, 1, start, -1))
    page.wait_for_function(MINE)
    page.locator(".ghost.on").wait_for()  # where the policy would go
    page.keyboard.up("a")
    page.wait_for_function(f"!{DRIVE}.held")
    assert stands(page)
    assert "You have the arm" in page.locator(".driver").inner_text()
    for key, axis, sign in (("r", 2, 1), ("w", 0, -1), ("ArrowDown", 0, 1), ("d", 1, 1)):
        start = place(page)
        page.keyboard.down(key)
        eventually(lambda axis=axis, start=start, sign=sign: moved(page, axis, start, sign))
        page.keyboard.up(key)
    page.keyboard.press("Space")
    page.wait_for_function(f"{DRIVE}.gripper === 0")
    page.keyboard.press("Enter")
    page.wait_for_function(f"!({MINE})")
    page.wait_for_function("!document.querySelector('.ghost.on')")
    assert page.evaluate(f"{WAM}.drive.latencies.length") >= 1


def test_a_page_that_loses_focus_stops_the_arm(page):
    page.keyboard.down("r")
    page.wait_for_function(f"{DRIVE}.held")
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    page.wait_for_function(f"!{DRIVE}.held")
    assert stands(page)
    page.keyboard.up("r")


def test_a_gamepad_has_a_dead_zone_and_moves_as_far_as_it_is_pushed(page):
    page.evaluate(GAMEPAD)
    page.evaluate("window.stick.axes = [0.1, -0.1, 0, 0]")
    page.wait_for_timeout(400)
    assert not page.evaluate(f"{DRIVE}.mine")
    start = place(page)
    page.evaluate("window.stick.axes = [0, 0, 0, -0.6]")
    eventually(lambda: moved(page, 2, start, 1))
    page.evaluate("window.stick.axes = [0, 0, 0, 0]")
    page.wait_for_function(f"!{DRIVE}.held")
    page.evaluate("window.stick.buttons[0].pressed = true")
    page.wait_for_function(f"{DRIVE}.gripper === 0")
    page.evaluate("window.stick.buttons[0].pressed = false")
    page.evaluate("window.stick.buttons[1].pressed = true")
    page.wait_for_function(f"!({MINE})")


def test_the_buttons_move_while_they_are_pressed(page):
    start = place(page)
    button = page.get_by_role("button", name="Right (D)")
    box = button.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    eventually(lambda: moved(page, 1, start, 1))
    page.mouse.up()
    page.wait_for_function(f"!{DRIVE}.held")
    page.get_by_role("button", name="Give it back").click()
    page.wait_for_function(f"!({MINE})")


@pytest.mark.slow  # in real time: the drag is lost now and then on a busy machine
def test_the_gripper_is_dragged_in_the_picture_and_lifted_by_the_wheel(page):
    box = page.locator(NOW).bounding_box()
    start = place(page)
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"], steps=6)
    eventually(lambda: place(page)[1] - start[1] > 0.1)
    start = place(page)
    page.mouse.wheel(0, -400)
    eventually(lambda: moved(page, 2, start, 1))
    page.mouse.up()
    page.wait_for_function(f"!{DRIVE}.held")
    assert page.locator(".events li.none").count() == 1  # nothing was dropped or shoved


def test_a_share_leaves_the_rest_to_the_policy(page):
    page.locator(".drive-more summary").click()
    page.get_by_role("slider", name="Your share").fill("40")
    page.wait_for_function(f"{DRIVE}.share === 0.4")
    page.keyboard.down("a")
    page.wait_for_function(MINE)
    assert "You share the arm" in page.locator(".driver").inner_text()
    page.keyboard.up("a")


def test_episodes_are_recorded_and_judged_from_the_page(serve, visit, tmp_path):
    page = visit(serve(recordings=tmp_path))
    page.get_by_role("switch", name="Dataset").click()
    page.get_by_label("Name of the dataset").fill("My set")
    page.get_by_role("button", name="Start recording").click()
    page.wait_for_function("document.querySelector('.status').textContent.includes('small letters')")
    page.get_by_label("Name of the dataset").fill("my-set")
    page.get_by_role("button", name="Start recording").click()
    page.locator(".countdown", has_text="2").wait_for()
    page.wait_for_function(f"{WAM}.live.status.recording.frames > 5")
    page.keyboard.press("x")  # once more
    page.locator(".countdown", has_text="2").wait_for()
    page.wait_for_function(f"{WAM}.live.status.recording.frames > 5")
    page.keyboard.press("y")
    page.wait_for_function(f"{WAM}.live.status.recording.episodes === 1")
    page.wait_for_function(f"{WAM}.live.status.recording.frames > 5")
    page.get_by_role("button", name="Failure").click()
    page.wait_for_function(f"{WAM}.live.status.recording.episodes === 2")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_function(f"!{WAM}.live.status.recording")
    rows = Dataset(tmp_path / "my-set").episodes(["success", "success_by", "seed"]).to_pylist()
    assert [row["success"] for row in rows] == [True, False]
    assert {row["success_by"] for row in rows} == {"person"}
    assert min(row["seed"] for row in rows) >= 1_000_000  # no scene that is evaluated


def test_where_nothing_is_kept_nothing_offers_to_record(serve, visit):
    page = visit(serve())
    assert page.locator(".record").count() == 0
