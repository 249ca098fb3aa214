"""What the charts draw of a prediction: paths of its chunks, and its bands over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.types import Band, Chunks, Prediction, Vector

_DECIMALS = 4
BAND_POINTS = 300

Path = NDArray[np.float32]
"""(N, 4): TCP displacement [m] 3, gripper opening 0..1."""


def planned_path(
    actions: Vector, start: Vector | Sequence[float] = (0.0, 0.0, 0.0), opening: float | None = None
) -> Path:
    """(17, 4) where a chunk leads: it begins at ``start``, with this opening or the first one planned."""
    actions = np.asarray(actions, np.float32)
    positions = np.asarray(start, np.float32) + np.vstack([np.zeros(3, np.float32), actions[:, :3].cumsum(0)])
    gripper = np.append(actions[0, 6] if opening is None else opening, actions[:, 6])
    return np.column_stack([positions, gripper]).astype(np.float32)


def rows(path: Iterable[Sequence[float] | Path]) -> list[list[float]]:
    """A path, JSON-ready."""
    return [[round(float(value), _DECIMALS) for value in row] for row in path]


def chunk_lines(
    prediction: Prediction, step: int, start: Vector | Sequence[float] = (0.0, 0.0, 0.0)
) -> list[dict[str, Any]]:
    """Named chunks beside the executed one, JSON-ready: each begins at ``step`` where the TCP was."""
    panels = [panel for panel in prediction.panels.values() if isinstance(panel, Chunks)]
    return [
        {"name": name, "step": step, "path": rows(planned_path(chunk.actions, start))}
        for panel in panels
        for name, chunk in panel.chunks.items()
    ]


class Bands:
    """Every band of an episode over time.

    Args:
        most: Values of each that are kept.
    """

    def __init__(self, most: int = BAND_POINTS) -> None:
        self._most = most
        self._bands: dict[str, tuple[Band, dict[int, float]]] = {}

    def add(self, step: int, prediction: Prediction) -> None:
        """Take in the bands of a prediction made at a control step."""
        for title, panel in prediction.panels.items():
            if isinstance(panel, Band):
                _, points = self._bands.get(title, (panel, {}))
                points[step] = round(float(panel.value), _DECIMALS)
                while len(points) > self._most:
                    del points[next(iter(points))]
                self._bands[title] = panel, points

    def clear(self) -> None:
        """An episode begins."""
        self._bands.clear()

    def document(self, until: int) -> list[dict[str, Any]]:
        """JSON-ready: title, what 0 and 1 mean, and (step, value), each until the next one or ``until``."""
        return [
            {
                "title": title,
                "low": panel.low,
                "high": panel.high,
                "until": until,
                "points": sorted(dict(points).items()),
            }
            for title, (panel, points) in list(self._bands.items())  # copies: another thread may add
        ]


def bands_of(predictions: Mapping[int, Prediction], until: int) -> list[dict[str, Any]]:
    """The bands of every prediction by control step, as `Bands.document` gives them."""
    bands = Bands(most=max(1, len(predictions)))
    for step, prediction in predictions.items():
        bands.add(step, prediction)
    return bands.document(until)
