"""Pinhole geometry of the scene's cameras; image coordinates are 0..1 from the top left corner."""

from collections.abc import Mapping

import mujoco
import numpy as np
from numpy.typing import NDArray

from wam_demo.sim.render import camera_id
from wam_demo.types import CameraPose


def project(model: mujoco.MjModel, data: mujoco.MjData, camera: str, points: NDArray) -> NDArray[np.float64]:
    """(N, 2) image coordinates (right, down) of (N, 3) world points [m]; NaN behind the camera."""
    index = camera_id(model, camera)
    local = (np.asarray(points, dtype=float) - data.cam_xpos[index]) @ data.cam_xmat[index].reshape(3, 3)
    depth = np.where(local[:, 2] < -1e-6, -local[:, 2], np.nan)
    scale = 0.5 / np.tan(0.5 * np.radians(model.cam_fovy[index]))
    return np.stack([0.5 + scale * local[:, 0] / depth, 0.5 - scale * local[:, 1] / depth], axis=1)


def pose(model: mujoco.MjModel, data: mujoco.MjData, camera: str) -> CameraPose:
    """Where a camera is, in the base frame."""
    index = camera_id(model, camera)
    rotation = data.cam_xmat[index].reshape(3, 3).astype(np.float32)
    return CameraPose(data.cam_xpos[index].astype(np.float32), rotation, _half(model, index))


def _half(model: mujoco.MjModel, index: int) -> float:
    """Tangent of half a camera's field of view."""
    return float(np.tan(0.5 * np.radians(model.cam_fovy[index])))


def mounts(
    model: mujoco.MjModel, data: mujoco.MjData
) -> tuple[tuple[tuple[float, ...], tuple[float, ...], float], tuple[tuple[float, ...], tuple[float, ...], float]]:
    """Front camera in the base frame, wrist camera in the TCP's: position (3,) [m], rotation (9,), half its opening.

    The rotation leads from the camera to the frame, row by row; half its opening is the tangent of half the field
    of view.
    """
    tool = model.site("tcp").id
    frames = {
        "front": (np.zeros(3), np.eye(3)),
        "wrist": (data.site_xpos[tool], data.site_xmat[tool].reshape(3, 3)),
    }
    found = []
    for name, (origin, turn) in frames.items():
        index = camera_id(model, name)
        position = turn.T @ (data.cam_xpos[index] - origin)
        rotation = turn.T @ data.cam_xmat[index].reshape(3, 3)
        turn_row = tuple(np.round(rotation, 6).ravel().tolist())
        found.append((tuple(np.round(position, 6).tolist()), turn_row, _half(model, index)))
    return found[0], found[1]


def usual_poses(
    model: mujoco.MjModel, data: mujoco.MjData, usual: Mapping[str, tuple[NDArray, NDArray]]
) -> dict[str, CameraPose]:
    """Where cameras would be now at their usual mounts: position (3,) and quaternion (4,) on their bodies."""
    poses = {}
    for name, (offset, quat) in usual.items():
        index = camera_id(model, name)
        body, turn = model.cam_bodyid[index], np.empty(9)
        mujoco.mju_quat2Mat(turn, quat)
        frame = data.xmat[body].reshape(3, 3)
        position, rotation = data.xpos[body] + frame @ offset, frame @ turn.reshape(3, 3)
        poses[name] = CameraPose(position.astype(np.float32), rotation.astype(np.float32), _half(model, index))
    return poses


def displace(model: mujoco.MjModel, name: str, offset: NDArray, turn: NDArray) -> None:
    """Mount a camera elsewhere: ``offset`` (3,) [m] in the frame of its mount, ``turn`` (3,) [rad] in its own."""
    camera, angle = model.camera(name), float(np.linalg.norm(turn))
    rotation, quat = np.empty(4), np.empty(4)
    mujoco.mju_axisAngle2Quat(rotation, turn / max(angle, 1e-9), angle)
    mujoco.mju_mulQuat(quat, camera.quat, rotation)
    camera.pos[:], camera.quat[:] = camera.pos + offset, quat


def ray(
    model: mujoco.MjModel, data: mujoco.MjData, camera: str, u: float, v: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Origin (3,) [m] and unit direction (3,) of the ray through an image point, world frame."""
    index = camera_id(model, camera)
    half = np.tan(0.5 * np.radians(model.cam_fovy[index]))
    local = np.array([(2 * u - 1) * half, (1 - 2 * v) * half, -1.0])
    direction = data.cam_xmat[index].reshape(3, 3) @ local
    return data.cam_xpos[index].copy(), direction / np.linalg.norm(direction)


def ground_point(
    model: mujoco.MjModel, data: mujoco.MjData, camera: str, u: float, v: float, height: float = 0.0
) -> NDArray[np.float64] | None:
    """(3,) world point [m] at ``height`` under an image point; ``None`` when the ray misses it."""
    origin, direction = ray(model, data, camera, u, v)
    if abs(direction[2]) < 1e-6 or (height - origin[2]) / direction[2] <= 0:
        return None
    return origin + direction * ((height - origin[2]) / direction[2])


def geom_at(model: mujoco.MjModel, data: mujoco.MjData, camera: str, u: float, v: float) -> int:
    """Id of the geom seen at an image point 0..1, -1 for none."""
    origin, direction = ray(model, data, camera, u, v)
    geom = np.array([-1], np.int32)
    mujoco.mj_ray(model, data, origin, direction, None, 1, -1, geom)
    return int(geom[0])
