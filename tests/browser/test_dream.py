"""Reality or Dream in Chromium, over the drawn world: one switch, marked, and honest about what cannot be done."""

import pytest

pytestmark = pytest.mark.browser

STATUS = "document.querySelector('.wam').live.status"


@pytest.mark.parametrize("width", [1280, 390])
def test_one_switch_leaves_reality_and_comes_back(serve, visit, width):
    page = visit(serve(), width=width, height=844 if width == 390 else 720)
    page.wait_for_function(f"{STATUS}.step > 3")
    reality, dream = (page.get_by_role("button", name=name, exact=True) for name in ("Reality", "Dream"))
    assert reality.get_attribute("aria-pressed") == "true"
    dream.click()
    page.wait_for_function(f"{STATUS}.dream?.steps > 3")
    left = page.evaluate(f"{STATUS}.dream.left")
    now = page.locator('[data-view="now"]')
    assert now.locator("h3").inner_text() == "Now, imagined"
    assert now.locator(".dreamt").is_visible()
    assert now.locator(".dreamt").inner_text().startswith("imagined, not seen")
    assert "nothing is judged" in page.locator("#wam-status").inner_text()
    page.wait_for_function(f"{STATUS}.dream.expected_error !== null")
    page.wait_for_function("document.querySelector('.dreamt .doubt').textContent.includes('likely 0.0')")
    assert now.locator(".doubt").is_visible()
    drop = page.locator('.side [data-act="distractor"]')
    assert drop.is_disabled()
    assert "Go back to Reality" in drop.get_attribute("title")
    assert page.locator('.side [data-axis="light"]').is_disabled()
    assert page.locator(".dream-note").is_visible()
    now.locator(".main").click()
    page.wait_for_timeout(300)
    assert page.evaluate(f"{STATUS}.dream !== null")
    reality.click()
    page.wait_for_function(f"{STATUS}.dream === null && {STATUS}.step >= {left}")
    assert page.evaluate(f"{STATUS}.step") < left + 60
    assert now.locator("h3").inner_text() == "Now"
    assert not now.locator(".dreamt").is_visible()
    assert drop.is_enabled()
    assert "Drop an unseen object" in drop.get_attribute("title")


def test_a_person_drives_in_the_dream_by_key(serve, visit):
    page = visit(serve())
    page.keyboard.press("u")
    page.wait_for_function(f"{STATUS}.dream?.steps > 1")
    page.keyboard.press("g")
    page.keyboard.down("r")
    page.wait_for_function(f"{STATUS}.drive?.mine && {STATUS}.drive.held")
    page.wait_for_timeout(400)
    page.keyboard.up("r")
    assert "You drive in what the model imagines" in page.locator("#wam-status").inner_text()
    page.wait_for_function("document.querySelector('.wam').drive.latencies.length > 0")


@pytest.mark.parametrize("width", [1280, 390])
def test_both_shows_reality_and_its_dream_side_by_side(serve, visit, width):
    page = visit(serve(), width, 844)
    page.wait_for_function(f"{STATUS}.step > 3")
    page.get_by_role("button", name="Both").click()
    page.wait_for_function(f"{STATUS}.twin?.dream === 'same' && {STATUS}.twin.step > {STATUS}.twin.forked + 3")
    titles = [page.locator(f'[data-side="{side}"] h3').inner_text() for side in ("with", "without")]
    assert titles == ["Reality", "Dream, same actions"]
    assert page.locator('[data-side="without"] .dreamt').is_visible()
    assert page.locator('[data-gap="picture"]').inner_text() != "–"
    page.wait_for_function(f"{STATUS}.twin.expected !== null")
    page.wait_for_function("document.querySelector('[data-gap=expected]').textContent !== '–'")
    assert page.locator('[data-plot="gap"] path.expected').count() == 1
    assert page.locator('[data-realm="both"]').get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Let it plan for itself").click()
    page.wait_for_function(f"{STATUS}.twin?.dream === 'own'")
    page.get_by_role("button", name="Give it the same actions").wait_for()
    page.get_by_role("button", name="Dream", exact=True).click()
    page.wait_for_function(f"{STATUS}.twin === null && {STATUS}.dream !== null")
    page.get_by_role("button", name="Both").click()
    page.wait_for_function(f"{STATUS}.twin?.dream === 'same' && {STATUS}.dream === null")
    page.get_by_role("button", name="Back to reality").click()
    page.wait_for_function(f"{STATUS}.twin === null && {STATUS}.dream === null")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_policy_without_an_imagination_cannot_dream(serve, visit):
    page = visit(serve())
    page.locator('[data-set="policy"]').select_option("hold")
    page.wait_for_function(f"{STATUS}.policy === 'hold'")
    dream = page.get_by_role("button", name="Dream", exact=True)
    page.wait_for_function("document.querySelector('[data-realm=dream]').disabled")
    assert "no imagination" in dream.get_attribute("title")
