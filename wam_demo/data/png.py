"""RGB images to PNG bytes and back, lossless and fast."""

import cv2
import numpy as np

from wam_demo.errors import DataError
from wam_demo.types import Image

_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]


def encode_png(image: Image) -> bytes:
    """PNG bytes (compression level 1) of an (H, W, 3) uint8 RGB image."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise DataError(f"an image is (H, W, 3) uint8 RGB, not {image.shape} {image.dtype}")
    done, encoded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), _FAST)
    if not done:
        raise DataError(f"an image of shape {image.shape} could not be encoded")
    return encoded.tobytes()


def decode_png(encoded: bytes | memoryview) -> Image:
    """(H, W, 3) uint8 RGB image of PNG bytes that this product wrote.

    Not for files from strangers: the header is not checked against the size limits first.
    """
    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise DataError(f"{len(encoded)} bytes are not a readable PNG image")
    return image
