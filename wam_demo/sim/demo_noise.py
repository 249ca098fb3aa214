"""Noise of demonstrations: random starts, pushes of the TCP, wrong gripper commands, a changed target."""

from dataclasses import dataclass, field

import mujoco
import numpy as np

from wam_demo.sim.controller import FINGER_TRAVEL_M, FINGERS, HOME, JOINTS
from wam_demo.sim.motion import hand
from wam_demo.sim.rotation import POINTING_DOWN, about_z, exponential
from wam_demo.sim.world import World
from wam_demo.types import Vector

START_BOX = np.array([[0.34, -0.30, 0.03], [0.66, 0.32, 0.30]])
"""Corners [m] of the box in which scattered episodes start."""
MAX_PUSH_M = 0.04
"""Largest push of the TCP in one control step."""


@dataclass
class DemoNoise:
    """The noise of one episode.

    Attributes:
        rng: Draws the pushes.
        level: 0..1, scales the pushes.
        open_step: Control step at which the gripper opens by mistake, -1 for never.
        close_step: Control step at which it closes by mistake.
        retarget_step: Control step at which another object becomes the target.
    """

    rng: np.random.Generator
    level: float
    open_step: int = -1
    close_step: int = -1
    retarget_step: int = -1
    _push: Vector = field(default_factory=lambda: np.zeros(6, np.float32))
    _push_left: int = 0

    @classmethod
    def draw(cls, rng: np.random.Generator, noise: float) -> "DemoNoise":
        """The plan of an episode; ``noise`` bounds its level, 0 disturbs nothing."""
        if noise <= 0:
            return cls(rng, 0.0)

        def sometimes(probability: float, low: int, high: int) -> int:
            step = int(rng.integers(low, high))
            return step if rng.random() < probability else -1

        level = 0.0 if rng.random() < 0.25 else noise * rng.random()
        return cls(rng, level, sometimes(0.08, 8, 30), sometimes(0.08, 0, 14), sometimes(0.15, 2, 12))

    def disturb(self, step: int, action: Vector) -> Vector:
        """The expert's (7,) action with this step's noise added; a copy."""
        action = action.copy()
        if self._push_left == 0 and self.level > 0 and self.rng.random() < 0.16:
            self._push, self._push_left = self._draw_push(), int(self.rng.integers(1, 5))
        if self._push_left > 0:
            self._push_left -= 1
            action[:6] += self._push
        if self.open_step >= 0 and 0 <= step - self.open_step < 2:
            action[6] = 1.0
        if self.close_step >= 0 and 0 <= step - self.close_step < 2:
            action[6] = 0.0
        return action

    def _draw_push(self) -> Vector:
        direction = self.rng.standard_normal(3)
        length = MAX_PUSH_M * self.level * self.rng.uniform(0.3, 1)
        turn = self.rng.normal(0, 0.08 * self.level, 3) * (0.5, 0.5, 1)
        return np.concatenate([direction / np.linalg.norm(direction) * length, turn]).astype(np.float32)


def scatter_start(world: World, rng: np.random.Generator, attempts: int = 20) -> None:
    """Move the arm to a random pose and opening without touching anything, often close to an object."""
    scene, data = world.scene, world.scene.data
    start = scene.snapshot()
    for _ in range(attempts):
        position, rotation = _random_pose(world, rng)
        joints = HOME
        for _ in range(8):
            joints = world.controller.solve(joints, position, rotation)
        opening = 1.0 if rng.random() < 0.6 else float(rng.uniform(0, 1))
        data.qpos[JOINTS], data.qpos[FINGERS] = joints, opening * FINGER_TRAVEL_M
        scene.refresh()
        mujoco.mj_fwdPosition(scene.model, data)
        if np.linalg.norm(hand(scene).position - position) < 0.01 and not _arm_touches(world):
            world.controller.reset(data, opening)
            return
        scene.restore(start)


def _random_pose(world: World, rng: np.random.Generator) -> tuple[Vector, Vector]:
    position, candidates = rng.uniform(*START_BOX), world.assignment.candidates
    if candidates and rng.random() < 0.4:
        near = world.scene.position(str(rng.choice(candidates)))
        position[:2] = near[:2] + rng.normal(0, 0.035, 2)
        position[2] = rng.uniform(0.02, 0.15)
    tilt = exponential(np.array([*rng.normal(0, 0.04, 2), 0.0]))
    return position, tilt @ about_z(rng.uniform(-0.5, 0.5)) @ POINTING_DOWN


def _arm_touches(world: World) -> bool:
    data = world.scene.data
    arm = {geom for name in ("hand", "left_finger", "right_finger") for geom in world.scene.geoms(name)}
    return any(int(geom) in arm for contact in data.contact[: data.ncon] for geom in contact.geom)
