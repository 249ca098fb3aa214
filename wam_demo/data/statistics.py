"""Per-feature statistics as LeRobot keeps them: of one episode, and of many joined."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wam_demo.types import Image

Stats = dict[str, NDArray[np.float64]]
"""``min``, ``max``, ``mean``, ``std``, ``q01`` .. ``q99``, each of a feature's shape; ``count``."""

QUANTILES = (0.01, 0.1, 0.5, 0.9, 0.99)
_IMAGE_STRIDE = 4


def feature_stats(values: NDArray) -> Stats:
    """Statistics over the first axis of (N, ...) numbers; scalars count as shape (1,)."""
    array = np.asarray(values, dtype=np.float64)
    array = array.reshape(-1, 1) if array.ndim == 1 else array
    stats = {
        "min": array.min(0),
        "max": array.max(0),
        "mean": array.mean(0),
        "std": array.std(0),
        "count": np.array([len(array)]),
    }
    for quantile, value in zip(QUANTILES, np.quantile(array, QUANTILES, axis=0), strict=True):
        stats[f"q{int(quantile * 100):02d}"] = value
    return stats


def image_stats(images: Sequence[Image]) -> Stats:
    """Per-channel statistics in 0..1, of shape (3, 1, 1), over every fourth pixel and line."""
    pixels = np.stack([image[::_IMAGE_STRIDE, ::_IMAGE_STRIDE] for image in images])
    stats = feature_stats(pixels.reshape(-1, 3) / 255.0)
    count = np.array([len(images)])
    return {k: count if k == "count" else v.reshape(3, 1, 1) for k, v in stats.items()}


def join_stats(parts: Sequence[Mapping[str, Stats]]) -> dict[str, Stats]:
    """Statistics of the union; of quantiles the outermost among the parts, as LeRobot takes it."""
    return {name: _join([part[name] for part in parts]) for name in parts[0]} if parts else {}


def _join(parts: Sequence[Stats]) -> Stats:
    stacked = {key: np.stack([part[key] for part in parts]) for key in parts[0]}
    counts = stacked["count"].reshape(-1, *[1] * (stacked["mean"].ndim - 1))
    total = counts.sum()
    mean = (stacked["mean"] * counts).sum(0) / total
    variance = ((stacked["std"] ** 2 + (stacked["mean"] - mean) ** 2) * counts).sum(0) / total
    joined = {
        "min": stacked["min"].min(0),
        "max": stacked["max"].max(0),
        "mean": mean,
        "std": np.sqrt(variance),
        "count": np.array([total]),
    }
    for quantile in QUANTILES:
        key = f"q{int(quantile * 100):02d}"
        joined[key] = stacked[key].min(0) if quantile <= 0.5 else stacked[key].max(0)
    return joined
