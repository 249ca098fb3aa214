"""The bridge as a process: started with the Python that its driver needs, and stopped."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wam_demo.config import ROOT, STATE
from wam_demo.errors import InvalidInputError
from wam_demo.robots.arm.client import ArmAddress
from wam_demo.robots.arm.settings import TOKEN_VARIABLE

BRIDGE_PYTHON = ROOT / "bridge" / ".venv" / "bin" / "python"
"""Made by ``make arm``."""
OWN_PYTHON = ("panda-sim",)
"""Drivers that run with the Python of the app."""
LOG = STATE / "arm.log"
STOP_S = 5.0


def bridge_python(driver: str) -> str:
    """The interpreter for a driver; raises `InvalidInputError` if its environment is not there."""
    if not (ROOT / "bridge" / "__main__.py").exists():
        raise InvalidInputError("the bridge is part of the checkout: run this from one")
    if driver in OWN_PYTHON:
        return sys.executable
    if not BRIDGE_PYTHON.exists():
        raise InvalidInputError(f"driver {driver!r} needs the environment of the bridge: make arm")
    return str(BRIDGE_PYTHON)


def bridge_command(driver: str, options: Mapping[str, Any], *more: str) -> list[str]:
    """The command line of a bridge; raises `InvalidInputError`."""
    return [bridge_python(driver), "-m", "bridge", "--driver", driver, "--options", json.dumps(dict(options)), *more]


def bridge_environment(token: str) -> dict[str, str]:
    """Of the bridge's process: the token, and the checkout on the path for the wire format."""
    return {**os.environ, TOKEN_VARIABLE: token, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


class BridgeProcess:
    """A bridge of our own, until `close`; a context manager.

    Args:
        driver: Name of the driver, or ``module:Class``.
        options: Of the driver.
        log: Its ring log.
        token: A new one by default.

    Raises:
        InvalidInputError: It does not start; the message is its own.
    """

    def __init__(
        self, driver: str, options: Mapping[str, Any] | None = None, log: Path = LOG, token: str | None = None
    ) -> None:
        token = token or secrets.token_hex(16)
        command = bridge_command(driver, options or {}, "--port", "0", "--log", str(log))
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=bridge_environment(token), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if "listening at " not in said:
            _, error = self.process.communicate()
            raise InvalidInputError(error.strip().splitlines()[-1] if error.strip() else "the bridge did not start")
        self.address = ArmAddress(said.split("listening at ")[1].strip(), token)

    def close(self) -> None:
        """Let the arm come to rest and end. Idempotent."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    def __enter__(self) -> BridgeProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
