"""How a policy is asked what would be otherwise: without a region, or along another plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wam_demo.policies.engine import Futures
from wam_demo.policies.tokens import TokenGrid
from wam_demo.types import ActionChunk, Observation

if TYPE_CHECKING:
    from wam_demo.policies.probe import Probe


@dataclass(frozen=True)
class Probing:
    """How a policy is probed.

    Attributes:
        grid: How its video tokens lie.
        submit: Asks for plans under edits and returns at once.
    """

    grid: TokenGrid
    submit: Callable[[Observation, NDArray[np.int64]], Future[Probe]]


@dataclass(frozen=True)
class CounterfactualPlanning:
    """How a policy imagines another plan.

    Attributes:
        plan: The plan along image coordinates 0..1 of ``front``, see `wam_demo.policies.whatif.plan_along`.
        submit: Asks what a plan leads to and returns at once.
    """

    plan: Callable[[Observation, Sequence[tuple[float, float]]], ActionChunk | None]
    submit: Callable[[Observation, ActionChunk], Future[Futures]]
