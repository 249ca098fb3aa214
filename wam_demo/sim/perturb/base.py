"""What a perturbation axis is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.sim.world import World

Parameters = Mapping[str, Any]
"""JSON-serialisable values of one disturbance."""


class Axis(Protocol):
    """One way to disturb a world.

    Attributes:
        name: Name on the command line and in events.
        during: The disturbance happens while the arm approaches, not at the reset.
    """

    name: str
    during: bool

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """Explicit parameters of a severity 1..5."""

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Disturb the world; returns what was applied. Raises `InvalidInputError`."""

    def clear(self, world: "World") -> None:
        """Take the disturbance back, as far as it is a property of the scene."""


def numbers(parameters: Parameters, name: str, count: int, low: float, high: float) -> NDArray[np.float64]:
    """``count`` finite numbers of a parameter, clipped to a range; raises `InvalidInputError`."""
    if name not in parameters:
        raise InvalidInputError(f"parameter {name!r} is missing")
    try:
        values = np.array(parameters[name], dtype=float).reshape(-1)
    except (TypeError, ValueError):
        values = np.array([np.nan])
    if values.size != count or not np.isfinite(values).all():
        text = str(parameters[name])[:60]
        raise InvalidInputError(f"parameter {name!r} is {text!r}: valid is {count} finite number(s)")
    return np.clip(values, low, high)


def number(parameters: Parameters, name: str, low: float, high: float) -> float:
    """One finite number of a parameter, clipped to a range; raises `InvalidInputError`."""
    return float(numbers(parameters, name, 1, low, high)[0])


def rounded(values: NDArray[np.float64] | float) -> Any:
    """Floats for an event: short enough to read, exact when applied again."""
    return np.round(values, 4).tolist()


def unit(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """A random direction."""
    direction = rng.standard_normal(size)
    return direction / np.linalg.norm(direction)


def either_way(factor: float, rng: np.random.Generator) -> float:
    """A factor or its inverse."""
    return factor if rng.random() < 0.5 else 1 / factor
