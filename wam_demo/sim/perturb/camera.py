"""camera and hand_eye: cameras displaced and turned, the third-person ones or the one on the wrist."""

import mujoco
import numpy as np

from wam_demo.sim.cameras import displace
from wam_demo.sim.perturb.base import DisturbedWorld, Parameters, rounded, unit
from wam_demo.sim.perturb.checks import mapping, numbers
from wam_demo.sim.scene import Scene

OFFSET_M = (0.02, 0.04, 0.07, 0.10, 0.15)
ROTATION_DEG = (1, 2, 4, 6, 10)
THIRD_PERSON = ("front", "side")
WRIST = ("wrist",)


class CameraAxis:
    """Parameters: camera -> ``offset`` (3,) [m] and ``rotation`` (3,) [rad], both in the camera's frame.

    Args:
        name: Of the axis.
        cameras: That it draws a displacement for. Explicit values may move any camera, so that logs from before
            the wrist had an axis of its own replay.
    """

    during = False
    parameters = ("cameras",)

    def __init__(self, name: str, cameras: tuple[str, ...]) -> None:
        self.name, self.cameras = name, cameras

    def draw(self, severity: int, rng: np.random.Generator, world: DisturbedWorld) -> Parameters:
        """A random direction of the severity's length for each camera."""
        offset, turn = OFFSET_M[severity - 1], np.radians(ROTATION_DEG[severity - 1])
        return {
            "cameras": {
                camera: {"offset": rounded(offset * unit(rng, 3)), "rotation": rounded(turn * unit(rng, 3))}
                for camera in self.cameras
            }
        }

    def check(self, parameters: Parameters, scene: Scene) -> Parameters:
        cameras = mapping(parameters.get("cameras"), "cameras", (*THIRD_PERSON, *WRIST))
        return {"cameras": {camera: _checked(motion, camera) for camera, motion in cameras.items()}}

    def apply(self, values: Parameters, world: DisturbedWorld) -> Parameters:
        """Displace the cameras from where they were at the reset."""
        _back(world.scene, (*self.cameras, *values["cameras"]))
        for camera, motion in values["cameras"].items():
            _displace(world.scene, camera, motion["offset"], motion["rotation"])
        world.scene.touch()
        return {"cameras": {camera: {k: rounded(v) for k, v in m.items()} for camera, m in values["cameras"].items()}}

    def clear(self, world: DisturbedWorld) -> None:
        """Back to the calibrated poses."""
        _back(world.scene, self.cameras)


def _checked(motion: object, camera: str) -> dict[str, np.ndarray]:
    values = mapping(motion, camera, ("offset", "rotation"))
    return {"offset": numbers(values, "offset", 3, -0.2, 0.2), "rotation": numbers(values, "rotation", 3, -0.3, 0.3)}


def _back(scene: Scene, cameras: tuple[str, ...]) -> None:
    scene.revert("cam_pos", "cam_quat", rows=[scene.model.camera(name).id for name in cameras])


def _displace(scene: Scene, name: str, offset: np.ndarray, rotation: np.ndarray) -> None:
    shift = np.empty(3)
    mujoco.mju_rotVecQuat(shift, offset, scene.model.camera(name).quat)
    displace(scene.model, name, shift, rotation)
