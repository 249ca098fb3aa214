"""Values that pages and programs send: each is checked before it goes anywhere."""

from __future__ import annotations

import math
from collections.abc import Collection

from wam_demo.errors import InvalidInputError, UnknownNameError


def shown(value: object) -> str:
    """A value in an error message: short, whatever it is."""
    if value is None:
        return "nothing"
    try:
        return repr(value)[:40]
    except ValueError:  # Python refuses to print whole numbers of thousands of digits
        return "a number too long to print"


def number(what: str, value: object, low: float, high: float) -> float:
    """A number within its range.

    Raises:
        InvalidInputError: It is none, or outside.
    """
    # Compared before it is converted: a whole number may be larger than any float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidInputError(f"{what} must be a number from {low} to {high}, got {shown(value)}")
    return float(value)


def whole(what: str, value: object, low: int, high: int) -> int:
    """A whole number within its range.

    Raises:
        InvalidInputError: It is none, or outside.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high or value % 1:
        raise InvalidInputError(f"{what} must be a whole number from {low} to {high}, got {shown(value)}")
    return int(value)


def seconds(what: str, value: object, longest: float) -> float | None:
    """Seconds that a person has typed; ``None`` for nothing.

    Raises:
        InvalidInputError: It is no time from 0 to ``longest``.
    """
    if value is None or value == "":
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= longest:
        raise InvalidInputError(f"{what} must be seconds from 0 on, not {shown(value)}")
    return number


def one_of(kind: str, name: object, valid: Collection[str]) -> str:
    """A name that exists.

    Raises:
        UnknownNameError: It does not; the text suggests the closest.
    """
    if not isinstance(name, str) or name not in valid:
        raise UnknownNameError(kind, name if isinstance(name, str) else shown(name), valid)
    return name
