"""Demonstrations: the expert disturbed by noise, every frame labelled with what the clean expert would do."""

from collections.abc import Iterator
from dataclasses import dataclass

import mujoco
import numpy as np

from wam_demo.sim.controller import FINGER_TRAVEL_M, FINGERS, HOME, JOINTS
from wam_demo.sim.expert import Expert
from wam_demo.sim.motion import hand
from wam_demo.sim.rotation import POINTING_DOWN, about_z, exponential
from wam_demo.sim.world import World
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, Observation, Vector

START_BOX = np.array([[0.34, -0.30, 0.03], [0.66, 0.32, 0.30]])
"""Corners [m] of the box in which half of the episodes start."""
AFTER_SUCCESS_STEPS = 8
"""Control steps that are kept after success: the retreat and holding still."""
MAX_PUSH_M = 0.04


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


def demonstrate(world: World, seed: int, *, noise: float, every: int = 1) -> Iterator[DemoFrame]:
    """One episode of the noise-injected expert.

    Half of the episodes start at a random TCP pose, some open or close the gripper at a wrong moment, and
    in some the instruction's target changes on the way: recoveries have to be in the data.

    Args:
        world: Is reset and stepped.
        seed: Of the scene and of the noise.
        noise: 0 (clean, from the nominal start) .. 1: bound of the episode's random noise level.
        every: Only every n-th control step is rendered and yielded, from a random phase.
    """
    rng = np.random.default_rng([seed, 17])
    world.draw(seed)
    if noise > 0 and rng.random() < 0.5:
        scatter_start(world, rng)
    plan, expert = _Disturbance.draw(rng, noise), Expert(world)
    phase, remaining = int(rng.integers(every)), AFTER_SUCCESS_STEPS
    for step in range(world.logic.spec.horizon):
        if step == plan.retarget_step:
            world.retarget(rng)
        shown = step % every == phase
        if shown:
            observation, chunk = world.observe(), expert_chunk(world)
        result = world.step(plan.disturb(step, expert.act()))
        if shown:
            yield DemoFrame(observation, result.applied, chunk, result.success, step)
        remaining -= result.success
        if result.fault or remaining < 0:
            return


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


def scatter_start(world: World, rng: np.random.Generator, attempts: int = 20) -> None:
    """Move the arm to a random pose and opening without touching anything, often close to an object."""
    scene, model, data = world.scene, world.scene.model, world.scene.data
    start = scene.snapshot()
    for _ in range(attempts):
        position = rng.uniform(*START_BOX)
        if world.assignment.candidates and rng.random() < 0.4:
            near = scene.position(str(rng.choice(world.assignment.candidates)))
            position[:2] = near[:2] + rng.normal(0, 0.035, 2)
            position[2] = rng.uniform(0.02, 0.15)
        tilt = exponential(np.array([*rng.normal(0, 0.04, 2), 0.0]))
        rotation = tilt @ about_z(rng.uniform(-0.5, 0.5)) @ POINTING_DOWN
        joints = HOME
        for _ in range(8):
            joints = world.controller.solve(joints, position, rotation)
        opening = 1.0 if rng.random() < 0.6 else rng.uniform(0, 1)
        data.qpos[JOINTS], data.qpos[FINGERS] = joints, opening * FINGER_TRAVEL_M
        scene.refresh()
        mujoco.mj_fwdPosition(model, data)
        if np.linalg.norm(hand(scene).position - position) < 0.01 and not _arm_touches(world):
            world.controller.reset(data, opening)
            return
        scene.restore(start)


def _arm_touches(world: World) -> bool:
    model, data = world.scene.model, world.scene.data
    arm = {geom for name in ("hand", "left_finger", "right_finger") for geom in world.scene.geoms(name)}
    return any(int(g) in arm for contact in data.contact[: data.ncon] for g in contact.geom) and model.nbody > 0


@dataclass
class _Disturbance:
    """The noise of one episode: pushes of the TCP, a wrong gripper command, a changed target."""

    rng: np.random.Generator
    level: float
    open_step: int = -1
    close_step: int = -1
    retarget_step: int = -1
    push_left: int = 0

    @classmethod
    def draw(cls, rng: np.random.Generator, noise: float) -> "_Disturbance":
        level = 0.0 if rng.random() < 0.25 else noise * rng.random()
        plan = cls(rng, level)
        if noise > 0:
            plan.open_step = int(rng.integers(8, 30)) if rng.random() < 0.08 else -1
            plan.close_step = int(rng.integers(0, 14)) if rng.random() < 0.08 else -1
            plan.retarget_step = int(rng.integers(2, 12)) if rng.random() < 0.15 else -1
        return plan

    def disturb(self, step: int, action: Vector) -> Vector:
        """The expert's action with this step's noise added."""
        action = action.copy()
        if self.push_left == 0 and self.rng.random() < 0.16 * (self.level > 0):
            direction = self.rng.standard_normal(3)
            length = MAX_PUSH_M * self.level * self.rng.uniform(0.3, 1)
            self.push = direction / np.linalg.norm(direction) * length
            self.turn = self.rng.normal(0, 0.08 * self.level, 3) * (0.5, 0.5, 1)
            self.push_left = int(self.rng.integers(1, 5))
        if self.push_left > 0:
            self.push_left -= 1
            action[:3] += self.push
            action[3:6] += self.turn
        if 0 <= step - self.open_step < 2 and self.open_step >= 0:
            action[6] = 1.0
        if 0 <= step - self.close_step < 2 and self.close_step >= 0:
            action[6] = 0.0
        return action
