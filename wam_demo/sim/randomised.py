"""Randomised renders with dense labels, to train a semantic teacher on."""

from collections.abc import Iterator
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from wam_demo.sim import clutter
from wam_demo.sim.controller import FINGER_TRAVEL_M, FINGERS, HOME, JOINTS, Controller
from wam_demo.sim.render import Renderer, area_downsample
from wam_demo.sim.rotation import POINTING_DOWN, about_z, exponential
from wam_demo.sim.segments import SEGMENTS, segment_of, segment_table
from wam_demo.types import IMAGE_SIZE

RENDER_SIZE = 256
THINGS = tuple(SEGMENTS.index(name) for name in ("object", "container", "zone", "button", "drawer"))
"""Classes that have instances, offsets and colours."""


def randomised_frames(seed: int, scenes: int, frames_per_scene: int = 10) -> Iterator[dict[str, NDArray[Any]]]:
    """Frames of random scenes; the i-th scene depends on ``seed`` and i only.

    Yields:
        ``image`` (128, 128, 3) uint8; ``segment`` (128, 128) uint8 index into `SEGMENTS`; ``instance``
        (128, 128) uint16, 0 for none; ``depth`` (128, 128) float32 [m]; ``offset`` (128, 128, 2) float32
        (right, down) [px] from a pixel to the visible centre of its instance, else 0; ``colour``
        (128, 128, 3) uint8 material colour of things, else 0.
    """
    for scene in range(scenes):
        yield from _scene_frames(np.random.default_rng([seed, scene, 5]), frames_per_scene)


def _scene_frames(rng: np.random.Generator, frames: int) -> Iterator[dict[str, NDArray[Any]]]:
    model = clutter.build(rng)
    data, solver = mujoco.MjData(model), Controller(model)
    # Separate contexts for colours and labels: toggling segmentation on one has crashed after minutes.
    colours, labels = Renderer(model), Renderer(model)
    try:
        tables = _Tables(model)
        for _ in range(frames):
            _shuffle(model, data, solver, rng)
            camera = _aim_camera(model, rng)
            mujoco.mj_kinematics(model, data)
            mujoco.mj_camlight(model, data)
            image = area_downsample(colours.rgb(data, camera, RENDER_SIZE), IMAGE_SIZE)
            geoms, depth = labels.geoms_and_depth(data, camera, IMAGE_SIZE)
            yield {"image": image, "depth": depth, **tables.label(geoms)}
    finally:
        colours.close()
        labels.close()


class _Tables:
    """Per-geom lookups of one scene; entry 0 stands for no geom."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self.segment = segment_table(model).astype(np.uint8)
        thing = np.isin(self.segment, THINGS)
        self.instance = np.append(0, model.geom_bodyid).astype(np.uint16) * thing
        rgb = np.vstack([np.zeros(3), model.geom_rgba[:, :3]])
        self.colour = np.round(255 * rgb * thing[:, None]).astype(np.uint8)
        self.bodies = model.nbody

    def label(self, geoms: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
        index = geoms + 1
        instance = self.instance[index]
        return {
            "segment": self.segment[index],
            "instance": instance,
            "offset": centre_offsets(instance, self.bodies),
            "colour": self.colour[index],
        }


def centre_offsets(instance: NDArray[np.uint16], count: int) -> NDArray[np.float32]:
    """(H, W, 2) float32 (right, down) [px] from each pixel to the mean pixel of its instance; 0 where 0."""
    rows, columns = np.indices(instance.shape)
    flat = instance.ravel()
    size = np.maximum(np.bincount(flat, minlength=count), 1)
    x = np.bincount(flat, columns.ravel(), minlength=count) / size
    y = np.bincount(flat, rows.ravel(), minlength=count) / size
    offset = np.stack([x[instance] - columns, y[instance] - rows], axis=-1)
    return np.where(instance[..., None] > 0, offset, 0).astype(np.float32)


def _shuffle(model: mujoco.MjModel, data: mujoco.MjData, solver: Controller, rng: np.random.Generator) -> None:
    """Random arm pose and opening, random places of things; sometimes one of them is in the gripper."""
    position = rng.uniform([0.32, -0.32, 0.015], [0.68, 0.32, 0.32])
    rotation = exponential(rng.normal(0, 0.1, 3)) @ about_z(rng.uniform(-0.8, 0.8)) @ POINTING_DOWN
    joints = HOME + rng.normal(0, 0.15, 7)
    for _ in range(2):
        joints = solver.solve(joints, position, rotation)
    opening = 1.0 if rng.random() < 0.4 else rng.random()
    objects = []
    for body in range(model.nbody):
        name = model.body(body).name
        if segment_of(name) in THINGS:
            model.body_pos[body] = (*rng.uniform(*clutter.REGION), 0.001)
            angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.5 else rng.uniform(-0.4, 0.4)
            model.body_quat[body] = (np.cos(angle / 2), 0, 0, np.sin(angle / 2))
            objects += [body] if name.startswith("object") else []
    if objects and rng.random() < 0.3:
        _hold(model, int(rng.choice(objects)), position, rotation)
        opening = rng.uniform(0.4, 0.8)
    data.qpos[JOINTS], data.qpos[FINGERS] = joints, opening * FINGER_TRAVEL_M


def _hold(model: mujoco.MjModel, body: int, position: NDArray, rotation: NDArray) -> None:
    quat = np.empty(4)
    mujoco.mju_mat2Quat(quat, (rotation @ POINTING_DOWN).ravel())
    model.body_pos[body], model.body_quat[body] = position - (0, 0, 0.022), quat


def _aim_camera(model: mujoco.MjModel, rng: np.random.Generator) -> str:
    """Move one of the cameras somewhere new; returns its name."""
    if rng.random() < 0.42:
        wrist = model.camera("wrist")
        wrist.pos[:] = np.array([0.082, 0, 0.015]) + rng.normal(0, [0.012, 0.008, 0.012])
        tilt = np.radians(28) + rng.normal(0, 0.08)
        right, up = np.array([0.0, 1, 0]), np.array([np.cos(tilt), 0, np.sin(tilt)])
        jitter = exponential(rng.normal(0, 0.05, 3))
        _point(wrist, jitter @ np.column_stack([right, up, np.cross(right, up)]))
        wrist.fovy[:] = rng.uniform(62, 86)
        return "wrist"
    free = model.camera("free")
    like_front = rng.random() < 0.7
    azimuth = rng.normal(0, 0.2) if like_front else rng.uniform(-1.9, 1.9)
    elevation = rng.normal(0.9, 0.12) if like_front else rng.uniform(0.3, 1.4)
    distance = rng.uniform(0.6, 1.5)
    aim = np.array([0.48, 0.02, 0.05]) + rng.normal(0, [0.06, 0.06, 0.03])
    back = np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])
    free.pos[:] = aim + distance * back
    right = np.cross([0, 0, 1], back)
    right /= np.linalg.norm(right)
    _point(free, exponential(back * rng.normal(0, 0.06)) @ np.column_stack([right, np.cross(back, right), back]))
    free.fovy[:] = 2 * np.degrees(np.arctan(rng.uniform(0.22, 0.5) / distance))
    return "free"


def _point(camera: Any, axes: NDArray) -> None:
    mujoco.mju_mat2Quat(camera.quat, np.ascontiguousarray(axes).ravel())
