"""Waiting for something to become true."""

import time
from collections.abc import Callable


def eventually(holds: Callable[[], bool], timeout: float = 8.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.02)
