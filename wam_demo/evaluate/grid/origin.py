"""Where and when a grid was begun: date, versions and hardware, kept in its journal."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import wam_demo

_PACKAGES = ("torch", "mujoco", "numpy")
"""Packages whose versions decide the last bits of an episode."""


def origin() -> dict[str, str]:
    """This moment and machine, for people: name and value."""
    found = {
        "begun": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "wam_demo": wam_demo.__version__,
        "python": platform.python_version(),
    }
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return {**found, "hardware": f"{_processor()}, {os.cpu_count()} cores", "system": platform.platform(terse=True)}


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def in_words(kept: Mapping[str, object]) -> list[tuple[str, str]]:
    """What a journal keeps of its origin, safe to show; one of before has none."""
    return [(str(name)[:40], str(value)[:200]) for name, value in kept.items()]
