"""The result document of the grounding scores of one policy, and of two on the same moments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from wam_demo.diagnose.bootstrap import Sums, difference_interval, ratio_interval
from wam_demo.diagnose.grounding import Episode, MomentScore
from wam_demo.diagnose.intervention import KINDS
from wam_demo.diagnose.moments import PHASES
from wam_demo.diagnose.region import PARTS

Part = Callable[[MomentScore], tuple[float, float] | None]
"""Numerator and denominator that a moment adds to a measure; ``None`` if it adds nothing."""


def _mean(value: Callable[[MomentScore], float | None]) -> Part:
    def part(moment: MomentScore) -> tuple[float, float] | None:
        measured = value(moment)
        return None if measured is None else (measured, 1.0)

    return part


def _ratio(kind: str) -> Part:
    return lambda moment: moment.effects[kind]


def _look(part: str) -> Part:
    return _mean(lambda moment: moment.parts.get(part))


def _matter(part: str) -> Part:
    return _mean(lambda moment: None if moment.causal_map is None else moment.causal_map.parts.get(part))


MEASURES: Mapping[str, Part] = {
    "aim": _mean(lambda moment: moment.aim),
    "aim_over_area": _mean(lambda moment: moment.aim / moment.area),
    "aim_over_area_at_best": _mean(lambda moment: 1 / moment.area),
    "centroid_error_cells": _mean(lambda moment: moment.centroid_error),
    **{f"msr.{kind}": _ratio(kind) for kind in KINDS},
    "map_agreement": _mean(lambda moment: None if moment.causal_map is None else moment.causal_map.agreement),
    "map_over_area": _mean(lambda moment: None if moment.causal_map is None else moment.causal_map.over_area),
    **{f"aim_over_area_of.{part}": _look(part) for part in PARTS},
    **{f"map_over_area_of.{part}": _matter(part) for part in PARTS},
}
"""Every measure as a ratio of sums over moments; a dot stands for a level of the document."""


def document(tasks: Mapping[str, Sequence[Episode]]) -> dict[str, Any]:
    """Every measure with its interval, over all moments, by phase and by task; JSON-serialisable.

    A measure that nothing speaks to is left out: a ratio whose denominator is 0, a map that no policy made.

    Args:
        tasks: At least two episodes by task.
    """
    return {**_document(_pooled(tasks)), "tasks": {task: _document(episodes) for task, episodes in tasks.items()}}


def difference(first: Mapping[str, Sequence[Episode]], second: Mapping[str, Sequence[Episode]]) -> dict[str, Any]:
    """First minus second policy for every measure, with intervals of the paired bootstrap.

    Args:
        first: At least two episodes of one policy by task.
        second: Those of another, at the same moments.
    """
    values: dict[str, Any] = {}
    intervals: dict[str, Any] = {}
    for name, part in MEASURES.items():
        one, two = _sums(_pooled(first), part), _sums(_pooled(second), part)
        if len(one[0]) < 2 or len(one[0]) != len(two[0]) or not (one[1].any() and two[1].any()):
            continue
        _put(values, name, _value(one) - _value(two))
        _put(intervals, name, list(difference_interval(one, two)))
    return {**values, "ci95": intervals}


def _pooled(tasks: Mapping[str, Sequence[Episode]]) -> list[Episode]:
    return [episode for episodes in tasks.values() for episode in episodes]


def _document(episodes: Sequence[Episode]) -> dict[str, Any]:
    phases = {phase: _only(episodes, phase) for phase in PHASES}
    return {
        **_measured(episodes),
        "area": _mean_of(episodes, lambda moment: moment.area),
        "attention_on_images": _mean_of(episodes, lambda moment: moment.on_images),
        "views": {camera: _view(episodes, camera) for camera in episodes[0][0].views},
        "effects": {kind: _effects(episodes, kind) for kind in KINDS},
        "phases": {phase: _measured(part) for phase, part in phases.items() if len(part) > 1},
    }


def _view(episodes: Sequence[Episode], camera: str) -> dict[str, float]:
    """Attention in the region's part of one view alone, and that part of its cells."""
    return {
        "aim": _mean_of(episodes, lambda moment: moment.views[camera][0]),
        "area": _mean_of(episodes, lambda moment: moment.views[camera][1]),
    }


def _effects(episodes: Sequence[Episode], kind: str) -> dict[str, float]:
    """Mean L2 change of the chunk, inside the region and in the background."""
    return {
        "region": _mean_of(episodes, lambda moment: moment.effects[kind][0]),
        "background": _mean_of(episodes, lambda moment: moment.effects[kind][1]),
    }


def _measured(episodes: Sequence[Episode]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    intervals: dict[str, Any] = {}
    for name, part in MEASURES.items():
        sums = _sums(episodes, part)
        if len(sums[0]) < 2 or not sums[1].any():
            continue
        _put(values, name, _value(sums))
        _put(intervals, name, list(ratio_interval(*sums)))
    return {**values, "ci95": intervals, "episodes": len(episodes), "moments": sum(map(len, episodes))}


def _sums(episodes: Sequence[Episode], part: Part) -> tuple[Sums, Sums]:
    """Numerator and denominator of each episode that adds to the measure."""
    added = [[pair for pair in map(part, episode) if pair is not None] for episode in episodes]
    totals = np.array([np.sum(pairs, axis=0) for pairs in added if pairs], np.float64).reshape(-1, 2)
    return totals[:, 0], totals[:, 1]


def _value(sums: tuple[Sums, Sums]) -> float:
    return float(sums[0].sum() / sums[1].sum())


def _only(episodes: Sequence[Episode], phase: str) -> list[Episode]:
    parts = [[moment for moment in episode if moment.phase == phase] for episode in episodes]
    return [part for part in parts if part]


def _mean_of(episodes: Sequence[Episode], value: Callable[[MomentScore], float]) -> float:
    return float(np.mean([value(moment) for episode in episodes for moment in episode]))


def _put(document: dict[str, Any], name: str, value: object) -> None:
    """Set ``document["a"]["b"]`` for the name ``a.b``."""
    *levels, last = name.split(".")
    for level in levels:
        document = document.setdefault(level, {})
    document[last] = value
