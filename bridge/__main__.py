"""``python -m bridge --driver NAME``: one arm, served until it is interrupted or terminated.

The token comes from the environment (`TOKEN_VARIABLE`), where other users of the machine cannot read it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from bridge.arm import Arm
from bridge.conformance import check_driver
from bridge.drivers import open_driver
from bridge.ringlog import RingLog
from bridge.server import serve_arm
from wam_demo.robots.arm.wire import PORT

TOKEN_VARIABLE = "WAM_DEMO_ARM_TOKEN"
SWITCH_S = 0.0005
NICENESS = -15


def main() -> int:
    """Exit code 0, or 2 with one line."""
    options = _options()
    try:
        driver = open_driver(options.driver, json.loads(options.options))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.check:
        results = check_driver(driver)
        print(json.dumps([{"rule": result.rule, "fault": result.fault} for result in results]))
        return 0
    token = os.environ.get(TOKEN_VARIABLE, "")
    if len(token) < 16:
        print(f"error: {TOKEN_VARIABLE} needs a token of 16 or more characters", file=sys.stderr)
        return 2
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    _prefer_control()
    arm = Arm(driver, RingLog(options.log))
    try:
        serve_arm(arm, token, options.port, lambda url: print(f"listening at {url}", flush=True), ending.is_set)
    except OSError as error:
        print(f"error: cannot listen on port {options.port}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


def _prefer_control() -> None:
    """The control thread is not kept waiting: by other threads of Python, nor, where permitted, by other processes."""
    sys.setswitchinterval(SWITCH_S)
    with suppress(OSError):
        os.nice(NICENESS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bridge", description="Serve one arm behind its safety gate.")
    parser.add_argument("--driver", required=True, help="panda-sim, so101-sim, so101, or module:Class")
    parser.add_argument("--options", default="{}", metavar="JSON", help="keyword arguments of the driver")
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free one")
    parser.add_argument("--log", type=Path, default=Path("state/arm.log"), help="ring log of the last minute")
    parser.add_argument("--check", action="store_true", help="put the driver through the conformance test instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
