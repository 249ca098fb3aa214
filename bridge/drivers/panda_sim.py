"""A scene of `wam_demo` in real time behind the gate: the one driver that knows the package, and runs where it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mujoco
import numpy as np

from bridge.driver import ArmLimits, Array
from bridge.drivers.simulated import SimulatedArm
from wam_demo.config import SCENES
from wam_demo.sim.controller import FINGER_TRAVEL_M, FINGERS, HOME, JOINTS, SUBSTEPS, WORKSPACE, Controller
from wam_demo.sim.kinematics import ArmKinematics
from wam_demo.sim.world import World, WorldState
from wam_demo.types import Image

VELOCITY = np.array([1.2, 1.2, 1.2, 1.2, 1.6, 1.6, 1.6])
"""Joint speeds [rad/s], about half of the published ones: enough for the largest control step."""
ACCELERATION = np.array([36.0, 36.0, 36.0, 36.0, 48.0, 48.0, 48.0])
RATED_NM = np.array([87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0])
FINGER_N = 20.0
PHYSICS_S = 0.004
MAX_CATCH_UP = 2 * SUBSTEPS
"""Physics steps after which a late thread lets time be lost."""
PICTURE_SIZE = 256
STILL = np.array([0, 0, 0, 0, 0, 0, 1], np.float32)


class PandaKinematics(ArmKinematics):
    """Those of the scene's own controller, posture in the null space included."""

    def __init__(self) -> None:
        super().__init__()
        self._controller = Controller(mujoco.MjModel.from_xml_path(str(SCENES / "arm.xml")))

    def solve(self, joints: Array, position: Array, rotation: Array) -> Array:
        """Joint angles (7,) [rad] near ``joints`` that bring the TCP to a pose."""
        return self._controller.solve(joints, position, rotation)


class PandaSim(SimulatedArm[WorldState]):
    """Implements `bridge.driver.Driver` and `Scene`.

    Args:
        task: Name of a task.
        seed: First scene.
        camera_hz: Pictures a second of each camera; 0: none.
        camera_thread: Pictures are taken beside the control thread; not where time is simulated too.
    """

    def __init__(
        self, task: str = "pick_place", seed: int = 0, camera_hz: float = 15.0, camera_thread: bool = True
    ) -> None:
        super().__init__(PHYSICS_S, MAX_CATCH_UP, camera_hz, camera_thread)
        self._world = World(task)
        model = self._world.scene.model
        ranges = model.jnt_range[JOINTS]
        self.limits = ArmLimits(
            lower=np.append(ranges[:, 0], 0.0),
            upper=np.append(ranges[:, 1], 1.0),
            velocity=np.append(VELOCITY, 5.0),
            acceleration=np.append(ACCELERATION, 150.0),
            workspace=WORKSPACE.copy(),
            home=np.append(HOME, 1.0),
        )
        self.kinematics = PandaKinematics()
        self._feedforward = -model.actuator_biasprm[JOINTS, 2] / model.actuator_gainprm[JOINTS, 0]
        self.reset(seed)

    def close(self) -> None:
        """End the cameras."""
        super().close()
        self._world.close()

    def reset(self, seed: int) -> None:
        """Draw the scene of a seed."""
        self._world.draw(seed)
        self._steps = 0
        self._begin(self._positions())

    def report(self) -> dict[str, Any]:
        """What the task knows."""
        progress = self._world.snapshot().progress if self._steps else None
        return {
            "instruction": self._world.instruction,
            "success": progress is not None and bool(progress.success),
            "goal_distance": self._world.goal_distance(),
            "fault": self._world.fault(),
            "poses": {name: vars(pose) for name, pose in self._world.camera_poses().items()},
        }

    def _play(self, count: int) -> None:
        data, travel = self._world.scene.data, self._goal - self._start
        for index in range(count):
            target = self._start + (index + 1) / count * travel
            data.ctrl[JOINTS] = target[:-1] + self._feedforward * travel[:-1] / (count * PHYSICS_S)
            data.ctrl[FINGERS] = target[-1] * FINGER_TRAVEL_M
            self._hold_stuck(data, 0)
            mujoco.mj_step(self._world.scene.model, data)
            self._steps += 1
            if self._steps % SUBSTEPS == 0:
                self._world.begin(STILL)
                self._world.finish(STILL)
        self._world.scene.refresh()

    def _state(self) -> WorldState:
        return self._world.snapshot()

    def _open_renderer(self) -> tuple[Callable[[WorldState], Mapping[str, Image]], Callable[[], None]]:
        """A second world in the thread of the cameras, since a renderer belongs to the thread that made it."""
        mirror = World(self._world.task)

        def render(state: WorldState) -> Mapping[str, Image]:
            mirror.restore(state)
            return {name: mirror.render(name, PICTURE_SIZE) for name in self.cameras}

        return render, mirror.close

    def _positions(self) -> Array:
        qpos = self._world.scene.data.qpos
        return np.append(qpos[JOINTS], qpos[FINGERS].mean() / FINGER_TRAVEL_M)

    def _load(self) -> Array:
        force = np.abs(self._world.scene.data.actuator_force)
        return np.minimum(np.append(force[JOINTS] / RATED_NM, force[FINGERS].max() / FINGER_N), 1.5)
