"""How good a success head is on scenes that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.models.wam.success import lasts


def success_figures(
    probability: NDArray, value: NDArray, labels: Mapping[str, NDArray], task: NDArray, threshold: float
) -> dict[str, Any]:
    """Figures of held-out samples.

    Args:
        probability: (S,) of success.
        value: (S,) as the head says it.
        labels: ``fulfilled``, ``own`` (whether the instruction is the frame's own), ``episode`` and ``value``, (S,)
            each.
        task: (S,) names.
        threshold: From which probability on it counts as fulfilled.

    Returns:
        ``all``, ``tasks`` by name, ``own_instruction`` and ``other_instruction``, each as `_rates`; ``episodes``, how
        often the verdict on a whole episode is right; ``value_error``, the mean absolute error of the value, and
        ``value_error_constant``, that of always saying the mean.
    """
    says, is_so, own = probability >= threshold, labels["fulfilled"].astype(bool), labels["own"].astype(bool)
    return {
        "all": _rates(says, is_so),
        "tasks": {str(name): _rates(says[task == name], is_so[task == name]) for name in sorted(set(task))},
        "own_instruction": _rates(says[own], is_so[own]),
        "other_instruction": _rates(says[~own], is_so[~own]),
        "episodes": _episodes(says[own], is_so[own], labels["episode"][own]),
        "value_error": float(np.abs(value - labels["value"]).mean()),
        "value_error_constant": float(np.abs(labels["value"].mean() - labels["value"]).mean()),
    }


def _rates(says: NDArray, is_so: NDArray) -> dict[str, Any]:
    """Counts and rates of samples; a rate is ``None`` where nothing can be said."""
    positive, negative = int(is_so.sum()), int((~is_so).sum())
    missed = float((~says & is_so).sum() / positive) if positive else None
    called = float((says & ~is_so).sum() / negative) if negative else None
    balanced = None if missed is None or called is None else 1 - (missed + called) / 2
    return {
        "fulfilled": positive,
        "not_fulfilled": negative,
        "balanced_accuracy": balanced,
        "false_positive_rate": called,
        "false_negative_rate": missed,
    }


def _episodes(says: NDArray, is_so: NDArray, episode: NDArray) -> dict[str, Any]:
    """Verdicts on whole episodes: fulfilled in as many frames in a row as `lasts` asks for."""
    numbers = np.unique(episode)
    said = np.array([lasts(says[episode == number]) for number in numbers], bool)
    really = np.array([lasts(is_so[episode == number]) for number in numbers], bool)
    return {"n": len(numbers), "right": int((said == really).sum()), **_rates(said, really)}
