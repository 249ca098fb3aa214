"""Drivers by name. ``module:Class`` names one that lies elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from bridge.driver import Driver

DRIVERS: Mapping[str, str] = {
    "panda-sim": "bridge.drivers.panda_sim:PandaSim",
    "so101-sim": "bridge.drivers.so101_sim:So101Sim",
    "so101": "bridge.drivers.so101:So101",
}


def open_driver(name: str, options: Mapping[str, Any] | None = None) -> Driver:
    """Make a driver; it is connected later.

    Args:
        name: One of `DRIVERS`, or ``module:Class``.
        options: Keyword arguments of the class.

    Raises:
        ValueError: There is none of that name, it does not take these options, or its environment lacks something.
    """
    module, _, attribute = DRIVERS.get(name, name).partition(":")
    if not attribute:
        raise ValueError(f"unknown driver {name[:60]!r}: valid: {', '.join(DRIVERS)}, or module:Class")
    try:
        return getattr(import_module(module), attribute)(**(options or {}))
    except (ImportError, AttributeError, TypeError) as error:
        raise ValueError(f"driver {name!r} cannot be used here: {error}") from error
