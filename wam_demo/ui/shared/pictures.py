"""Pictures of numbers: where something lies over a frame, and how far two frames are apart."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from wam_demo.types import CameraPose, Image, Vector

ERROR_FULL_SCALE = 0.5
"""Mean absolute difference that gets the brightest colour."""
FOCUS = 4.0
"""The brightest colour means at least this many times an even spread; what has no focus stays dim."""


def overlay(frame: Image, grid: Vector, peak: float) -> Image:
    """A grid in a sequential colour map over the frame without its colours.

    Args:
        frame: (H, W, 3) uint8.
        grid: (gh, gw) not negative.
        peak: Value that gets the brightest colour and full opacity.

    Returns:
        (H, W, 3) uint8.
    """
    height, width = frame.shape[:2]
    share = np.clip(grid / max(peak, 1e-9), 0.0, 1.0).astype(np.float32)
    smooth = cv2.resize(share, (width, height), interpolation=cv2.INTER_CUBIC).clip(0.0, 1.0)
    heat = _colour(smooth, cv2.COLORMAP_INFERNO)
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    base = (np.repeat(grey[..., None], 3, axis=2) * 0.72).astype(np.float32)
    opacity = (smooth**0.7 * 0.85)[..., None]
    return (base * (1.0 - opacity) + heat * opacity).astype(np.uint8)


def attention_peak(grids: Mapping[str, Vector]) -> float:
    """The brightest attention: one scale for all views, of which all mass would be an even spread."""
    cells = sum(grid.size for grid in grids.values())
    return max([FOCUS / max(1, cells), *(float(grid.max()) for grid in grids.values())])


def heat_peak(grids: Mapping[str, Vector]) -> float:
    """The brightest value of a map: one scale for all views."""
    values = np.concatenate([grid.ravel() for grid in grids.values()])
    return float(max(values.max(), FOCUS * values.mean()))


def error_map(error: Vector) -> Image:
    """(H, W) mean absolute difference 0..1 as (H, W, 3) uint8, black to yellow."""
    return _colour(np.sqrt(np.clip(error / ERROR_FULL_SCALE, 0.0, 1.0)), cv2.COLORMAP_INFERNO)


def difference(imagined: Image, actual: Image) -> Vector:
    """(H, W) mean absolute difference over colours, 0..1."""
    return np.abs(imagined.astype(np.float32) - actual).mean(-1) / np.float32(255.0)


def _colour(values: Vector, colour_map: int) -> Image:
    coloured = cv2.applyColorMap((values * 255).astype(np.uint8), colour_map)
    return cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB)


def project(points: Vector, camera: CameraPose) -> Vector:
    """Points in a camera's picture.

    Args:
        points: (N, 3) in the base frame [m].
        camera: Pinhole camera.

    Returns:
        (N, 2) right and down, 0..1 from the top left corner; points behind the camera are left out.
    """
    local = (points - camera.position) @ camera.rotation
    local = local[local[:, 2] < -1e-6]
    share = 0.5 * local[:, :2] / -local[:, 2:] / camera.half
    return (0.5 + share * [1, -1]).astype(np.float32)
