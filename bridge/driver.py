"""What a driver is: the only part that knows an arm's motors. A new arm is one module with such a class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class DriverFault(Exception):
    """The arm does not answer or reports an error; one line for a person. The gate latches it."""


@dataclass(frozen=True)
class ArmLimits:
    """What the gate holds the arm to.

    Attributes:
        lower, upper, velocity, acceleration: (n + 1,) of the n joints [rad] and the gripper opening [0..1].
        workspace: (2, 3) lower and upper corner of the box for the TCP [m], base frame.
        home: (n + 1,) where *go home* leads.
        stall_error: A joint this far behind its command [rad], or the gripper [0..1] ...
        stall_load: ... under this share of its rated load ...
        stall_s: ... for this long has stalled [s]. The gripper may press on what it holds: it has no stall.
    """

    lower: Array
    upper: Array
    velocity: Array
    acceleration: Array
    workspace: Array
    home: Array
    stall_error: float = 0.08
    stall_load: float = 0.5
    stall_s: float = 0.3


@dataclass(frozen=True)
class CameraFrame:
    """A picture (H, W, 3) uint8 RGB, when it was taken [s, `time.monotonic`], and whether its sensor has noise.

    The picture of a noisy sensor that does not change by a bit is a frozen one, whatever its time says.
    """

    image: NDArray[np.uint8]
    captured: float
    noisy: bool = False


@dataclass(frozen=True)
class Reading:
    """What was measured: (n + 1,) positions and loads (share of the rated one, 0..1), and the newest frames."""

    positions: Array
    load: Array
    frames: Mapping[str, CameraFrame] = field(default_factory=dict)


class Kinematics(Protocol):
    """Between the n joints and the tool centre point."""

    def tcp(self, joints: Array) -> tuple[Array, Array]:
        """Position (3,) [m] and rotation (3, 3) of the TCP in the base frame; z points where the gripper does."""

    def solve(self, joints: Array, position: Array, rotation: Array) -> Array:
        """Joints near ``joints`` that bring the TCP to a pose, or as close as the arm can."""


class Driver(Protocol):
    """One arm. Everything but the attributes is called in one thread, the bridge's control thread.

    Each call returns within some milliseconds or raises `DriverFault`; ``now`` is `time.monotonic` [s].
    """

    limits: ArmLimits
    kinematics: Kinematics
    cameras: tuple[str, ...]

    def connect(self, now: float) -> None:
        """Open the arm, or open it again after a fault, without moving it."""

    def read(self, now: float) -> Reading:
        """Measure."""

    def send(self, positions: Array, now: float) -> None:
        """Go to (n + 1,) positions; the gate calls it once a tick, and nobody else does."""

    def release_torque(self) -> None:
        """Let the motors go slack; the next `send` holds again."""

    def close(self) -> None:
        """Free the arm. Idempotent."""


@runtime_checkable
class Scene(Protocol):
    """A driver that also knows a task, because it is simulated."""

    def reset(self, seed: int) -> None:
        """Draw the scene of a seed; the arm stands at its beginning."""

    def report(self) -> dict[str, Any]:
        """``instruction``, ``success``, ``goal_distance`` [m] or None, ``fault`` or None.

        Also ``poses``, of the cameras whose place is known: ``position``, ``rotation``, ``half`` as in `CameraPose`.
        """

    def inject(self, fault: str, on: bool) -> None:
        """Switch a simulated fault on or off, for tests; raises `ValueError` if it is unknown."""
