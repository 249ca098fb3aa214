"""camera: front and wrist cameras displaced and turned."""

from typing import TYPE_CHECKING

import mujoco
import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.sim.perturb.base import Parameters, numbers, rounded, unit
from wam_demo.types import POLICY_CAMERAS

if TYPE_CHECKING:
    from wam_demo.sim.world import World

OFFSET_M = (0.02, 0.04, 0.07, 0.10, 0.15)
ROTATION_DEG = (1, 2, 4, 6, 10)


class Camera:
    """Parameters: camera -> ``offset`` (3,) [m] and ``rotation`` (3,) [rad], both in the camera's frame."""

    name, during = "camera", False

    def draw(self, severity: int, rng: np.random.Generator, world: "World") -> Parameters:
        """A random direction of the severity's length for each camera."""
        offset, turn = OFFSET_M[severity - 1], np.radians(ROTATION_DEG[severity - 1])
        return {
            "cameras": {
                camera: {"offset": rounded(offset * unit(rng, 3)), "rotation": rounded(turn * unit(rng, 3))}
                for camera in POLICY_CAMERAS
            }
        }

    def apply(self, parameters: Parameters, world: "World") -> Parameters:
        """Displace the cameras from where the scene file has them."""
        if not isinstance(parameters.get("cameras"), dict):
            raise InvalidInputError("parameter 'cameras' is missing")
        self.clear(world)
        applied = {}
        for camera, values in parameters["cameras"].items():
            offset = numbers(values, "offset", 3, -0.2, 0.2)
            rotation = numbers(values, "rotation", 3, -0.3, 0.3)
            _displace(world, camera, offset, rotation)
            applied[camera] = {"offset": rounded(offset), "rotation": rounded(rotation)}
        world.scene.touch()
        return {"cameras": applied}

    def clear(self, world: "World") -> None:
        """Back to the calibrated poses."""
        world.scene.revert("cam_pos", "cam_quat")


def _displace(world: "World", name: str, offset: np.ndarray, rotation: np.ndarray) -> None:
    if name not in POLICY_CAMERAS:
        raise InvalidInputError(f"camera {name[:20]!r} cannot be moved: valid is {', '.join(POLICY_CAMERAS)}")
    camera = world.scene.model.camera(name)
    shift, turn, quat = np.empty(3), np.empty(4), np.empty(4)
    mujoco.mju_rotVecQuat(shift, offset, camera.quat)
    angle = float(np.linalg.norm(rotation))
    mujoco.mju_axisAngle2Quat(turn, rotation / max(angle, 1e-9), angle)
    mujoco.mju_mulQuat(quat, camera.quat, turn)
    camera.pos[:], camera.quat[:] = camera.pos + shift, quat
