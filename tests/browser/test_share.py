"""Sharing in Chromium: a clip in two clicks, a link that opens alive and ends in an invitation, the address."""

import io

import av
import pytest
from PIL import Image

pytestmark = pytest.mark.browser

STATUS = "document.querySelector('.wam').live.status"
PLACE = "Object.fromEntries(new URLSearchParams(location.hash.slice(1)))"


def open_dialog(page, step: int = 12) -> None:
    page.wait_for_function(f"{STATUS}.step > {step}")
    page.get_by_role("button", name="Share", exact=True).click()
    page.wait_for_function("document.querySelector('[data-text=link]').value")


def test_a_clip_is_two_clicks_away(serve, visit):
    page = visit(serve())
    open_dialog(page)
    with page.expect_download() as arriving:
        page.get_by_role("button", name="Clip (mp4)").click()
    assert arriving.value.suggested_filename == "reach-steer-0.mp4"
    with av.open(str(arriving.value.path())) as container:
        assert sum(1 for _ in container.decode(video=0)) > 12
    with page.expect_download() as arriving:
        page.get_by_role("button", name="Clip (GIF)").click()
    assert Image.open(io.BytesIO(arriving.value.path().read_bytes())).n_frames > 6
    assert "is saved" in page.locator("dialog.share .told").inner_text()
    assert page.locator("dialog.share .poster").is_visible()


@pytest.mark.parametrize(("realm", "title"), [("Dream", "Share this dream"), ("Both", "Share reality and its dream")])
def test_a_dream_is_a_clip_without_a_link(serve, visit, realm, title):
    page = visit(serve())
    page.wait_for_function(f"{STATUS}.step > 3")
    page.get_by_role("button", name=realm, exact=True).click()
    page.wait_for_function(f"({STATUS}.dream?.steps ?? {STATUS}.twin?.step - {STATUS}.twin?.forked) > 12")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.locator("dialog.share")
    dialog.locator(".poster").wait_for(state="visible")
    assert dialog.locator("h2").inner_text() == title
    assert not dialog.locator('[data-text="link"]').is_visible()
    with page.expect_download() as arriving:
        page.get_by_role("button", name="Clip (mp4)").click()
    assert arriving.value.suggested_filename == f"{realm.lower()}-reach-steer.mp4"
    with av.open(str(arriving.value.path())) as container:
        assert sum(1 for _ in container.decode(video=0)) > 8


def test_the_link_opens_alive_and_ends_in_an_invitation(serve, visit, browser):
    served = serve()
    page = visit(served)
    page.get_by_role("button", name="Drop distractor").click()
    open_dialog(page, step=20)
    link = page.locator('[data-text="link"]').input_value()
    assert "/share/" in link
    context = browser.new_context()
    other = context.new_page()
    other.goto(link)
    other.wait_for_function(f"document.querySelector('.wam')?.live?.status && {STATUS}.replay", timeout=20_000)
    assert other.evaluate(PLACE)["share"] == link.rsplit("/", 1)[1]
    alive = f"{STATUS}.strip.shares && {STATUS}.strip.imagined_at !== null"
    other.wait_for_function(f"{STATUS}.replay && {alive}")
    other.get_by_role("button", name="Now you").click()
    other.wait_for_function(f"!{STATUS}.replay && {STATUS}.state === 'running' && {STATUS}.seed === 0")
    other.wait_for_function("!location.hash.includes('share')")
    assert other.get_by_role("button", name="Now you").count() == 0
    context.close()


def test_a_link_has_a_preview_with_its_own_picture(serve, visit):
    served = serve()
    page = visit(served)
    open_dialog(page)
    link = page.locator('[data-text="link"]').input_value()
    source = page.request.get(link, max_redirects=0).text()
    assert f'property="og:image" content="{link}.jpg"' in source
    picture = Image.open(io.BytesIO(page.request.get(f"{link}.jpg").body()))
    assert picture.width > 500
    assert 'property="og:image"' in page.request.get(served.url).text()
    assert page.request.get(f"{served.url}share/preview.png").headers["content-type"] == "image/png"


def test_a_damaged_link_is_one_line_and_the_page_works(serve, visit):
    page = visit(serve(), address="#share=nobody")
    page.wait_for_function("document.querySelector('.status').textContent.includes('not kept here')")
    page.wait_for_function(f"{STATUS}.state === 'running'")


def test_policy_and_seed_stand_in_the_address_and_a_reload_keeps_them(serve, visit):
    page = visit(serve(), address="#policy=hold&seed=7&with=light-3")
    page.wait_for_function(f"{STATUS}.policy === 'hold' && {STATUS}.seed === 7 && {STATUS}.severities.light === 3")
    page.get_by_label("Task").select_option("wander")
    page.wait_for_function(f"({PLACE}).task === 'wander'")
    page.reload()
    page.wait_for_function(f"document.querySelector('.wam')?.live?.status && {STATUS}.task === 'wander'")
    page.wait_for_function(f"{STATUS}.policy === 'hold' && {STATUS}.seed === 7 && {STATUS}.severities.light === 3")


def test_back_leads_to_the_policy_and_the_tab_before(serve, visit):
    page = visit(serve())
    page.wait_for_function(f"({PLACE}).policy === 'steer'")
    page.get_by_label("Policy").select_option("hold")
    page.wait_for_function(f"({PLACE}).policy === 'hold'")
    page.get_by_role("tab", name="Report & API").click()
    page.wait_for_function(f"({PLACE}).tab === 'report-api'")
    page.reload()
    page.get_by_role("tab", name="Report & API", selected=True).wait_for()
    page.go_back()
    page.get_by_role("tab", name="Live", selected=True).wait_for()
    page.go_back()
    page.wait_for_function(f"{STATUS}.policy === 'steer'")


def test_words_that_no_list_knows_are_left_alone(serve, visit):
    page = visit(serve(), address="#tab=nowhere&policy=nobody&seed=-3&task=%3Cb%3E")
    page.wait_for_function(f"({PLACE}).policy === 'steer' && ({PLACE}).seed === '0'")
    assert page.locator(".status.warn").count() == 0


def test_the_dialog_fits_a_phone(serve, visit):
    page = visit(serve(), width=390, height=844)
    open_dialog(page)
    box = page.locator("dialog.share").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    for button in page.locator("dialog.share .row button").all():
        assert button.bounding_box()["height"] >= 44
