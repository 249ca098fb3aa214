"""What a policy shows beside its plan, as columns of a download, by type of panel and for any family."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np

from wam_demo.diagnose.openloop import DIMENSIONS
from wam_demo.policies.panels import panel_kind
from wam_demo.types import Band, Chunks, Frames, Heatmap, Image, Panel, Prediction, Scalars, Vector

T = TypeVar("T")
Key = tuple[str, ...]
"""Title of a panel, then what it is within the panel."""


class PanelColumns(Generic[T]):
    """The columns of several predictions together; a prediction need not have all of them.

    Args:
        rows: What each prediction has, by key: its `numbers`, `pictures` or `cells`.

    Attributes:
        first: By column, the first value that there is; the others look like it.
    """

    def __init__(self, rows: Iterable[Mapping[Key, T]]) -> None:
        self._names: dict[Key, str] = {}
        self.first: dict[str, T] = {}
        for row in rows:
            for key, value in row.items():
                if key not in self._names:
                    self._names[key] = self._new_name(key)
                    self.first[self._names[key]] = value

    def _new_name(self, key: Key) -> str:
        """Letters, digits and ``_``; with a number behind it where keys differ in nothing else."""
        name = ".".join(("panels", *(re.sub(r"\W+", "_", part.lower()).strip("_") for part in key)))
        numbered = (f"{name}_{count}" for count in itertools.count(2))
        return next(free for free in itertools.chain([name], numbered) if free not in self.first)

    def row(self, values: Mapping[Key, T], missing: Any) -> dict[str, T]:
        """By column what a prediction has there; an array of another shape is missing too.

        Args:
            values: What the prediction has, by key.
            missing: Stands for a number or a pixel that is not there.
        """
        row = {name: _filled(value, missing) for name, value in self.first.items()}
        for key, value in values.items():
            name = self._names[key]
            if _shape(value) == _shape(row[name]):
                row[name] = value
        return row


def _shape(value: Any) -> tuple[int, ...]:
    return value.shape if isinstance(value, np.ndarray) else ()


def _filled(value: Any, missing: Any) -> Any:
    return np.full_like(value, missing) if isinstance(value, np.ndarray) else missing


def numbers(prediction: Prediction) -> dict[Key, Vector]:
    """(N,) float32: a band and a scalar are one number, a chunk 112, a heatmap its cells."""
    return {
        (title, *key): np.asarray(values, np.float32).reshape(-1)
        for title, panel in prediction.panels.items()
        for key, values in _numbers(panel).items()
    }


def _numbers(panel: Panel) -> Mapping[Key, Any]:
    match panel:
        case Band(value):
            return {(): value}
        case Scalars(values):
            return {(name,): value for name, value in values.items()}
        case Chunks(chunks):
            return {(name,): chunk.actions for name, chunk in chunks.items()}
        case Heatmap(grids):
            return {(camera,): grid for camera, grid in grids.items()}
    return {}


def pictures(prediction: Prediction) -> dict[Key, Image]:
    """(H, W, 3) uint8: each picture of each camera."""
    return {
        (title, camera, str(index)): image
        for title, panel in prediction.panels.items()
        if isinstance(panel, Frames)
        for camera, frames in panel.images.items()
        for index, image in enumerate(frames)
    }


def cells(prediction: Prediction) -> dict[Key, float | str]:
    """For a table: numbers, of each chunk its first action, and of pictures and heat maps the kind alone."""
    return {(title, *key): value for title, panel in prediction.panels.items() for key, value in _cells(panel).items()}


def _cells(panel: Panel) -> Mapping[Key, float | str]:
    match panel:
        case Chunks(chunks):
            return {
                (name, dimension): float(value)
                for name, chunk in chunks.items()
                for dimension, value in zip(DIMENSIONS, chunk.actions[0], strict=True)
            }
        case Band() | Scalars():
            return {key: float(value) for key, value in _numbers(panel).items()}
    return {(): panel_kind(panel)}
