"""camera: front and wrist cameras displaced and turned."""

import mujoco
import numpy as np

from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, rounded, unit
from wam_demo.sim.perturb.checks import mapping, numbers
from wam_demo.sim.scene import Scene
from wam_demo.types import POLICY_CAMERAS

OFFSET_M = (0.02, 0.04, 0.07, 0.10, 0.15)
ROTATION_DEG = (1, 2, 4, 6, 10)


class Camera:
    """Parameters: camera -> ``offset`` (3,) [m] and ``rotation`` (3,) [rad], both in the camera's frame."""

    name, during = "camera", False
    parameters = ("cameras",)

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """A random direction of the severity's length for each camera."""
        offset, turn = OFFSET_M[severity - 1], np.radians(ROTATION_DEG[severity - 1])
        return {
            "cameras": {
                camera: {"offset": rounded(offset * unit(rng, 3)), "rotation": rounded(turn * unit(rng, 3))}
                for camera in POLICY_CAMERAS
            }
        }

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        cameras = mapping(parameters.get("cameras"), "cameras", POLICY_CAMERAS)
        return {"cameras": {camera: _checked(motion, camera) for camera, motion in cameras.items()}}

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Displace the cameras from where the scene file has them."""
        self.clear(world)
        for camera, motion in values["cameras"].items():
            _displace(world.scene, camera, motion["offset"], motion["rotation"])
        world.scene.touch()
        return {"cameras": {camera: {k: rounded(v) for k, v in m.items()} for camera, m in values["cameras"].items()}}

    def clear(self, world: DisturbedWorld) -> None:
        """Back to the calibrated poses."""
        world.scene.revert("cam_pos", "cam_quat")


def _checked(motion: object, camera: str) -> dict[str, np.ndarray]:
    values = mapping(motion, camera, ("offset", "rotation"))
    return {"offset": numbers(values, "offset", 3, -0.2, 0.2), "rotation": numbers(values, "rotation", 3, -0.3, 0.3)}


def _displace(scene: Scene, name: str, offset: np.ndarray, rotation: np.ndarray) -> None:
    camera = scene.model.camera(name)
    shift, turn, quat = np.empty(3), np.empty(4), np.empty(4)
    mujoco.mju_rotVecQuat(shift, offset, camera.quat)
    angle = float(np.linalg.norm(rotation))
    mujoco.mju_axisAngle2Quat(turn, rotation / max(angle, 1e-9), angle)
    mujoco.mju_mulQuat(quat, camera.quat, turn)
    camera.pos[:], camera.quat[:] = camera.pos + shift, quat
