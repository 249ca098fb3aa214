"""The parts of a world's state: progress, effects, fork points, what a step did."""

from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from wam_demo.sim.backdrop import Backdrop
from wam_demo.sim.controller import ControllerState
from wam_demo.sim.degradation import Degradation
from wam_demo.sim.lens import Blur, Cover, LostView
from wam_demo.sim.marking import Marking
from wam_demo.sim.scene import SceneState
from wam_demo.sim.tasks.base import Assignment
from wam_demo.types import Event, Vector


@dataclass(frozen=True)
class Progress:
    """Counters and words of an episode.

    Attributes:
        seed: Seed of the reset.
        step: Control steps begun since the reset.
        streak: Control steps in a row with success.
        success: Success has held for 0.5 s at some time.
        fault: What went wrong, if anything did.
        instruction: Words that the policy sees.
        plain_instruction: Words that the seed, or a change of target, gave.
        assignment: Who is who.
        plain_assignment: Who was who before words were typed.
        judge: Task whose success predicate is asked; empty for the world's own.
        unscored: Why the words cannot be judged; empty when they can.
        events: What disturbed the episode so far.
        pending: What will disturb it at a later control step.
    """

    seed: int = 0
    step: int = 0
    streak: int = 0
    success: bool = False
    fault: str | None = None
    instruction: str = ""
    plain_instruction: str = ""
    assignment: Assignment = field(default_factory=lambda: Assignment(""))
    plain_assignment: Assignment = field(default_factory=lambda: Assignment(""))
    judge: str = ""
    unscored: str = ""
    events: tuple[Event, ...] = ()
    pending: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Effects:
    """Disturbances that are no part of the physics.

    Attributes:
        blur: What the policy's cameras do to their images: sensor noise of an evaluation, degradation of training.
        cover: Covered part of a view.
        lost: View that freezes or goes dark.
        backdrop: Table and sky.
        marking: Pattern on an object.
        delay_steps: Control steps by which actions arrive late.
        queue: Actions on their way.
    """

    blur: Blur | Degradation | None = None
    cover: Cover | None = None
    lost: LostView | None = None
    backdrop: Backdrop = field(default_factory=Backdrop)
    marking: Marking | None = None
    delay_steps: int = 0
    queue: tuple[Vector, ...] = ()


@dataclass(frozen=True)
class WorldState:
    """A fork point: restoring it makes the world evolve bit-identically from here."""

    scene: SceneState
    controller: ControllerState
    progress: Progress
    effects: Effects


@dataclass(frozen=True)
class StepResult:
    """What one control step did.

    Attributes:
        applied: (7,) float32 action after clamping.
        success_now: The goal is met in this state.
        success: It has held for 0.5 s at some time in this episode.
        fault: What went wrong with the physics, or ``None``.
    """

    applied: Vector
    success_now: bool
    success: bool
    fault: str | None


def digest(state: WorldState) -> str:
    """Fingerprint of what a world evolves from, 16 hexadecimal digits: equal states have equal ones."""
    controller, progress = state.controller, state.progress
    targets = (controller.position, controller.rotation, controller.opening, controller.start, controller.goal)
    sum_ = blake2b(digest_size=8)
    for values in (state.scene.physics, *state.scene.model, *targets, controller.substep, *state.effects.queue):
        sum_.update(np.asarray(values).tobytes())
    sum_.update(f"{progress.step} {progress.streak} {progress.success} {progress.instruction}".encode())
    return sum_.hexdigest()
