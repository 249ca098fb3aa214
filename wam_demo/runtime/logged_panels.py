"""Panels in a session log: numbers as values; pictures, and what is too much, by title and kind alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wam_demo.policies.panels import PANEL_KINDS, decode_panels, encode_panels, panel_entries, panel_kind
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, Band, Chunks, Panel, Scalars

MAX_NUMBERS = 512
"""Numbers that one control step keeps; four chunks and as many numbers beside them."""
MAX_CHARACTERS = 8_000
"""Of the panels of one control step in a file."""
DIGITS = 7
"""Significant digits of a number in a file, as many as float32 has."""

LoggedPanel = Panel | str
"""A panel with its values, or the kind of one that is only named."""


def kept_panels(panels: Mapping[str, Panel]) -> dict[str, LoggedPanel]:
    """What a log keeps of the panels of a prediction; a panel for which no room is left is only named."""
    kept: dict[str, LoggedPanel] = {}
    room = MAX_NUMBERS
    for title, panel in panels.items():
        count = _numbers(panel)
        if fits := count is not None and count <= room:
            room -= count or 0
        kept[title] = panel if fits else panel_kind(panel)
    return kept


def _numbers(panel: Panel) -> int | None:
    """How many numbers a panel holds; ``None`` for pictures, which no log keeps."""
    match panel:
        case Band():
            return 1
        case Scalars(values):
            return len(values)
        case Chunks(chunks):
            return len(chunks) * CHUNK_STEPS * ACTION_DIM
    return None


def write_panels(panels: Mapping[str, LoggedPanel], values: bool) -> dict[str, Any]:
    """Panels for a line of a log; without ``values``, or when they are too long, titles and kinds alone."""
    names = {t: {"kind": panel if isinstance(panel, str) else panel_kind(panel)} for t, panel in panels.items()}
    if not values:
        return names
    encoded = _rounded(encode_panels({t: panel for t, panel in panels.items() if not isinstance(panel, str)}))
    written = {title: encoded.get(title, name) for title, name in names.items()}
    return written if len(json.dumps(written)) <= MAX_CHARACTERS else names


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return {name: _rounded(item) for name, item in value.items()} if isinstance(value, dict) else value


def read_panels(value: object) -> dict[str, LoggedPanel]:
    """Inverse of `write_panels`; nothing about ``value`` is trusted.

    Raises:
        InvalidInputError: It is not panels, or they are too many or too large.
    """
    entries = panel_entries(value)
    named = {t: e["kind"] for t, e in entries.items() if isinstance(e, dict) and [*e] == ["kind"] and _known(e["kind"])}
    decoded = decode_panels({title: entry for title, entry in entries.items() if title not in named})
    return {title: named.get(title) or decoded[title] for title in entries}


def _known(kind: object) -> bool:
    return isinstance(kind, str) and kind in PANEL_KINDS
