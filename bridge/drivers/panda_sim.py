"""A scene of `wam_demo` in real time behind the gate: the one driver that knows the package, and runs where it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mujoco
import numpy as np

from bridge.driver import ArmLimits, Array, Reading
from bridge.drivers.faults import Faults
from bridge.drivers.photographer import Photographer
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


class PandaSim:
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
        self.cameras: tuple[str, ...] = ("front", "wrist") if camera_hz else ()
        period = 1 / camera_hz if camera_hz else np.inf
        self._photographer = Photographer(self._open_renderer, period, camera_thread)
        self._feedforward = -model.actuator_biasprm[JOINTS, 2] / model.actuator_gainprm[JOINTS, 0]
        self._faults = Faults()
        self._time: float | None = None
        self._steps = 0
        self.reset(seed)

    def connect(self, now: float) -> None:
        """A simulated arm is there, unless a fault says otherwise."""
        self._faults.require_bus()
        if self.cameras:
            self._photographer.start()

    def read(self, now: float) -> Reading:
        """Advance the physics to now, and measure."""
        self._advance(now)
        if self.cameras:
            self._photographer.show(self._world.snapshot, now)
        return self._faults.measured(Reading(self._positions(), self._load(), self._photographer.frames))

    def send(self, positions: Array, now: float) -> None:
        """Targets of the motors until the next ones."""
        if (arrived := self._faults.sent(positions)) is not None:
            self._goal = arrived

    def release_torque(self) -> None:
        """Simulated motors stay where they are."""
        self._goal = self._positions()

    def close(self) -> None:
        """End the cameras."""
        self._photographer.close()
        self._world.close()

    def reset(self, seed: int) -> None:
        """Draw the scene of a seed."""
        self._world.draw(seed)
        self._start = self._goal = self._positions()
        self._steps, self._time = 0, None
        self._photographer.forget()

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

    def inject(self, fault: str, on: bool) -> None:
        """Switch a fault on or off."""
        self._faults.inject(fault, on)

    def _advance(self, now: float) -> None:
        if self._time is None:
            self._time = now
        count = min(int((now - self._time) / PHYSICS_S + 0.5), MAX_CATCH_UP)
        if count <= 0:
            return
        self._time = max(self._time + count * PHYSICS_S, now - PHYSICS_S)
        data, travel = self._world.scene.data, self._goal - self._start
        for index in range(count):
            target = self._start + (index + 1) / count * travel
            data.ctrl[JOINTS] = target[:-1] + self._feedforward * travel[:-1] / (count * PHYSICS_S)
            data.ctrl[FINGERS] = target[-1] * FINGER_TRAVEL_M
            self._hold_stuck(data)
            mujoco.mj_step(self._world.scene.model, data)
            self._steps += 1
            if self._steps % SUBSTEPS == 0:
                self._world.begin(STILL)
                self._world.finish(STILL)
        self._world.scene.refresh()
        self._start = self._goal

    def _hold_stuck(self, data: Any) -> None:
        faults = self._faults
        if "stuck_joint" in faults.active:
            faults.stuck_at = data.qpos[0] if faults.stuck_at is None else faults.stuck_at
            data.qpos[0], data.qvel[0] = faults.stuck_at, 0.0

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
