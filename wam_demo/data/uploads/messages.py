"""Pictures and numbers from the messages of a log: ROS images, joint states, poses, any numeric fields."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.data.uploads.stills import as_rgb, check_size, decode_still, image_size
from wam_demo.errors import InvalidInputError
from wam_demo.types import Image

_RAW = ("sensor_msgs/msg/Image", "sensor_msgs/Image", "foxglove.RawImage", "foxglove_msgs/msg/RawImage")
_PACKED = (
    "sensor_msgs/msg/CompressedImage", "sensor_msgs/CompressedImage",
    "foxglove.CompressedImage", "foxglove_msgs/msg/CompressedImage",
)  # fmt: skip
_CHANNELS = {"rgb8": "RGB", "bgr8": "BGR", "8UC3": "BGR", "rgba8": "RGBA", "bgra8": "BGRA", "mono8": "L", "8UC1": "L"}
_IGNORED = frozenset({"header", "stamp", "timestamp", "time", "covariance", "name", "frame_id", "layout"})
MAX_NUMBERS = 512
"""Longer arrays are point clouds, maps and the like, no state."""


def is_picture(kind: str) -> bool:
    """Whether messages of this type are camera images."""
    return kind in _RAW or kind in _PACKED


def picture_size(message: Any, kind: str) -> tuple[int, int]:
    """Width and height of an image message, from its header."""
    if kind in _PACKED:
        return image_size(_data(message))
    return check_size(int(_get(message, "width")), int(_get(message, "height")))


def picture(message: Any, kind: str) -> Image:
    """(H, W, 3) uint8 RGB of an image message.

    Raises:
        InvalidInputError: Its encoding is not an 8-bit colour or grey image, or its data are too short.
    """
    if kind in _PACKED:
        return decode_still(_data(message))
    width, height = picture_size(message, kind)
    order = _CHANNELS.get(str(_get(message, "encoding")))
    if order is None:
        raise InvalidInputError(f"images encoded as {str(_get(message, 'encoding'))[:30]!r} are not read; "
                                f"valid: {', '.join(_CHANNELS)}")  # fmt: skip
    step, data = int(_get(message, "step")), np.frombuffer(_data(message), np.uint8)
    if step < width * len(order) or data.size < step * height:
        raise InvalidInputError("an image message is shorter than its size says")
    rows = data[: step * height].reshape(height, step)[:, : width * len(order)].reshape(height, width, len(order))
    return as_rgb(rows[..., [order.index(c) for c in "RGB"]] if "R" in order else rows)


def numbers(message: Any) -> tuple[list[str], NDArray[np.float32]]:
    """Every number of a message, with its path; of joint states the positions, named by their joints."""
    found = list(_numbers(message, "", 0))
    if _optional(message, "name") is not None and _optional(message, "position") is not None:
        found = [(path, value) for path, value in found if path.startswith("position")]
    if len(found) > MAX_NUMBERS:
        return [], np.empty(0, np.float32)
    joints = _optional(message, "name")
    paths = [path for path, _ in found]
    if isinstance(joints, (list, tuple)) and joints and all(isinstance(joint, str) for joint in joints):
        paths = [_by_joint(path, joints) for path in paths]
    return paths, np.asarray([value for _, value in found], np.float32)


def _by_joint(path: str, joints: Sequence[str]) -> str:
    """``position[2]`` as ``position.elbow``."""
    stem, bracket, index = path.removesuffix("]").partition("[")
    return f"{stem}.{joints[int(index)]}" if bracket and index.isdigit() and int(index) < len(joints) else path


def _numbers(value: Any, path: str, depth: int) -> Iterator[tuple[str, float]]:
    if isinstance(value, (bool, int, float, np.number)):
        yield path, float(value)
    elif isinstance(value, np.ndarray):
        if value.dtype.kind in "biuf" and value.size <= MAX_NUMBERS:
            yield from ((f"{path}[{i}]", float(v)) for i, v in enumerate(value.reshape(-1)))
    elif depth > 5 or isinstance(value, (str, bytes)):
        return
    elif isinstance(value, Mapping) or is_dataclass(value):
        for name in value if isinstance(value, Mapping) else [f.name for f in fields(value)]:
            if not str(name).startswith("__") and name not in _IGNORED:
                yield from _numbers(_get(value, name), f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, Sequence) and len(value) <= MAX_NUMBERS:
        for i, entry in enumerate(value):
            yield from _numbers(entry, f"{path}[{i}]", depth + 1)


def _get(message: Any, name: str) -> Any:
    try:
        return message[name] if isinstance(message, Mapping) else getattr(message, name)
    except (KeyError, AttributeError):
        raise InvalidInputError(f"a message lacks its field {name!r}") from None


def _optional(message: Any, name: str) -> Any:
    return message.get(name) if isinstance(message, Mapping) else getattr(message, name, None)


def _data(message: Any) -> bytes:
    data = _get(message, "data")
    if isinstance(data, str):  # JSON
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInputError("the data of an image message are not base64") from None
    return bytes(data)
