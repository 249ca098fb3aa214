"""The part for programs in Chromium: the page's own address in every snippet, copying, phones."""

import os

import pytest

pytestmark = pytest.mark.browser


def keep(page, name):
    """Keep a picture for people to look at, if they said where."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


@pytest.mark.parametrize(("width", "height", "scheme"), [(1280, 720, "dark"), (390, 844, "light")])
def test_snippets_hold_this_pages_address_and_can_be_copied(serve, visit, width, height, scheme):
    served = serve()
    page = visit(served, width, height, scheme)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("tab", name="Report & API").click()
    page.wait_for_selector("#programs pre")
    address = served.url.rstrip("/")
    first = page.inner_text("#programs pre >> nth=0")
    assert f'Client("{address}")' in first
    page.click("#programs [data-copy] >> nth=0")
    page.wait_for_function("document.querySelector('#programs [data-copy]').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()").strip() == first.strip()
    assert page.locator("#programs .endpoints section").count() == 4
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep(page, f"api-{width}")
    page.locator("#api-try").scroll_into_view_if_needed()
    keep(page, f"api-end-{width}")
