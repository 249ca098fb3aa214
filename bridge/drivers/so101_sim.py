"""An SO-101 in MuJoCo in real time, with a block to grasp and faults to set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from bridge.driver import Array
from bridge.drivers.simulated import SimulatedArm
from bridge.drivers.so101_model import GRIPPER, JOINTS, assets, so101_kinematics, so101_limits

PHYSICS_S = 0.002
MAX_CATCH_UP = 50
PICTURE_SIZE = 256
RATED_NM = 3.35
"""Stall torque of the STS3215 at 12 V in the model [N m]."""
BLOCK_M = 0.012
"""Half the side of the block [m]."""
BLOCK_AREA = np.array([[0.17, -0.09], [0.27, 0.09]])
"""Where the block lies [m], and anywhere in between."""
LIFTED_M = 0.04
"""So far above the table the block has been grasped [m]."""
STIFFNESS, DAMPING = 120.0, 6.0
"""Gains of the simulated servos [N m / rad], [N m s / rad]: those of the model sag by 0.1 rad under the arm."""


def compile_scene() -> mujoco.MjModel:
    """Arm, table, block and two cameras."""
    spec = mujoco.MjSpec.from_file(str(assets() / "so101_new_calib.xml"))
    spec.option.timestep = PHYSICS_S
    spec.option.noslip_iterations = 5
    world = spec.worldbody
    world.add_light(pos=[0.2, 0, 1.5], dir=[0, 0, -1], castshadow=False)
    world.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1, 1, 0.01], rgba=[0.55, 0.5, 0.45, 1])
    block = world.add_body(name="block", pos=[0.22, 0, BLOCK_M])
    block.add_freejoint(name="block")
    block.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[BLOCK_M] * 3,
        mass=0.02,
        rgba=[0.8, 0.15, 0.15, 1],
        friction=[1.5, 0.02, 0.001],
        contype=3,
        conaffinity=3,
    )
    world.add_camera(name="front", pos=[0.62, 0, 0.42], xyaxes=[0, 1, 0, -0.64, 0, 0.77], fovy=42)
    wrist = spec.body("gripper")
    wrist.add_camera(name="wrist", pos=[-0.07, 0, -0.03], xyaxes=[0, 1, 0, -0.87, 0, -0.5], fovy=70)
    for geom in spec.geoms:
        if geom.name in ("fixed_jaw_pad", "moving_jaw_pad"):
            geom.friction = [1.5, 0.02, 0.001]
    for actuator in spec.actuators:
        actuator.gainprm[0], actuator.biasprm[1], actuator.biasprm[2] = STIFFNESS, -STIFFNESS, -DAMPING
    spec.visual.quality.shadowsize = 0
    spec.visual.headlight.ambient = [0.45, 0.45, 0.45]
    return spec.compile()


class So101Sim(SimulatedArm[NDArray]):
    """Implements `bridge.driver.Driver` and `Scene`.

    Args:
        seed: First scene.
        camera_hz: Pictures a second; 0: none.
    """

    def __init__(self, seed: int = 0, camera_hz: float = 15.0) -> None:
        super().__init__(PHYSICS_S, MAX_CATCH_UP, camera_hz)
        self._model = compile_scene()
        self._data = mujoco.MjData(self._model)
        self.limits = so101_limits(self._model)
        self.kinematics = so101_kinematics()
        self._joints = np.array([self._model.joint(name).qposadr[0] for name in (*JOINTS, GRIPPER)])
        self._motors = np.array([self._model.actuator(name).id for name in (*JOINTS, GRIPPER)])
        self._jaw = self._model.joint(GRIPPER).range.copy()
        self._lifted = False
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Arm at home, block where the seed puts it."""
        mujoco.mj_resetData(self._model, self._data)
        self._data.qpos[self._joints] = self._motor(self.limits.home)
        place = np.random.default_rng(seed).uniform(*BLOCK_AREA)
        self._data.joint("block").qpos[:3] = [*place, BLOCK_M]
        self._begin(self.limits.home.copy())
        self._data.ctrl[self._motors] = self._motor(self._goal)
        mujoco.mj_forward(self._model, self._data)
        self._lifted = False

    def report(self) -> dict[str, Any]:
        """Whether the block was lifted, and how far the TCP is from it [m]."""
        block = self._data.body("block").xpos
        tcp = self.kinematics.tcp(self._positions()[:-1])[0]
        bad = self._data.warning[mujoco.mjtWarning.mjWARN_BADQPOS].number
        return {
            "instruction": "pick up the red block",
            "success": self._lifted,
            "goal_distance": 0.0 if self._lifted else float(np.linalg.norm(block - tcp)),
            "fault": "the physics diverged" if bad else None,
            "block": [float(value) for value in block],
            "poses": {name: self._pose(name) for name in self.cameras},
        }

    def _play(self, count: int) -> None:
        for index in range(count):
            target = self._start + (index + 1) / count * (self._goal - self._start)
            self._data.ctrl[self._motors] = self._motor(target)
            self._hold_stuck(self._data, self._joints[0])
            mujoco.mj_step(self._model, self._data)
        self._lifted = self._lifted or bool(self._data.body("block").xpos[2] > LIFTED_M)

    def _positions(self) -> Array:
        values = self._data.qpos[self._joints].copy()
        values[-1] = np.clip((values[-1] - self._jaw[0]) / (self._jaw[1] - self._jaw[0]), 0.0, 1.0)
        return values

    def _load(self) -> Array:
        return np.abs(self._data.actuator_force[self._motors]) / RATED_NM

    def _state(self) -> NDArray:
        return self._data.qpos.copy()

    def _pose(self, camera: str) -> dict[str, Any]:
        """Position, rotation and tangent of half the field of view."""
        view = self._data.camera(camera)
        half = np.tan(np.radians(self._model.camera(camera).fovy[0]) / 2)
        return {
            "position": view.xpos.astype(np.float32),
            "rotation": view.xmat.reshape(3, 3).astype(np.float32),
            "half": float(half),
        }

    def _motor(self, positions: Array) -> Array:
        """(6,) angles [rad] of five joints and an opening."""
        return np.append(positions[:-1], self._jaw[0] + positions[-1] * (self._jaw[1] - self._jaw[0]))

    def _open_renderer(self) -> tuple[Callable[[NDArray], Mapping[str, NDArray]], Callable[[], None]]:
        data, renderer = mujoco.MjData(self._model), mujoco.Renderer(self._model, PICTURE_SIZE, PICTURE_SIZE)

        def render(qpos: NDArray) -> Mapping[str, NDArray]:
            data.qpos[:] = qpos
            mujoco.mj_kinematics(self._model, data)
            mujoco.mj_camlight(self._model, data)
            pictures = {}
            for name in self.cameras:
                renderer.update_scene(data, name)
                pictures[name] = renderer.render()
            return pictures

        return render, renderer.close
