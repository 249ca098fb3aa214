"""robot_init: the arm somewhere else."""

from typing import TYPE_CHECKING

import numpy as np

from wam_demo.sim.controller import JOINTS
from wam_demo.sim.motion import hand
from wam_demo.sim.perturb.base import Parameters, numbers, rounded, unit

if TYPE_CHECKING:
    from wam_demo.sim.world import World

LENGTH_RAD = (0.05, 0.1, 0.2, 0.3, 0.4)
MIN_HEIGHT_M = 0.08
"""The TCP stays at least this high above the table."""


class RobotInit:
    """Parameters: ``joints`` (7,) [rad], added to the joint angles."""

    name, during = "robot_init", False

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """A random direction of the severity's length that keeps the TCP above the table."""
        start = world.scene.snapshot()
        for _ in range(50):
            joints = LENGTH_RAD[severity - 1] * unit(rng, 7)
            world.scene.data.qpos[JOINTS] += joints
            world.scene.refresh()
            height = hand(world.scene).position[2]
            world.scene.restore(start)
            if height > MIN_HEIGHT_M:
                break
        return {"joints": rounded(joints)}

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Put the arm there, at rest."""
        joints = numbers(parameters, "joints", 7, -0.5, 0.5)
        scene = world.scene
        limits = scene.model.jnt_range[JOINTS].T
        scene.data.qpos[JOINTS] = np.clip(scene.data.qpos[JOINTS] + joints, *limits)
        scene.data.qvel[JOINTS] = 0
        scene.refresh()
        world.controller.reset(scene.data, world.controller.state.opening)
        return {"joints": rounded(joints)}

    def clear(self, world: "World") -> None:
        """Nothing: the arm moves on from where it is."""
