"""A simulated world as a source, with every capability that the runtime knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.robots.source import Suggestion
from wam_demo.sim.controller import SUBSTEPS
from wam_demo.types import CONTROL_HZ, CameraPose, Event, Image, Observation, Vector

if TYPE_CHECKING:
    from wam_demo.robots.source import Clock
    from wam_demo.sim.world import World, WorldState

PICTURE_SIZE = 256
"""Side [px] of the picture that people see."""


class SimulatorSource:
    """Implements `Source`, `Watchable`, `Forkable`, `Disturbable`, `Instructable`, `Judged` and `Calibrated`.

    Used in one thread, the one that made the world.

    Args:
        world: Is driven, and closed by `close`.
        images: Whether observations hold images; without, nothing is rendered.
    """

    clock: Clock = "simulated"

    def __init__(self, world: World, *, images: bool = True) -> None:
        self.world = world
        self._images = images
        self._applied: Vector | None = None
        self._parts, self._part = 1, 1
        self._picture: Image | None = None
        self._observation: Observation | None = None
        self._success = False

    @property
    def task(self) -> str:
        """Name of the task."""
        return self.world.task

    # Source and Watchable

    def reset(self, seed: int) -> Observation:
        """Draw the scene of a seed."""
        self.world.draw(seed)
        self._success = False
        self._changed()
        return self.observe()

    def observe(self) -> Observation:
        """What a policy may see now; rendered once as long as nothing happens."""
        world = self.world
        if self._observation is None and self._images:
            self._observation = world.observe({"front": self.picture()})
        elif self._observation is None:
            time = world.step_count / CONTROL_HZ
            self._observation = Observation({}, world.state_vector(), world.instruction, time)
        return self._observation

    def picture(self) -> Image:
        """(256, 256, 3) view of ``front``; the policy sees the same, smaller."""
        if self._picture is None:
            self._picture = self.world.render("front", PICTURE_SIZE)
        return self._picture

    def begin(self, action: Vector, parts: int = 2) -> None:
        """First part of a control step; raises `InvalidInputError` for an action that is not one."""
        self._applied = self.world.begin(action)
        self._parts, self._part = parts, 0
        self.proceed()

    def proceed(self) -> None:
        """One part more; a picture can be taken after each."""
        self._advance_to(self._part + 1)

    def _advance_to(self, part: int) -> None:
        begun, ended = (SUBSTEPS * each // self._parts for each in (self._part, part))
        self.world.advance(ended - begun)
        self._part = part
        self._changed()

    def finish(self) -> Vector:
        """The rest of a control step; returns the (7,) action as the limits of the arm let it through."""
        assert self._applied is not None, "begin comes first"
        self._advance_to(self._parts)
        result = self.world.finish(self._applied)
        self._success = result.success
        self._changed()
        return result.applied

    def apply(self, action: Vector) -> Vector:
        """One whole control step."""
        self.begin(action)
        return self.finish()

    def close(self) -> None:
        """Free the renderers."""
        self.world.close()

    # Forkable

    def snapshot(self) -> WorldState:
        """A fork point."""
        return self.world.snapshot()

    def restore(self, state: WorldState) -> None:
        """Back to a fork point, bit-exact."""
        self.world.restore(state)
        self._success = state.progress.success
        self._changed()

    def digest(self) -> str:
        """16 hexadecimal digits."""
        return self.world.digest()

    # Disturbable

    @property
    def events(self) -> Sequence[Event]:
        """What has disturbed the episode."""
        return self.world.events

    @property
    def instruction(self) -> str:
        """Words that a policy sees."""
        return self.world.instruction

    @property
    def names(self) -> Mapping[str, str]:
        """Colour and noun by body, e.g. ``red cube``."""
        colours, nouns = self.world.assignment.colours, self.world.assignment.nouns
        return {body: f"{colours[body]} {noun}" if body in colours else noun for body, noun in nouns.items()}

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb the world now; raises `InvalidInputError`, and nothing has changed."""
        event = self.world.apply_event(kind, parameters)
        self._changed()
        return event

    def schedule(self, events: Sequence[Event]) -> None:
        """Apply what is due and keep the rest; what is not usable is refused here, not in mid-episode."""
        self.world.apply(events)
        self._changed()

    def pick(self, camera: str, u: float, v: float) -> str | None:
        """Name of the movable thing seen at an image point 0..1 or just beside it, if any."""
        return self.world.pick(camera, u, v)

    def ground_point(self, camera: str, u: float, v: float) -> NDArray[np.floating] | None:
        """(3,) point [m] of the table under an image point 0..1; ``None`` above the horizon."""
        return self.world.ground_point(camera, u, v)

    # Instructable, Judged and Calibrated

    @property
    def suggestions(self) -> Sequence[Suggestion]:
        """What the scene's own task can be asked for, in plain words."""
        from wam_demo.sim.reading import phrases

        return [Suggestion(each.text, each.label) for each in phrases(self.task, self.world.assignment)]

    def understand(self, text: str) -> Mapping[str, Any]:
        """Parameters of a ``language`` event for these words."""
        from wam_demo.robots.instructions import understand

        return {"text": text, **understand(text, self.task, self.world.assignment).parameters()}

    @property
    def unscored(self) -> str:
        """Why what the words ask for cannot be judged; empty when it can."""
        return self.world.unscored

    @property
    def success(self) -> bool:
        """Whether success has held for 0.5 s."""
        return self._success

    @property
    def fault(self) -> str | None:
        """What went wrong with the physics."""
        return self.world.fault()

    def goal_distance(self) -> float | None:
        """How far the task is from done [m]."""
        return self.world.goal_distance()

    def camera_poses(self) -> Mapping[str, CameraPose]:
        """Pose of each camera of the policy, now."""
        return self.world.camera_poses()

    def _changed(self) -> None:
        """What was rendered is no longer how it looks."""
        self._picture = self._observation = None


def simulator(task: str, *, images: bool = True) -> SimulatorSource:
    """A source of a task's own world."""
    from wam_demo.sim.world import World

    return SimulatorSource(World(task), images=images)
