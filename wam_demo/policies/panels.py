"""Panels as plain values and back: one form for the wire, for logs, for exports and for the page.

Numbers are numbers and pictures are PNG files in base64, so msgpack and JSON carry the same thing.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, ActionChunk, Band, Chunks, Frames, Heatmap, Image, Panel, Scalars

MAX_PANELS = 16
MAX_NAMES = 32
"""Cameras, chunks or numbers of one panel."""
MAX_PICTURES = 16
"""Pictures of one camera."""
MAX_SIDE = 512
"""Side [px] of a picture."""
MAX_CELLS = 64
"""Cells along a side of a heatmap."""
MAX_CHARACTERS = 80
"""Of a title, a name or a word."""


def encode_panels(panels: Mapping[str, Panel]) -> dict[str, dict[str, Any]]:
    """Plain values by title: text, numbers, lists and maps only.

    Raises:
        InvalidInputError: A panel is none, or larger than `decode_panels` accepts.
    """
    check_panels(panels)
    return {title: {"kind": panel_kind(panel), **_ENCODE[type(panel)](panel)} for title, panel in panels.items()}


def decode_panels(value: object) -> dict[str, Panel]:
    """Panels by title from what `encode_panels` gave; nothing about ``value`` is trusted.

    Raises:
        InvalidInputError: It is not panels, or they are too many or too large.
    """
    panels: dict[str, Panel] = {}
    for title, entry in panel_entries(value).items():
        kind = entry.get("kind") if isinstance(entry, Mapping) else None
        if not isinstance(kind, str) or kind not in _DECODE:
            raise UnknownNameError("panel kind", kind, _DECODE)
        try:
            panels[title] = _DECODE[kind](entry)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InvalidInputError(f"panel {title!r} is not usable: {' '.join(str(error).split())[:100]}") from error
    check_panels(panels)
    return panels


def check_panels(panels: Mapping[str, Panel]) -> None:
    """Raise `InvalidInputError` unless these can be shown, sent and kept."""
    for title, panel in panel_entries(panels).items():
        if type(panel) not in _CHECK:
            raise InvalidInputError(f"panel {title!r} is a {type(panel).__name__}; valid: {', '.join(_DECODE)}")
        if not _CHECK[type(panel)](panel):
            raise InvalidInputError(f"panel {title!r} is not a usable {panel_kind(panel)} panel")


def panel_kind(panel: Panel) -> str:
    """The word for its type in plain values, one of `PANEL_KINDS`."""
    return type(panel).__name__.lower()


def panel_entries(value: object) -> Mapping[str, Any]:
    """A map by title with as many entries as a prediction may have panels; raises `InvalidInputError`."""
    return _entries(value, "panels", MAX_PANELS)


def _check_frames(panel: Frames) -> bool:
    count = len(panel.steps)
    return (
        0 < count <= MAX_PICTURES
        and all(isinstance(step, int) for step in panel.steps)
        and all(
            isinstance(images, np.ndarray)
            and images.dtype == np.uint8
            and images.ndim == 4
            and (len(images), images.shape[3]) == (count, 3)
            and 0 < min(images.shape[1:3]) <= max(images.shape[1:3]) <= MAX_SIDE
            for images in _entries(panel.images, "cameras").values()
        )
    )


def _check_heatmap(panel: Heatmap) -> bool:
    return all(
        isinstance(grid, np.ndarray)
        and grid.dtype == np.float32
        and grid.ndim == 2
        and 0 < min(grid.shape) <= max(grid.shape) <= MAX_CELLS
        and bool(np.isfinite(grid).all())
        and grid.min() >= 0
        for grid in _entries(panel.grids, "cameras").values()
    )


def _check_chunks(panel: Chunks) -> bool:
    arrays = [np.asarray(chunk.actions) for chunk in _entries(panel.chunks, "chunks").values()]
    return all(array.shape == (CHUNK_STEPS, ACTION_DIM) and bool(np.isfinite(array).all()) for array in arrays)


def _check_band(panel: Band) -> bool:
    return 0 <= panel.value <= 1 and _is_name(panel.low) and _is_name(panel.high)


def _check_scalars(panel: Scalars) -> bool:
    return all(math.isfinite(value) for value in _entries(panel.values, "numbers").values())


_CHECK: dict[type, Callable[[Any], bool]] = {
    Frames: _check_frames,
    Heatmap: _check_heatmap,
    Chunks: _check_chunks,
    Band: _check_band,
    Scalars: _check_scalars,
}
_ENCODE: dict[type, Callable[[Any], dict[str, Any]]] = {
    Frames: lambda p: {"images": {c: [_png(i) for i in images] for c, images in p.images.items()}, "steps": [*p.steps]},
    Heatmap: lambda p: {"grids": {camera: grid.tolist() for camera, grid in p.grids.items()}},
    Chunks: lambda p: {"chunks": {name: np.asarray(c.actions).tolist() for name, c in p.chunks.items()}},
    Band: lambda p: {"value": float(p.value), "low": p.low, "high": p.high},
    Scalars: lambda p: {"values": {name: float(value) for name, value in p.values.items()}},
}
_DECODE: dict[str, Callable[[Mapping[str, Any]], Panel]] = {
    "frames": lambda e: Frames(
        {c: np.stack([_picture(png) for png in pngs[: MAX_PICTURES + 1]]) for c, pngs in _entries(e["images"]).items()},
        tuple(e["steps"]),
    ),
    "heatmap": lambda e: Heatmap({c: np.array(g, np.float32) for c, g in _entries(e["grids"]).items()}),
    "chunks": lambda e: Chunks({n: ActionChunk(np.array(c, np.float32)) for n, c in _entries(e["chunks"]).items()}),
    "band": lambda e: Band(float(e["value"]), e["low"], e["high"]),
    "scalars": lambda e: Scalars({name: float(value) for name, value in _entries(e["values"]).items()}),
}

PANEL_KINDS = tuple(_DECODE)
"""Words for the types of panels."""


def _entries(value: object, what: str = "entries", most: int = MAX_NAMES) -> Mapping[str, Any]:
    """A map from names, neither long nor many."""
    if not isinstance(value, Mapping) or not all(_is_name(name) for name in value):
        raise InvalidInputError(f"{what} must be a map from names of 1 to {MAX_CHARACTERS} characters")
    if len(value) > most:
        raise InvalidInputError(f"there are {len(value)} {what}; at most {most} are accepted")
    return value


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= MAX_CHARACTERS


def _png(image: Image) -> str:
    from PIL import Image as Pillow

    file = io.BytesIO()
    Pillow.fromarray(image).save(file, "PNG", compress_level=1)
    return base64.b64encode(file.getvalue()).decode()


def _picture(png: str) -> Image:
    from PIL import Image as Pillow

    try:
        with Pillow.open(io.BytesIO(base64.b64decode(png, validate=True)), formats=("PNG",)) as picture:
            if max(picture.size) > MAX_SIDE:
                raise ValueError(f"a picture has {picture.size[0]} x {picture.size[1]} pixels")
            return np.array(picture.convert("RGB"))
    except (OSError, SyntaxError, binascii.Error) as error:
        raise ValueError("a picture is not a PNG in base64") from error
