"""One simulated world: a scene, a task, a controller and a renderer, used from one thread."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from wam_demo.sim import cameras, perturb
from wam_demo.sim.controller import FINGERS, HOME, JOINTS, SUBSTEPS, Controller, checked_action
from wam_demo.sim.guard import Guard
from wam_demo.sim.motion import hand
from wam_demo.sim.reading import Reading
from wam_demo.sim.render import area_downsample
from wam_demo.sim.scene import Scene
from wam_demo.sim.state import Effects, Progress, StepResult, WorldState, digest
from wam_demo.sim.tasks.base import Assignment, Task
from wam_demo.sim.tasks.registry import task_logic
from wam_demo.sim.view import SceneView
from wam_demo.types import (
    CONTROL_HZ,
    IMAGE_SIZE,
    POLICY_CAMERAS,
    CalibrationState,
    CameraPose,
    Event,
    Image,
    Observation,
    Vector,
)

__all__ = ["HOME_SPREAD_RAD", "SUCCESS_STEPS", "StepResult", "World", "WorldState"]

HOME_SPREAD_RAD = 0.03
"""Start joints lie within this of home."""
SUCCESS_STEPS = 5
"""Control steps (0.5 s) for which success must hold."""


class World:
    """A task's world.

    Args:
        task: Name of a task.
        image_size: Side [px] of the images in observations.
        render_size: Side [px] at which they are rendered before averaging; a multiple.

    Attributes:
        calibration: What observations say of cameras that were moved; stale, since nobody measured them anew.
    """

    def __init__(self, task: str, *, image_size: int = IMAGE_SIZE, render_size: int = 256) -> None:
        self.logic = task_logic(task)
        self.task = task
        self.image_size, self.render_size = image_size, render_size
        self.calibration: CalibrationState = "stale"
        self.scene = Scene(self.logic.scene)
        mounted = {name: self.scene.model.camera(name) for name in POLICY_CAMERAS}
        self._usual_mounts = {name: (camera.pos.copy(), camera.quat.copy()) for name, camera in mounted.items()}
        self.controller = Controller(self.scene.model)
        self._guard = Guard(self.scene.model, self.scene.data)
        self._view = SceneView(self.scene)
        self.effects = Effects()
        self._progress = Progress()

    @property
    def seed(self) -> int:
        """Seed of the last reset."""
        return self._progress.seed

    @property
    def step_count(self) -> int:
        """Control steps begun since the reset."""
        return self._progress.step

    @property
    def instruction(self) -> str:
        """Words that the policy sees."""
        return self._progress.instruction

    @instruction.setter
    def instruction(self, text: str) -> None:
        self._progress = replace(self._progress, instruction=text)

    @property
    def judge(self) -> Task:
        """The task that the words ask for; it judges, and the expert does it."""
        return task_logic(self._progress.judge) if self._progress.judge else self.logic

    @property
    def unscored(self) -> str:
        """Why what the words ask for cannot be judged; empty when it can."""
        return self._progress.unscored

    @property
    def assignment(self) -> Assignment:
        """Target, goal, colours and nouns of the episode."""
        return self._progress.assignment

    @property
    def plain_instruction(self) -> str:
        """The instruction before anything disturbed it."""
        return self._progress.plain_instruction

    @property
    def events(self) -> tuple[Event, ...]:
        """What disturbed the episode so far, with the values that were applied."""
        return self._progress.events

    def reset(self, seed: int, perturbations: Sequence[Event] = ()) -> Observation:
        """Draw an episode: layout, start pose and instruction follow from the seed alone.

        Args:
            seed: Of the episode.
            perturbations: Applied at once, or before their control step.

        Raises:
            InvalidInputError: An event is not usable; nothing was changed.
        """
        self._check(perturbations)
        self.draw(seed)
        self.apply(perturbations)
        return self.observe()

    def draw(self, seed: int) -> None:
        """`reset` without rendering."""
        layout, words, start = (np.random.default_rng([seed, k]) for k in range(3))
        scene = self.scene
        scene.reset()
        scene.data.qpos[JOINTS] = HOME + start.uniform(-HOME_SPREAD_RAD, HOME_SPREAD_RAD, 7)
        scene.data.qpos[FINGERS] = scene.model.jnt_range[FINGERS, 1]
        assignment = self.logic.layout(scene, layout)
        scene.refresh()
        self.controller.reset(scene.data, opening=1.0)
        self._guard.rearm()
        scene.settle()
        self.effects = Effects()
        text = self.logic.spec.instruction(self.logic.concepts(assignment), words)
        self._progress = Progress(
            seed, instruction=text, plain_instruction=text, assignment=assignment, plain_assignment=assignment
        )

    def apply(self, events: Sequence[Event]) -> None:
        """Apply disturbances whose control step has come; keep the others until then.

        Raises:
            InvalidInputError: One is not usable; nothing was changed. What is kept cannot fail any more.
        """
        self._check(events)
        later = tuple(event for event in events if event.step > self.step_count)
        self._progress = replace(self._progress, pending=self._progress.pending + later)
        for event in events:
            if event.step <= self.step_count:
                self.apply_event(event.kind, event.parameters)

    def apply_event(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb the world now.

        Args:
            kind: Name of a perturbation axis.
            parameters: Its explicit values, or only ``severity`` 0..5 and ``seed``; severity 0 takes it back.

        Returns:
            The event with the values that were applied.

        Raises:
            InvalidInputError: A name or value is not usable; nothing was changed.
        """
        event = Event(self.step_count, kind, perturb.apply(kind, parameters, self))
        self.scene.refresh()
        self._progress = replace(self._progress, events=(*self.events, event))
        return event

    def retarget(self, rng: np.random.Generator) -> None:
        """Another object becomes the target, and the instruction says so."""
        assignment = self.assignment.retarget(rng)
        text = self.logic.spec.instruction(self.logic.concepts(assignment), rng)
        self._progress = replace(
            self._progress,
            assignment=assignment,
            plain_assignment=assignment,
            instruction=text,
            plain_instruction=text,
            streak=0,
            success=False,
        )

    def follow(self, reading: Reading | None) -> None:
        """Judge from now on what a person asked for; ``None`` goes back to what the seed asks for."""
        progress = self._progress
        before = (progress.judge, progress.unscored, progress.assignment)
        judge, unscored, assignment = "", "", progress.plain_assignment
        if reading is not None and reading.unscored:
            judge, unscored, assignment = progress.judge, reading.unscored, progress.assignment
        elif reading is not None:
            judge = reading.task if reading.task != self.task else ""
            assignment = replace(assignment, target=reading.target, goal=reading.goal)
        if (judge, unscored, assignment) != before:
            self._progress = replace(
                progress, judge=judge, unscored=unscored, assignment=assignment, streak=0, success=False
            )

    def observe(self, pictures: Mapping[str, Image] | None = None) -> Observation:
        """What a policy may see now.

        Args:
            pictures: Views of this state at ``render_size``, by camera, that need not be rendered again.
        """
        shown = pictures or {}
        images = {
            camera: area_downsample(
                shown[camera] if camera in shown else self.render(camera, self.render_size), self.image_size
            )
            for camera in POLICY_CAMERAS
        }
        model, data = self.scene.model, self.scene.data
        followed = self.calibration == "followed"
        poses = self.camera_poses() if followed else cameras.usual_poses(model, data, self._usual_mounts)
        return Observation(images, self.state_vector(), self.instruction, self.step_count / CONTROL_HZ, cameras=poses)

    def camera_poses(self) -> dict[str, CameraPose]:
        """Where the policy's cameras really are now, whatever the calibration says."""
        return {name: cameras.pose(self.scene.model, self.scene.data, name) for name in POLICY_CAMERAS}

    def state_vector(self) -> Vector:
        """(17,) float32 proprioception, laid out as in `Observation.state`."""
        state = hand(self.scene)
        return np.concatenate(
            [state.position, state.rotation[:, :2].T.ravel(), [state.opening], self.scene.data.qpos[JOINTS]]
        ).astype(np.float32)

    def begin(self, action: Vector) -> Vector:
        """Start a control step; returns the (7,) action as applied. Raises `InvalidInputError`."""
        applied = self.controller.begin(self.scene.data, self._delayed(action))
        self._progress = replace(self._progress, step=self.step_count + 1)
        return applied

    def advance(self, substeps: int = SUBSTEPS) -> None:
        """Run physics steps of 4 ms; 25 make one control step."""
        model, data = self.scene.model, self.scene.data
        control, step = data.ctrl, mujoco.mj_step
        for targets in self.controller.targets(substeps):
            control[:9] = targets
            step(model, data)
        self.scene.refresh()

    def finish(self, applied: Vector) -> StepResult:
        """End a control step: check the physics and count success."""
        progress = self._progress
        fault = progress.fault or self._guard.check()
        now = fault is None and not progress.unscored and self.judge.success(self.scene, self.assignment)
        streak = progress.streak + 1 if now else 0
        success = progress.success or streak >= SUCCESS_STEPS
        due = [event for event in progress.pending if event.step <= progress.step and fault is None]
        pending = tuple(event for event in progress.pending if event.step > progress.step)
        self._progress = replace(progress, streak=streak, success=success, fault=fault, pending=pending)
        self.apply(due)
        return StepResult(applied, now, success, fault)

    def step(self, action: Vector) -> StepResult:
        """One whole control step."""
        applied = self.begin(action)
        self.advance()
        return self.finish(applied)

    def render(self, camera: str, size: int = 256) -> Image:
        """(size, size, 3) uint8 view of a camera, with whatever disturbs its image."""
        return self._through_lens(camera, self._seen(camera, size))

    def segmentation(self, camera: str, size: int = IMAGE_SIZE) -> NDArray[np.int32]:
        """(size, size) int32 class per pixel, an index into `SEGMENTS`."""
        return self._view.segmentation(camera, size)

    def mask(self, camera: str, roles: Sequence[str], size: int = IMAGE_SIZE) -> NDArray[np.bool_]:
        """(size, size) bool: pixels that show ``target``, ``goal``, ``gripper`` or a body by its name."""
        bodies = [body for role in roles for body in self._role(role)]
        return self._view.mask(camera, bodies, size)

    def project(self, camera: str, points: NDArray) -> NDArray[np.float64]:
        """(N, 2) image coordinates 0..1 of (N, 3) world points [m]."""
        return cameras.project(self.scene.model, self.scene.data, camera, points)

    def ground_point(self, camera: str, u: float, v: float) -> NDArray[np.float64] | None:
        """(3,) point [m] of the table under an image point 0..1; ``None`` above the horizon."""
        return cameras.ground_point(self.scene.model, self.scene.data, camera, u, v)

    def pick(self, camera: str, u: float, v: float) -> str | None:
        """Name of the movable thing seen at an image point 0..1 or just beside it, if any."""
        return self._view.pick(camera, u, v)

    def fault(self) -> str | None:
        """What went wrong with the physics in this episode, or ``None``."""
        return self._progress.fault

    def goal_distance(self) -> float | None:
        """How far the task is from done [m]: 0 when at most letting go is missing; ``None`` if nobody can tell."""
        distance = self.judge.distance(self.scene, self.assignment)
        return distance if self.fault() is None and not self.unscored and np.isfinite(distance) else None

    def snapshot(self) -> WorldState:
        """A fork point of physics, looks, controller and counters."""
        return WorldState(self.scene.snapshot(), self.controller.state, self._progress, self.effects)

    def digest(self) -> str:
        """Fingerprint of the present state, 16 hexadecimal digits."""
        return digest(self.snapshot())

    def restore(self, state: WorldState) -> None:
        """Back to a fork point of this world, or of another one of the same task, bit-exact."""
        self.scene.restore(state.scene)
        self.controller.state, self._progress, self.effects = state.controller, state.progress, state.effects
        self._guard.rearm()

    def close(self) -> None:
        """Free the renderers; the world can still be stepped."""
        self._view.close()

    def _check(self, events: Sequence[Event]) -> None:
        for event in events:
            perturb.check(event.kind, event.parameters, self.scene)

    def _seen(self, camera: str, size: int) -> Image:
        return self._view.picture(camera, size, self.effects.backdrop, self.step_count, self.effects.marking)

    def _through_lens(self, camera: str, image: Image) -> Image:
        effects = self.effects
        if effects.blur is not None and camera in POLICY_CAMERAS:
            image = effects.blur.apply(image, self.step_count)
        if effects.cover is not None and camera == effects.cover.camera:
            image = effects.cover.apply(image)
        if effects.lost is not None and camera == effects.lost.camera and self.step_count < effects.lost.until:
            image = effects.lost.apply(image)
        return image

    def _delayed(self, action: Vector) -> Vector:
        """The action that arrives now; holds still while the first is on its way."""
        steps = self.effects.delay_steps
        if not steps:
            return action
        queue = (*self.effects.queue, checked_action(action).astype(np.float32))
        arrived = len(queue) > steps
        self.effects = replace(self.effects, queue=queue[-steps:])
        still = np.array([0, 0, 0, 0, 0, 0, self.controller.state.opening], np.float32)
        return queue[-steps - 1] if arrived else still

    def _role(self, role: str) -> list[int]:
        if role == "gripper":
            return [self.scene.body(name) for name in ("hand", "left_finger", "right_finger")]
        named = {"target": self.assignment.target, "goal": self.assignment.goal}.get(role, role)
        return [] if named is None else [self.scene.body(named)]
