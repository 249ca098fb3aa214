"""Numbers of a recording, checked and summed up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from wam_demo.data.uploads.contracts import Numbers, Signal
from wam_demo.errors import InvalidInputError
from wam_demo.limits import EPISODE_FRAMES

NOTES = 5
"""Lines of one kind that are said about a file."""


def check_length(frames: int) -> int:
    """Return the number of frames if an episode may have as many."""
    if frames > EPISODE_FRAMES:
        raise InvalidInputError(f"an episode has {frames} frames, more than {EPISODE_FRAMES}")
    return frames


def check_numbers(name: str, rows: Numbers) -> Numbers:
    """Return (T, D) values that are finite; holes are filled with the value before.

    Raises:
        InvalidInputError: Nothing is finite.
    """
    finite = np.isfinite(rows)
    if finite.all():
        return rows
    if rows.size and not finite.any():
        raise InvalidInputError(f"{name[:60]!r} holds no finite value")
    index = np.where(finite, np.arange(len(rows))[:, None], 0)
    filled = np.take_along_axis(rows, np.maximum.accumulate(index, axis=0), axis=0)
    return np.nan_to_num(filled, posinf=0.0, neginf=0.0)


def length_notes(rows: Mapping[str, int], frames: int) -> tuple[str, ...]:
    """A line on each array (rows by name) that does not have one row a frame, and on how many more there are."""
    odd = [f"{name[:60]} has {count} rows for {frames} frames" for name, count in rows.items() if count != frames]
    return tuple(odd[:NOTES] + ([f"so do {len(odd) - NOTES} more"] if len(odd) > NOTES else []))


def summarise(name: str, rows: Numbers, names: Sequence[str] = ()) -> Signal:
    """The `Signal` of (T, D) values."""
    dim = rows.shape[1]
    named = tuple(map(str, names)) if len(names) == dim else ()
    if not len(rows):
        return Signal(name, dim, named)
    low, high = rows.min(0), rows.max(0)
    return Signal(name, dim, named, tuple(map(float, low)), tuple(map(float, high)))
