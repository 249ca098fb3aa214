"""Messages of numbers: msgpack with numpy arrays, as openpi sends them; nothing that arrives is trusted."""

from __future__ import annotations

import math
from typing import Any

import msgpack
import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.limits import SERVER_MESSAGE_BYTES

DTYPES = ("|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8")
"""Element types that may arrive: plain numbers. No objects, strings, records or complex numbers."""
MAX_DIMENSIONS = 6
MAX_ENTRIES = 256
"""Entries of one list or map; numbers travel as arrays."""
MAX_TEXT = 2**21
"""Bytes of one text: pictures of panels travel as base64."""

_ARRAY, _SCALAR = b"__ndarray__", b"__npgeneric__"


def encode(message: dict[str, Any]) -> bytes:
    """A message as bytes.

    Raises:
        InvalidInputError: It holds something that is neither plain data nor a numeric array.
    """
    try:
        return msgpack.packb(message, default=_pack)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInputError(f"the message cannot be sent: {error}") from error


def decode(data: bytes) -> dict[str, Any]:
    """A message from bytes; arrays are read-only views into ``data``.

    Raises:
        InvalidInputError: It is too large, not msgpack, not a map, or holds an array whose type,
            shape and size do not agree.
    """
    if len(data) > SERVER_MESSAGE_BYTES:
        raise InvalidInputError(f"the message has {len(data)} bytes; at most {SERVER_MESSAGE_BYTES} are accepted")
    try:
        message = msgpack.unpackb(
            data,
            object_hook=_unpack,
            max_str_len=MAX_TEXT,
            max_array_len=MAX_ENTRIES,
            max_map_len=MAX_ENTRIES,
            max_ext_len=0,
        )
    except InvalidInputError:
        raise
    except Exception as error:  # msgpack raises many kinds, all of them about these bytes
        raise InvalidInputError(f"the message is not msgpack: {type(error).__name__}") from error
    if not isinstance(message, dict):
        raise InvalidInputError(f"the message is a {type(message).__name__}, expected a map from key to value")
    return message


def _pack(value: Any) -> dict[bytes, Any]:
    if not isinstance(value, np.ndarray | np.generic) or value.dtype.str not in DTYPES:
        raise TypeError(f"{getattr(value, 'dtype', type(value).__name__)} is not a type of numbers")
    if isinstance(value, np.ndarray):
        return {_ARRAY: True, b"data": value.tobytes(), b"dtype": value.dtype.str, b"shape": value.shape}
    return {_SCALAR: True, b"data": value.item(), b"dtype": value.dtype.str}


def _unpack(entry: dict[Any, Any]) -> Any:
    if _ARRAY in entry:
        return _array(entry)
    return _scalar(entry) if _SCALAR in entry else entry


def _array(entry: dict[Any, Any]) -> np.ndarray:
    dtype, shape, data = _dtype(entry), entry.get(b"shape"), entry.get(b"data")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS or not all(_is_size(size) for size in shape):
        raise InvalidInputError(f"an array has the shape {str(shape)[:60]}, expected up to 6 whole numbers >= 0")
    if not isinstance(data, bytes) or len(data) != math.prod(shape) * dtype.itemsize:
        have = len(data) if isinstance(data, bytes) else type(data).__name__
        raise InvalidInputError(f"an array of shape {tuple(shape)} {dtype.name} does not hold {have} bytes")
    return np.frombuffer(data, dtype).reshape(shape)


def _scalar(entry: dict[Any, Any]) -> np.generic:
    dtype, value = _dtype(entry), entry.get(b"data")
    if not isinstance(value, bool | int | float):
        raise InvalidInputError(f"a numpy number is sent as a {type(value).__name__}")
    try:
        return dtype.type(value)
    except (OverflowError, ValueError) as error:
        raise InvalidInputError(f"{str(value)[:40]} does not fit into {dtype.name}") from error


def _dtype(entry: dict[Any, Any]) -> np.dtype:
    name = entry.get(b"dtype")
    if name not in DTYPES:
        raise InvalidInputError(f"arrays of type {str(name)[:40]!r} are not accepted; valid: {', '.join(DTYPES)}")
    return np.dtype(name)


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
