"""What a perturbation axis is, and what it needs of a world."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.controller import Controller
from wam_demo.sim.reading import Reading
from wam_demo.sim.scene import Scene
from wam_demo.sim.state import Effects
from wam_demo.sim.tasks.base import Assignment, Task
from wam_demo.types import Event, Image

Parameters = Mapping[str, Any]
"""JSON-serialisable values of one disturbance."""


class DisturbedWorld(Protocol):
    """What an axis reads and changes of a `World`; the attributes mean what they mean there."""

    scene: Scene
    controller: Controller
    logic: Task
    effects: Effects
    instruction: str

    @property
    def seed(self) -> int: ...
    @property
    def judge(self) -> Task: ...
    @property
    def assignment(self) -> Assignment: ...
    @property
    def plain_instruction(self) -> str: ...
    @property
    def events(self) -> tuple[Event, ...]: ...
    def follow(self, reading: Reading | None) -> None: ...
    @property
    def step_count(self) -> int: ...
    def render(self, camera: str) -> Image: ...


class Axis(Protocol):
    """One way to disturb a world.

    Attributes:
        name: Name on the command line and in events.
        during: The disturbance happens while the arm approaches, not at the reset.
    """

    name: str
    during: bool

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of its explicit parameters."""

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """Explicit parameters of a severity 1..5."""

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        """Explicit parameters, each of its type and clipped to its range, for `apply`; changes nothing.

        Raises:
            InvalidInputError: One is missing or of another type, or a name is unknown.
        """

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Disturb the world by values that `check` gave; returns what was applied. Never fails."""

    def clear(self, world: DisturbedWorld) -> None:
        """Take the disturbance back, as far as it is a property of the scene."""


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
