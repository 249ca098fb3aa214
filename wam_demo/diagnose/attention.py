"""Where the action head looks: share of its attention in a region, and how far off its centre is."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wam_demo.diagnose.region import CellMap
from wam_demo.types import Vector


def attention_in_mask(attention: Mapping[str, Vector], region: Mapping[str, CellMap]) -> float:
    """Share 0..1 of the attention on all images that falls on the region's cells (AIM)."""
    inside = sum(float(grid[region[camera]].sum()) for camera, grid in attention.items())
    return inside / sum(float(grid.sum()) for grid in attention.values())


def area_share(region: Mapping[str, CellMap]) -> float:
    """Share 0..1 of all cells that belong to the region."""
    return float(np.mean([grid.mean() for grid in region.values()]))


def centroid(weights: NDArray) -> NDArray[np.float64]:
    """(2,) row and column of the centre of mass of a (rows, columns) map [cells]."""
    cells = np.indices(weights.shape).reshape(2, -1)
    return np.average(cells, axis=1, weights=np.asarray(weights, np.float64).ravel())


def centroid_error(attention: Mapping[str, Vector], region: Mapping[str, CellMap]) -> float:
    """Distance [cells] of attention's centre from the region's, mean over the cameras that show the region.

    Raises:
        ValueError: No camera shows the region.
    """
    errors = [
        float(np.linalg.norm(centroid(grid) - centroid(region[camera])))
        for camera, grid in attention.items()
        if region[camera].any()
    ]
    if not errors:
        raise ValueError("no camera shows the region")
    return float(np.mean(errors))
