"""What the runtime drives: a scene, a recording, a camera, a dream, an arm, each through these protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from wam_demo.types import CameraPose, Event, Observation, Vector

Clock = Literal["simulated", "real"]
"""Whether time waits for the runtime (a simulator, a recording) or runs by itself (a camera, an arm)."""


class Source(Protocol):
    """Where observations come from and actions go."""

    clock: Clock

    def reset(self, seed: int) -> Observation:
        """Begin an episode; returns its first observation. A real robot or a recording may ignore the seed."""

    def observe(self) -> Observation:
        """The newest observation; raises `SourceFault` when there is none."""

    def apply(self, action: Vector) -> Vector:
        """Execute one (7,) action for one control step; returns what was really applied."""

    def close(self) -> None:
        """Free what it holds. Idempotent."""


@runtime_checkable
class Forkable(Protocol):
    """A source whose state can be kept and taken up again, exactly."""

    def snapshot(self) -> Any:
        """The whole state; later changes do not reach it."""

    def restore(self, state: Any) -> None:
        """Go on from a state that `snapshot` gave."""

    def digest(self) -> str:
        """Fingerprint of the state: equal states have equal fingerprints."""


@runtime_checkable
class Disturbable(Protocol):
    """A source that can be disturbed along perturbation axes."""

    @property
    def events(self) -> Sequence[Event]:
        """What has been applied in this episode."""

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Apply one disturbance between two control steps; returns what was applied.

        Raises:
            InvalidInputError: It cannot be applied; nothing has changed.
        """


@runtime_checkable
class Judged(Protocol):
    """A source that knows its task."""

    @property
    def success(self) -> bool:
        """Whether the success predicate has held for 0.5 s."""

    @property
    def goal_distance(self) -> float | None:
        """How far the task is from done [m]; ``None`` when it is not known."""


@runtime_checkable
class Calibrated(Protocol):
    """A source whose cameras are calibrated."""

    def camera_poses(self) -> Mapping[str, CameraPose]:
        """Pose of each camera, now."""
