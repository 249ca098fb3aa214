"""What a policy shows beside its plan, as columns of a download: numbers by name, and pictures by name."""

from __future__ import annotations

import re

import numpy as np

from wam_demo.types import Band, Chunks, Frames, Heatmap, Image, Panel, Prediction, Scalars, Vector


def numbers(prediction: Prediction) -> dict[str, Vector]:
    """(N,) float32 by column: a band and a scalar are one number, a chunk 112, a heatmap its cells."""
    return {
        f"panels.{_plain(title)}{f'.{_plain(name)}' if name else ''}": values
        for title, panel in prediction.panels.items()
        for name, values in _numbers(panel).items()
    }


def pictures(prediction: Prediction) -> dict[str, Image]:
    """(H, W, 3) uint8 by column: each picture of each camera."""
    return {
        f"panels.{_plain(title)}.{_plain(camera)}.{index}": image
        for title, panel in prediction.panels.items()
        if isinstance(panel, Frames)
        for camera, frames in panel.images.items()
        for index, image in enumerate(frames)
    }


def _numbers(panel: Panel) -> dict[str, Vector]:
    match panel:
        case Band(value, _, _):
            return {"": np.array([value], np.float32)}
        case Scalars(values):
            return {name: np.array([value], np.float32) for name, value in values.items()}
        case Chunks(chunks):
            return {name: np.asarray(chunk.actions, np.float32).reshape(-1) for name, chunk in chunks.items()}
        case Heatmap(grids):
            return {camera: np.asarray(grid, np.float32).reshape(-1) for camera, grid in grids.items()}
    return {}


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")
