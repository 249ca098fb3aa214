"""The Blind A/B tab in Chromium: both sides play, the vote reveals, and is still there after a restart."""

import pytest

from tests.fakes.blind import match, video
from wam_demo.evaluate.blind.votes import VoteStore
from wam_demo.ui.blind.matches import BlindMatches

pytestmark = pytest.mark.browser

STATE = "document.querySelector('.blindtab').dataset.state"


@pytest.fixture
def open_tab(serve, visit, tmp_path):
    """Open the tab over matches that were never played; each call is a new app over the same votes."""
    rooms, clip = [], video(tmp_path / "clip.mp4", seconds=2.0)

    def start(wait_for: str = "voting", **page):
        rooms.append(BlindMatches(lambda number: match(number, clip), VoteStore(tmp_path / "votes.sqlite3")))
        opened = visit(serve(room=rooms[-1]), **page)
        opened.get_by_role("tab", name="Blind A/B").click()
        opened.wait_for_function(f"{STATE} === '{wait_for}'", timeout=90_000)
        return opened

    yield start
    for room in rooms:
        room.close()


def test_both_sides_play_and_nothing_is_told_before_the_vote(open_tab):
    page = open_tab("watching")
    assert page.get_by_role("button", name="Left is better").is_disabled()
    page.keyboard.press("1")
    times = "[...document.querySelectorAll('.blindtab video')].map((video) => video.currentTime)"
    page.wait_for_function(f"({times}).every((time) => time > 0.3)")
    first, second = page.evaluate(times)
    assert abs(first - second) < 0.3
    assert page.locator('[data-text="instruction"]').inner_text() == "touch the red dot"
    assert "light, severity 3" in page.locator('[data-text="condition"]').inner_text()
    text = page.locator(".takes").inner_text()
    assert "Steer" not in text
    assert "Hold" not in text
    page.wait_for_function(f"{STATE} === 'voting'")
    assert page.evaluate("(({ watched, length }) => watched >= length)(document.querySelector('.blindtab').blind)")
    assert page.get_by_role("button", name="Left is better").is_enabled()


def test_a_vote_reveals_scores_and_the_next_match_follows(open_tab):
    page = open_tab()
    page.get_by_role("button", name="Left is better").click()
    page.wait_for_function(f"{STATE} === 'revealed'")
    assert page.locator(".ruling").inner_text() == "You preferred Steer to Hold still."
    assert page.locator(".take.won .who").inner_text() == "Steer"
    assert page.locator('.take.won [data-text="ended"]').inner_text() == "solved in 3.0 s"
    assert page.locator(".scores li span").all_inner_texts() == ["Steer", "Hold still"]
    page.keyboard.press("n")
    page.wait_for_function(f"{STATE} === 'voting'")
    assert page.locator(".take.won").count() == 0
    page.keyboard.press("3")
    page.wait_for_function("document.querySelector('[data-text=votes]').textContent === '2'")
    assert page.locator("[data-text=voters]").inner_text() == "of 1 person"


def test_votes_are_there_after_a_restart(open_tab, tmp_path):
    page = open_tab()
    page.get_by_role("button", name="As good").click()
    page.wait_for_function(f"{STATE} === 'revealed'")
    again = open_tab()  # another app, another room, the same file
    again.wait_for_function("document.querySelector('[data-text=votes]').textContent === '1'")
    assert VoteStore(tmp_path / "votes.sqlite3").tallies({"steer": "", "hold": ""})[0].ties == 1


def test_it_fits_a_laptop_and_a_phone(open_tab):
    page = open_tab()
    box = page.locator(".ballot").bounding_box()
    assert box["y"] + box["height"] <= 720
    assert page.evaluate("document.documentElement.scrollHeight") <= 720
    phone = open_tab(width=390, height=844)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    left, right = (phone.locator(f'[data-side="{side}"]').bounding_box() for side in ("left", "right"))
    assert left["y"] == right["y"]
    ballot = phone.locator(".ballot").bounding_box()
    assert ballot["y"] + ballot["height"] <= 844
