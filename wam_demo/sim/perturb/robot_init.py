"""robot_init: the arm somewhere else."""

import numpy as np

from wam_demo.sim.controller import JOINTS
from wam_demo.sim.motion import hand
from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, rounded, unit
from wam_demo.sim.perturb.checks import numbers
from wam_demo.sim.scene import Scene

LENGTH_RAD = (0.05, 0.1, 0.2, 0.3, 0.4)
MIN_HEIGHT_M = 0.08
"""The TCP stays at least this high above the table."""


class RobotInit:
    """Parameters: ``joints`` (7,) [rad], added to the joint angles."""

    name, during = "robot_init", False
    parameters = ("joints",)

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
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

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        return {"joints": numbers(parameters, "joints", 7, -0.5, 0.5)}

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Put the arm there, at rest."""
        scene, joints = world.scene, values["joints"]
        limits = scene.model.jnt_range[JOINTS].T
        scene.data.qpos[JOINTS] = np.clip(scene.data.qpos[JOINTS] + joints, *limits)
        scene.data.qvel[JOINTS] = 0
        scene.refresh()
        world.controller.reset(scene.data, world.controller.state.opening)
        return {"joints": rounded(joints)}

    def clear(self, world: DisturbedWorld) -> None:
        """Nothing: the arm moves on from where it is."""
