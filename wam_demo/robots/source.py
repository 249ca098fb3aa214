"""What the runtime drives: a scene, a recording, a camera, a dream, an arm, each through these protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from wam_demo.types import CameraPose, Event, Image, Observation, Vector

if TYPE_CHECKING:
    from wam_demo.policies.dreaming import Doubt

Clock = Literal["simulated", "real"]
"""Whether time waits for the runtime (a simulator, a recording) or runs by itself (a camera, an arm)."""


class Source(Protocol):
    """Where observations come from and actions go."""

    @property
    def clock(self) -> Clock:
        """Whose time it is."""

    def reset(self, seed: int) -> Observation:
        """Begin an episode; returns its first observation. A real robot or a recording may ignore the seed."""

    def observe(self) -> Observation:
        """The newest observation; in real time it waits for one that is new. Raises `SourceFault` without one."""

    def apply(self, action: Vector) -> Vector:
        """Execute one (7,) action for one control step; returns what was really applied."""

    def close(self) -> None:
        """Free what it holds. Idempotent."""


@runtime_checkable
class Watchable(Protocol):
    """A source that people can look at, also in the middle of a control step."""

    def picture(self) -> Image:
        """(256, 256, 3) view of ``front`` as it is now; the same object as long as nothing happened."""

    def begin(self, action: Vector, parts: int = 2) -> None:
        """First of ``parts`` equal parts of `Source.apply`."""

    def proceed(self) -> None:
        """One part more, which is not the last."""

    def finish(self) -> Vector:
        """Everything that is left of `Source.apply`; returns what was really applied."""


@runtime_checkable
class Forkable(Protocol):
    """A source whose state can be kept and taken up again, exactly."""

    def snapshot(self) -> Any:
        """The whole state; later changes do not reach it."""

    def restore(self, state: Any) -> None:
        """Go on from a state that `snapshot` gave, here or in another source of the same task."""

    def digest(self) -> str:
        """Fingerprint of the state: equal states have equal fingerprints."""


@runtime_checkable
class Disturbable(Protocol):
    """A source that can be disturbed along perturbation axes, also by pointing into its pictures."""

    @property
    def events(self) -> Sequence[Event]:
        """What has been applied in this episode."""

    @property
    def instruction(self) -> str:
        """Words that a policy sees from now on."""

    @property
    def names(self) -> Mapping[str, str]:
        """What people call the bodies that the task speaks of: colour and noun."""

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Apply one disturbance between two control steps; returns what was applied.

        Raises:
            InvalidInputError: It cannot be applied; nothing has changed.
        """

    def schedule(self, events: Sequence[Event]) -> None:
        """Apply events whose control step has come now, and each other one before its control step.

        Raises:
            InvalidInputError: One of them cannot be applied; those that wait cannot fail any more.
        """

    def pick(self, camera: str, u: float, v: float) -> str | None:
        """Name of the movable thing seen at an image point 0..1, if any."""

    def ground_point(self, camera: str, u: float, v: float) -> NDArray[np.floating] | None:
        """(3,) point [m] of the table under an image point 0..1; ``None`` above the horizon."""


@runtime_checkable
class Judged(Protocol):
    """A source that knows its task."""

    @property
    def success(self) -> bool:
        """Whether the success predicate has held for 0.5 s."""

    @property
    def fault(self) -> str | None:
        """What went wrong with the physics in this episode, as one line."""

    @property
    def unscored(self) -> str:
        """Why what the words ask for cannot be judged here; empty when it can."""

    def goal_distance(self) -> float | None:
        """How far the task is from done [m]; ``None`` when it is not known."""


@dataclass(frozen=True)
class Suggestion:
    """Something that can be asked for in a scene: the words, and a short form of them."""

    text: str
    label: str


@runtime_checkable
class Instructable(Protocol):
    """A source that understands words about its scene, and whose judge follows them."""

    @property
    def suggestions(self) -> Sequence[Suggestion]:
        """What can be asked for."""

    def understand(self, text: str) -> Mapping[str, Any]:
        """Parameters of the ``language`` event that makes these words the instruction and judges what they ask for."""


@runtime_checkable
class Promptable(Protocol):
    """A source whose policy can be asked for anything, since nobody judges there."""

    def prompt(self, text: str) -> None:
        """What the policy is asked to do from now on."""


@runtime_checkable
class Doubtful(Protocol):
    """A source of which nobody knows how far it is from what is real."""

    @property
    def doubt(self) -> Doubt | None:
        """How far it is likely to be; ``None`` where that cannot be told, or not yet."""


@runtime_checkable
class Guarded(Protocol):
    """A source behind a gate of its own, which halts by itself and asks who commands."""

    commander: Literal["policy", "person"]
    """Whose decision the next action is: without a living camera a policy's is refused."""

    def resume(self) -> None:
        """Permit motion from where it stands, as after a pause. Raises `SourceFault` if it does not."""


@runtime_checkable
class Calibrated(Protocol):
    """A source whose cameras are calibrated."""

    def camera_poses(self) -> Mapping[str, CameraPose]:
        """Pose of each camera, now."""
