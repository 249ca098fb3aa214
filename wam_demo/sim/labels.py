"""Labels of demonstrations: what the clean expert would do next, from exactly the state of each frame."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from wam_demo.sim.expert import Expert
from wam_demo.sim.world import StepResult, World
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, Observation, Vector


@dataclass(frozen=True)
class DemoFrame:
    """One labelled control step.

    Attributes:
        observation: Before the action.
        action: (7,) float32 as applied, noise included.
        expert_chunk: (16, 7) float32: the clean expert's next actions from exactly this state.
        success: Success has held for 0.5 s.
        step: Control step of the episode.
    """

    observation: Observation
    action: Vector
    expert_chunk: Vector
    success: bool
    step: int


def expert_chunk(world: World, steps: int = CHUNK_STEPS) -> Vector:
    """(steps, 7) float32: what the clean expert would apply from this state; the world is unchanged."""
    state, expert = world.snapshot(), Expert(world)
    chunk = np.empty((steps, ACTION_DIM), np.float32)
    for k in range(steps):
        chunk[k] = world.begin(expert.act())
        if k < steps - 1:
            world.advance()
    world.restore(state)
    return chunk


@dataclass
class _Waiting:
    observation: Observation
    step: int
    chunk: list[Vector] = field(default_factory=list)
    result: StepResult | None = None


class FrameQueue:
    """Frames that wait for their chunk.

    While the expert acts undisturbed, its own next actions are the label and cost nothing; before a
    disturbance the world is forked once, and the clean continuation completes every waiting frame.

    Args:
        world: The world that the frames come from.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: list[_Waiting] = []

    def open(self, observation: Observation, step: int) -> None:
        """Add the frame of the control step that comes next."""
        self._waiting.append(_Waiting(observation, step))

    def complete(self) -> None:
        """Fill every chunk from the present state; call before anything but the clean expert acts."""
        missing = max((CHUNK_STEPS - len(frame.chunk) for frame in self._waiting), default=0)
        if missing:
            chunk = expert_chunk(self._world, missing)
            for frame in self._waiting:
                frame.chunk.extend(chunk[: CHUNK_STEPS - len(frame.chunk)])

    def record(self, result: StepResult) -> None:
        """Tell what a control step did; chunks that are not complete take its action."""
        for frame in self._waiting:
            frame.result = frame.result or result
            if len(frame.chunk) < CHUNK_STEPS:
                frame.chunk.append(result.applied)

    def ready(self) -> Iterator[DemoFrame]:
        """The frames that are finished, in order."""
        while self._waiting:
            frame, result = self._waiting[0], self._waiting[0].result
            if result is None or len(frame.chunk) < CHUNK_STEPS:
                return
            self._waiting.pop(0)
            yield DemoFrame(frame.observation, result.applied, np.stack(frame.chunk), result.success, frame.step)
