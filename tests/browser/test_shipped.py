"""The app as shipped, real weights and simulator, in Chromium: how fast pictures arrive. Needs an idle machine."""

import pytest

from wam_demo.ui.app import build_app, launch_arguments, open_hub
from wam_demo.ui.catalogue import shipped, warm_up

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SECONDS = 10
DRAWN = "document.querySelector('.wam').live.drawn"


def test_one_visitor_sees_12_frames_a_second_and_two_see_8_each(browser):
    catalogue = shipped()
    warm_up(catalogue)
    hub = open_hub(catalogue)
    app = build_app(catalogue, hub)
    _, url, _ = app.launch(**launch_arguments(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1"))
    contexts, pages = [], []
    try:
        for least in (12, 8):
            contexts.append(browser.new_context(viewport={"width": 1280, "height": 720}))
            pages.append(contexts[-1].new_page())
            pages[-1].goto(url)
            pages[-1].wait_for_function(f"document.querySelector('.wam')?.live && {DRAWN} > 2", timeout=60_000)
            pages[-1].wait_for_timeout(4000)
            before = [page.evaluate(DRAWN) for page in pages]
            pages[-1].wait_for_timeout(1000 * SECONDS)
            rates = [(page.evaluate(DRAWN) - start) / SECONDS for page, start in zip(pages, before, strict=True)]
            print(f"{len(pages)} visitors, frames a second: {rates}")
            assert min(rates) >= least
    finally:
        for context in contexts:
            context.close()
        hub.close()
        app.close()
