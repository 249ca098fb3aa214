"""Measures driving in Chromium over loopback: key to moving picture, and commands a second, beside a running policy.

python -m wam_demo demo --port 7979 &
python tools/drive_latency.py http://127.0.0.1:7979
python tools/drive_latency.py "http://127.0.0.1:7979/#policy=hold"  # what pictures and commands take without one
python tools/drive_latency.py http://127.0.0.1:7979 dream  # in what the policy imagines
"""

import random
import shutil
import statistics
import sys

PRESSES = 21
_WAM = "document.querySelector('.wam')"


def main(url: str, dreams: bool) -> None:
    """Hold a key again and again, at random moments of a control step."""
    from playwright.sync_api import sync_playwright

    rng, rates = random.Random(0), []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(url)
        page.wait_for_function(f"{_WAM}?.live?.drawn > 30", timeout=100_000)
        page.locator('[data-speed="1"]').click()  # a control step takes its 0.1 s; at half speed 0.2
        if dreams:
            page.keyboard.press("u")
            page.wait_for_function(f"{_WAM}.live.status.dream?.steps > 2")
        page.keyboard.press("g")
        for _ in range(PRESSES):
            key = rng.choice("wasdrf")
            page.keyboard.down(key)
            page.wait_for_timeout(1100 + rng.randrange(300))
            rates.append(page.evaluate(f"{_WAM}.live.status.drive?.rate ?? 0"))
            page.keyboard.up(key)
            page.wait_for_timeout(300 + rng.randrange(100))
        latencies = sorted(page.evaluate(f"{_WAM}.drive.latencies"))
        pictures = page.evaluate(f"{_WAM}.live.fps")
        policy = page.locator('[data-badge="policy"] b').inner_text()
        browser.close()
    if not latencies:
        sys.exit("no command reached the arm in time: the machine has too much to do")
    print(f"key to moving picture: median {statistics.median(latencies):.0f} ms of {len(latencies)}", end=", ")
    print(f"fastest {latencies[0]:.0f}, slowest {latencies[-1]:.0f}")
    print(f"commands: median {statistics.median(rates):.0f} a second; policy call {policy} ms", end="; ")
    print(f"{pictures:.1f} pictures a second at the end")


if __name__ == "__main__":
    main(sys.argv[1], "dream" in sys.argv[2:])
