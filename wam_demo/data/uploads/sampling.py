"""From a camera's own frames to square pictures at the control rate: the newest frame at each tick."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from wam_demo.data.uploads.contracts import CameraMapping, TimedImage
from wam_demo.types import CONTROL_HZ, Image

EARLY_S = 0.005
"""A frame that comes this much after a tick still counts for it; clocks of cameras jitter [s]."""


def ticks(seconds: float, start: float, stop: float | None) -> NDArray[np.float64]:
    """Times of control steps [s] in ``start`` .. ``stop`` of a recording that lasts ``seconds``."""
    end = seconds if stop is None else min(stop, seconds)
    count = int(np.floor((end - start) * CONTROL_HZ + 1e-6)) + 1
    return start + np.arange(max(count, 0)) / CONTROL_HZ


def sampled(images: Iterator[TimedImage], at: Iterable[float], camera: CameraMapping, size: int) -> Iterator[Image]:
    """(size, size, 3) uint8 at each of the increasing times: the newest frame, or the first one before it came.

    Args:
        images: The camera's frames, in order.
        at: Seconds.
        camera: How it is shown.
        size: Side of the picture [px].
    """
    current = next(images, None)
    upcoming = next(images, None) if current else None
    shown: Image | None = None
    for tick in at:
        while upcoming is not None and upcoming[0] <= tick + EARLY_S:
            current, upcoming, shown = upcoming, next(images, None), None
        if shown is None:
            if current is None:
                return
            shown = square(current[1](), camera, size)
        yield shown


def square(image: Image, camera: CameraMapping, size: int) -> Image:
    """Turn, fit and resize a picture to (size, size, 3)."""
    picture = turned(image, camera.turn)
    height, width = picture.shape[:2]
    side = min(height, width) if camera.fit == "crop" else max(height, width)
    if camera.fit == "crop":
        top, left = (height - side) // 2, (width - side) // 2
        picture = picture[top : top + side, left : left + side]
    else:
        below, right = side - height, side - width
        picture = cv2.copyMakeBorder(
            np.ascontiguousarray(picture), below // 2, below - below // 2, right // 2, right - right // 2,
            cv2.BORDER_CONSTANT, value=(0, 0, 0),
        )  # fmt: skip
    method = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(picture), (size, size), interpolation=method)


def turned(image: Image, turn: str) -> Image:
    """A picture turned by one of `TURNS`."""
    if turn == "flip":
        return image[::-1]
    quarters = {"none": 0, "left": 1, "half": 2, "right": 3}[turn]
    return np.rot90(image, quarters)
