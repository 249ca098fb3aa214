"""What a policy shows beside its plans as numbers, averaged over an episode."""

from __future__ import annotations

import math
from collections.abc import Mapping

from wam_demo.types import Band, Panel, Scalars

MAX_NUMBERS = 32
"""Different numbers that one episode keeps; later ones are left out."""


class PanelMeans:
    """Means over the plans of one episode, of bands and scalars of any family."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, int]] = {}

    def add(self, panels: Mapping[str, Panel]) -> None:
        """What the next plan came with."""
        for title, panel in panels.items():
            for name, value in _numbers(title, panel).items():
                if name in self._sums or len(self._sums) < MAX_NUMBERS:
                    total, count = self._sums.get(name, (0.0, 0))
                    self._sums[name] = total + value, count + 1

    def means(self) -> dict[str, float]:
        """By title, or by title and name as ``title: name``."""
        return {name: total / count for name, (total, count) in self._sums.items() if math.isfinite(total)}


def _numbers(title: str, panel: Panel) -> dict[str, float]:
    match panel:
        case Band(value):
            return {title: float(value)}
        case Scalars(values):
            return {f"{title}: {name}": float(value) for name, value in values.items()}
    return {}
