"""The challenge in Chromium: played, judged, listed, watched again."""

import pytest

pytestmark = pytest.mark.browser
STATUS = "document.querySelector('.wam').live.status"


def test_it_is_played_judged_listed_and_watched(serve, visit):
    page = visit(serve(horizon=50, challenged=True))
    page.locator('[data-speed="0.25"]').click()
    page.get_by_role("button", name="Challenge").click()
    page.get_by_text("Nobody has broken it yet today.").wait_for()
    page.get_by_role("button", name="Play today's scene").click()
    page.wait_for_function(f"{STATUS}.challenge.on && {STATUS}.seed === 5")
    page.locator("[data-act=shove]").click()
    page.wait_for_function(f"{STATUS}.challenge.sizes.length === 1")
    page.locator('[data-speed="1"]').click()
    stake = page.locator(".stake")
    page.wait_for_function(f"{STATUS}.challenge.total !== undefined")
    page.wait_for_function("document.querySelector('.stake').textContent.includes('broken at size 3.7')")
    assert "today's smallest" in stake.inner_text()
    assert page.locator(".stake .used").count() == 1
    stake.click()
    page.locator(".best li b").wait_for()
    assert page.locator(".best li b").inner_text() == "3.7"
    box = page.locator("dialog.challenge").bounding_box()
    assert box["x"] >= 0
    assert box["height"] <= 720
    page.get_by_role("button", name="Watch").click()
    page.wait_for_function(f"{STATUS}.replay")
    assert stake.is_hidden()
    page.wait_for_function(f"{STATUS}.state === 'finished'")
    page.get_by_role("button", name="Now you").click()
    page.wait_for_function(f"!{STATUS}.replay && {STATUS}.challenge.on")

    again = page.get_by_role("button", name="Try again")
    again.wait_for()
    assert page.evaluate(f"{STATUS}.autoplay") is False
    again.click()
    page.wait_for_function(f"{STATUS}.state === 'running' && {STATUS}.seed === 5")
    assert again.is_hidden()
