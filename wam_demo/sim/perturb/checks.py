"""Types and ranges of the parameters of events; all raise `InvalidInputError` with one line."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.errors import InvalidInputError, UnknownNameError

LARGEST = 2**31
"""No parameter means anything beyond this."""
LARGEST_SEED = 2**63 - 1


def numbers(
    parameters: Mapping[str, Any], name: str, count: int, low: float, high: float, default: float | None = None
) -> NDArray[np.float64]:
    """``count`` finite numbers of a parameter, clipped to a range."""
    value = parameters.get(name, default)
    if value is None:
        raise InvalidInputError(f"parameter {name!r} is missing")
    values = value if isinstance(value, (list, tuple)) else [value]
    if len(values) != count or not all(map(_is_number, values)):
        raise InvalidInputError(f"parameter {name!r} is {_short(value)}: valid is {count} finite number(s)")
    return np.clip(np.array(values, dtype=float), low, high)


def number(parameters: Mapping[str, Any], name: str, low: float, high: float, default: float | None = None) -> float:
    """One finite number of a parameter, clipped to a range."""
    return float(numbers(parameters, name, 1, low, high, default)[0])


def integer(value: Any, name: str, low: int, high: int) -> int:
    """A whole number within a range; 3.0 is one, ``True`` is none."""
    if not _is_number(value, LARGEST_SEED) or not low <= value <= high or value != int(value):
        raise InvalidInputError(f"{name} is {_short(value)}: valid is a whole number {low} .. {high}")
    return int(value)


def choice(parameters: Mapping[str, Any], name: str, valid: Collection[str]) -> str:
    """One of the valid names."""
    value = parameters.get(name)
    if not isinstance(value, str) or value not in valid:
        raise UnknownNameError(name, value if isinstance(value, str) else _short(value), valid)
    return value


def flag(parameters: Mapping[str, Any], name: str) -> bool:
    """A truth value, false when it is missing."""
    value = parameters.get(name, False)
    if not isinstance(value, bool):
        raise InvalidInputError(f"parameter {name!r} is {_short(value)}: valid is true or false")
    return value


def mapping(value: object, name: str, keys: Collection[str]) -> Mapping[str, Any]:
    """A map with none but these keys."""
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"{name} is {_short(value)}: valid is a map of {', '.join(keys)}")
    for key in value:
        if key not in keys:
            raise UnknownNameError(f"entry of {name}", key if isinstance(key, str) else _short(key), keys)
    return value


def entries(value: object, name: str, low: int, high: int) -> Sequence[Any]:
    """A list of a length within a range."""
    if not isinstance(value, (list, tuple)) or not low <= len(value) <= high:
        raise InvalidInputError(f"parameter {name!r} is {_short(value)}: valid is a list of {low} .. {high}")
    return value


def _is_number(value: object, largest: float = LARGEST) -> bool:
    """No NaN, no infinity, no truth value."""
    kinds = (int, float, np.integer, np.floating)
    return isinstance(value, kinds) and not isinstance(value, bool) and bool(-largest <= value <= largest)


def _short(value: object) -> str:
    """The value for a message; Python refuses to print integers of thousands of digits."""
    if isinstance(value, int) and abs(value) > LARGEST_SEED:
        return "a huge number"
    return repr(value)[:60] if not isinstance(value, (list, tuple, Mapping)) else f"a {type(value).__name__}"
