"""Flags that need the other episodes: near-duplicates, and motion that is rougher than theirs."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from wam_demo.data.quality.episode import EpisodeNumbers, Problem

DUPLICATE_M = 0.003
"""Mean distance of two paths below which one is a near-duplicate of the other [m]."""
_POINTS = 32
"""Points, equally spaced in time, at which paths are compared."""
_LENGTHS = 0.05
"""Largest relative difference in length of two episodes that count as the same."""
ROUGH = 3.0
"""Jerk, as a multiple of the dataset's median, from which on an episode is flagged."""
_FEWEST = 4
"""Episodes that a median needs to mean something."""


def compared_problems(episodes: Sequence[EpisodeNumbers]) -> Iterator[Problem]:
    """Every flag that comes from setting episodes beside each other."""
    yield from _duplicates(episodes)
    yield from _rough(episodes)


def jerk(numbers: EpisodeNumbers) -> float:
    """Root mean square of the third derivative of the TCP's path [m/s^3]; 0 for fewer than four frames."""
    third = np.diff(numbers.position, n=3, axis=0) * numbers.fps**3
    return float(np.sqrt((third**2).sum(1).mean())) if len(third) else 0.0


def _duplicates(episodes: Sequence[EpisodeNumbers]) -> Iterator[Problem]:
    paths = np.stack([_path(numbers) for numbers in episodes])
    lengths = np.array([len(numbers) for numbers in episodes])
    for index in range(1, len(episodes)):
        distance = np.linalg.norm(paths[:index] - paths[index], axis=-1).mean(1)
        alike = np.abs(lengths[:index] - lengths[index]) <= _LENGTHS * lengths[index]
        distance[~alike] = np.inf
        if (nearest := distance.argmin()) >= 0 and distance[nearest] < DUPLICATE_M:
            other, apart = episodes[nearest].episode, 1000 * distance[nearest]
            detail = f"the hand takes the path of episode {other}, {apart:.1f} mm apart on average"
            yield Problem(episodes[index].episode, "near_duplicate", detail)


def _rough(episodes: Sequence[EpisodeNumbers]) -> Iterator[Problem]:
    if len(episodes) < _FEWEST:
        return
    values = np.array([jerk(numbers) for numbers in episodes])
    median = float(np.median(values))
    for numbers, value in zip(episodes, values, strict=True):
        if value > ROUGH * median > 0:
            detail = f"jerk {value:.1f} m/s^3, {value / median:.1f} times that of the median episode"
            yield Problem(numbers.episode, "jerk", detail)


def _path(numbers: EpisodeNumbers) -> NDArray[np.float64]:
    """(32, 3) the TCP's path."""
    at = np.linspace(0, len(numbers) - 1, _POINTS)
    return np.stack([np.interp(at, np.arange(len(numbers)), numbers.position[:, axis]) for axis in range(3)], -1)
