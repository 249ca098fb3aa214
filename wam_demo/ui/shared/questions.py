"""How a policy is asked what would be otherwise: without a region, or along another plan."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wam_demo.policies.engine import Futures
from wam_demo.policies.tokens import TokenGrid
from wam_demo.types import ActionChunk, Observation, Vector

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
        point: Point of the table [m] at image coordinates 0..1 of ``front``, if there is one.
        plan: The plan that goes there.
        submit: Asks what a plan leads to and returns at once.
    """

    point: Callable[[tuple[float, float]], Vector | None]
    plan: Callable[[Observation, Vector], ActionChunk]
    submit: Callable[[Observation, ActionChunk], Future[Futures]]
