"""Pictures of numbers: attention over a frame and the error between two frames."""

import cv2
import numpy as np

from wam_demo.types import Image, Vector

ERROR_FULL_SCALE = 0.5
"""Mean absolute difference that gets the brightest colour."""


def attention_overlay(frame: Image, attention: Vector, peak: float) -> Image:
    """Attention in a sequential colour map over the frame without its colours.

    Args:
        frame: (H, W, 3) uint8.
        attention: (gh, gw) softmax mass per cell.
        peak: Mass that gets the brightest colour and full opacity.

    Returns:
        (H, W, 3) uint8.
    """
    height, width = frame.shape[:2]
    share = np.clip(attention / max(peak, 1e-9), 0.0, 1.0).astype(np.float32)
    smooth = cv2.resize(share, (width, height), interpolation=cv2.INTER_CUBIC).clip(0.0, 1.0)
    heat = _colour(smooth, cv2.COLORMAP_INFERNO)
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    base = (np.repeat(grey[..., None], 3, axis=2) * 0.72).astype(np.float32)
    opacity = (smooth**0.7 * 0.85)[..., None]
    return (base * (1.0 - opacity) + heat * opacity).astype(np.uint8)


def error_map(error: Vector) -> Image:
    """(H, W) mean absolute difference 0..1 as (H, W, 3) uint8, black to yellow."""
    return _colour(np.sqrt(np.clip(error / ERROR_FULL_SCALE, 0.0, 1.0)), cv2.COLORMAP_INFERNO)


def _colour(values: Vector, colour_map: int) -> Image:
    coloured = cv2.applyColorMap((values * 255).astype(np.uint8), colour_map)
    return cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB)
