"""The part for programs in Chromium: the page's own address in every snippet, copying, phones."""

import os

import pytest

from tests.policies.remote.conftest import host  # noqa: F401
from wam_demo.ui.api import connection

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
    described = page.locator("#programs .described").evaluate_all("nodes => nodes.map((node) => node.clientWidth)")
    assert min(described) > 0.8 * page.locator("#programs").evaluate("node => node.clientWidth") - 40
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep(page, f"api-{width}")
    page.locator("#api-try").scroll_into_view_if_needed()
    keep(page, f"api-end-{width}")


def test_the_connection_to_a_policy_server_is_tested_from_the_page(serve, visit, host, monkeypatch):  # noqa: F811
    monkeypatch.setattr(connection, "LONGEST_S", 300.0)
    server = host()
    page = visit(serve(own_machine=True))
    page.get_by_role("tab", name="Report & API").click()
    page.get_by_label("Server on this machine").fill(server.url)
    page.get_by_role("button", name="Test", exact=True).click()
    page.locator(".connection .answer", has_text="fake answers.").wait_for(timeout=60_000)
    rows = page.locator(".connection dl").inner_text()
    assert "plan, median of 20" in rows
    assert "the way there and back takes" in rows
    page.get_by_label("Server on this machine").fill("ws://example.org")
    page.get_by_role("button", name="Test", exact=True).click()
    page.locator(".connection .answer.warn", has_text="only servers of this machine").wait_for()
    assert not page.locator(".connection dl").is_visible()


def test_a_page_for_everybody_offers_no_address_to_test(serve, visit):
    page = visit(serve())
    page.get_by_role("tab", name="Report & API").click()
    page.wait_for_selector("#programs pre")
    assert page.locator(".connection").count() == 0
    assert "wam_demo serve" in page.locator("#programs").inner_text()
