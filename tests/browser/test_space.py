"""The app as a Space will run it, with the shipped weights: a first picture, a clean log, the ninth visitor's turn."""

import os
import re
import subprocess

import pytest

from tests.fakes.space import space
from tests.fakes.waiting import eventually
from wam_demo.config import ROOT
from wam_demo.limits import LIVE_SESSIONS

HUB_BYTES = 10_000_000
"""Larger files are taken by the Hub only as pointers."""
SLOWLY = {"timeout": 180_000}
"""Nine pages share a few cores with the app."""
PLAYS = "(({ status, tiles } = {}) => status?.step > 0 && tiles.has('now.front'))(document.querySelector('.wam')?.live)"
WAITS = "document.querySelector('.status')?.textContent.includes('You are number 1')"
TROUBLE = re.compile(r"traceback|error|exception|permission denied|read-only", re.IGNORECASE)


def answers(url: str) -> bool:
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=10) as page:
            return page.status == 200
    except OSError:
        return False


def test_files_that_the_hub_wants_as_pointers_carry_its_attributes():
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    large = [name for name in filter(None, tracked.split("\0")) if (ROOT / name).stat().st_size > HUB_BYTES]
    command = ["git", "check-attr", "filter", "--", *large]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert len(large) >= 2
    assert [line.rsplit(": ", 1)[1] for line in told.splitlines()] == ["lfs"] * len(large)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(900)
def test_as_an_unprivileged_user_it_shows_a_picture_and_the_ninth_visitor_gets_in(browser):
    with space() as app:
        eventually(lambda: answers(app.url) or app.process.poll() is not None, timeout=180)
        assert app.process.poll() is None, app.log.read_text()
        owner = os.stat(f"/proc/{app.process.pid}").st_uid
        assert owner != 0
        assert os.sched_getaffinity(app.process.pid) <= {0, 1}
        pages = [_page(browser, app.url) for _ in range(LIVE_SESSIONS)]
        for page in pages:
            page.wait_for_function(PLAYS, **SLOWLY)
        ninth = _page(browser, app.url)
        ninth.wait_for_function(WAITS, **SLOWLY)
        pages.pop(0).context.close()
        ninth.wait_for_function(PLAYS, **SLOWLY)
        assert app.process.poll() is None
        for page in [*pages, ninth]:
            page.context.close()
        trouble = [line for line in app.log.read_text().splitlines() if TROUBLE.search(line)]
        assert trouble == []


def _page(browser, url):
    page = browser.new_context(viewport={"width": 640, "height": 480}).new_page()
    page.goto(url, **SLOWLY)
    return page
