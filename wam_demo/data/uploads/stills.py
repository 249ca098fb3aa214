"""Encoded still images from strangers: the header is read, and refused if too large, before pixels are."""

from __future__ import annotations

import io
import warnings

import cv2
import numpy as np
from numpy.typing import NDArray

from wam_demo.errors import InvalidInputError
from wam_demo.limits import IMAGE_PIXELS
from wam_demo.types import Image

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP")


def image_size(encoded: bytes) -> tuple[int, int]:
    """Width and height from the header.

    Raises:
        InvalidInputError: It is no PNG, JPEG, WebP or BMP, or larger than `IMAGE_PIXELS`.
    """
    from PIL import Image as Pictures
    from PIL import UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the size is checked right below
            with Pictures.open(io.BytesIO(encoded), formats=_FORMATS) as picture:
                size = picture.size
    except Pictures.DecompressionBombError:
        raise InvalidInputError(f"an image is larger than {IMAGE_PIXELS / 1e6:g} megapixels") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise InvalidInputError("an image is damaged or not PNG, JPEG, WebP or BMP") from None
    return check_size(*size)


def check_size(width: int, height: int) -> tuple[int, int]:
    """Return the size if such an image may be decoded."""
    if width < 1 or height < 1:
        raise InvalidInputError(f"an image of {width} x {height} pixels shows nothing")
    if width * height > IMAGE_PIXELS:
        raise InvalidInputError(f"an image of {width} x {height} pixels exceeds {IMAGE_PIXELS / 1e6:g} megapixels")
    return width, height


def decode_still(encoded: bytes) -> Image:
    """(H, W, 3) uint8 RGB of an encoded image, after `image_size` has passed its header."""
    image_size(encoded)
    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise InvalidInputError("an image is damaged")
    return image


def is_still(data: bytes) -> bool:
    """Whether bytes begin like an encoded image."""
    return data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def as_rgb(array: NDArray) -> Image:
    """Any picture-like array as (H, W, 3) uint8: grey, with alpha, channels first, or floats 0..1 or 0..255."""
    if array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.shape[2] not in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim == 2:
        array = array[..., None]
    if array.dtype != np.uint8:
        scale = 255.0 if array.dtype.kind == "f" and np.nanmax(array, initial=0.0) <= 1.0 else 1.0
        array = np.clip(np.nan_to_num(array.astype(np.float32)) * scale, 0, 255).astype(np.uint8)
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    return np.ascontiguousarray(array[..., :3])


def picture_shape(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Width and height of frames of shape (H, W, C) or (C, H, W); ``None`` if that is no picture."""
    if len(shape) != 3:
        return None
    if shape[2] in (1, 3, 4):
        return shape[1], shape[0]
    return (shape[2], shape[1]) if shape[0] in (1, 3, 4) else None
