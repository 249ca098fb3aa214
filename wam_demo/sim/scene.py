"""A compiled scene: named access to poses, looks and colliders of its bodies, and exact snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import mujoco
import numpy as np
from numpy.typing import NDArray

from wam_demo.config import SCENES
from wam_demo.errors import UnknownNameError
from wam_demo.sim import textures
from wam_demo.sim.rotation import yaw_quaternion

TRAINING_PATTERN = 7
"""Seed of the grain of the training table."""
OBJECT_CONTACT = (2, 3)
"""contype and conaffinity of everything movable: it meets fingers, furniture and other objects."""

MUTABLE_FIELDS = (
    "geom_type", "geom_size", "geom_rgba", "geom_matid", "geom_friction", "geom_contype", "geom_conaffinity",
    "geom_rbound", "geom_aabb", "geom_pos", "geom_quat", "body_mass", "body_inertia", "body_subtreemass",
    "body_invweight0", "dof_invweight0", "body_gravcomp", "body_contype", "body_conaffinity", "body_pos", "body_quat",
    "cam_pos", "cam_quat", "cam_fovy", "light_pos", "light_dir", "light_diffuse", "light_ambient",
    "mat_rgba", "mat_texrepeat", "vis.headlight.ambient", "vis.headlight.diffuse",
)  # fmt: skip
"""Model fields that a reset or a perturbation may write; a snapshot carries all of them."""

SHAPES = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
}


@dataclass(frozen=True)
class SceneState:
    """Everything that physics and rendering depend on; equal states evolve bit-identically."""

    physics: NDArray[np.float64]
    model: tuple[NDArray, ...] = field(repr=False)
    base: tuple[NDArray, ...] = field(repr=False)


class Scene:
    """One MJCF file of ``sim_scenes``, compiled, with helpers by body name.

    Args:
        name: File name without the suffix.
    """

    def __init__(self, name: str) -> None:
        self.model = mujoco.MjModel.from_xml_path(str(SCENES / f"{name}.xml"))
        self.data = mujoco.MjData(self.model)
        self._bodies = {self.model.body(i).name: i for i in range(self.model.nbody)}
        self._signature = mujoco.mjtState.mjSTATE_INTEGRATION.value
        self._physics_size = mujoco.mj_stateSize(self.model, self._signature)
        self._saved_model: tuple[NDArray, ...] | None = None
        grain = np.random.default_rng(TRAINING_PATTERN)
        paint_texture(self.model, "table", textures.wood(256, *textures.TRAINING_WOOD, grain))
        self._parking = self.data.qpos.copy()
        self._things = tuple(name for name in self._bodies if self.is_free(name) or self._mocap(name) >= 0)
        self._fields = tuple(attrgetter(name)(self.model) for name in MUTABLE_FIELDS)
        self._pristine = self._base = self._copy_model()

    def reset(self) -> None:
        """Back to the file: poses, looks, cameras and lights."""
        self._write_model(self._pristine)
        self._base = self._pristine
        mujoco.mj_resetData(self.model, self.data)
        self.refresh()

    def settle(self) -> None:
        """Take the present looks, cameras and lights as those that `revert` goes back to."""
        self._base = self._copy_model()

    def revert(self, *fields: str, rows: Sequence[int] | None = None) -> None:
        """Model fields back to what they were at the reset: all their entries, or those of some geoms or cameras."""
        for name in fields:
            index = MUTABLE_FIELDS.index(name)
            chosen = slice(None) if rows is None else list(rows)
            self._fields[index][chosen] = self._base[index][chosen]
        self.touch()

    def refresh(self) -> None:
        """Bring body, camera and light poses up to date with the joint positions."""
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)

    def body(self, name: str) -> int:
        """Index of a body; raises `UnknownNameError`."""
        if name not in self._bodies:
            raise UnknownNameError("body", name, self._bodies)
        return self._bodies[name]

    def has_body(self, name: str) -> bool:
        """Whether there is a body of this name."""
        return name in self._bodies

    def things(self) -> tuple[str, ...]:
        """Names of the bodies that can be moved: free ones and those that are placed at reset."""
        return self._things

    def owner(self, geom: int) -> str | None:
        """Name of the thing that a geom belongs to, if it belongs to one."""
        body = int(self.model.geom_bodyid[geom])
        while body:
            if self.model.body(body).name in self._things:
                return self.model.body(body).name
            body = int(self.model.body_parentid[body])
        return None

    def is_free(self, name: str) -> bool:
        """Whether a body has a free joint."""
        joint = int(self.model.body_jntadr[self.body(name)])
        return joint >= 0 and self.model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE

    def scale_mass(self, factor: float) -> None:
        """Scale mass and inertia of everything free, with the constants that contacts derive from them."""
        model = self.model
        bodies = [self.body(name) for name in self._things if self.is_free(name)]
        model.body_mass[bodies] *= factor
        model.body_inertia[bodies] *= factor
        model.body_subtreemass[bodies] *= factor
        model.body_invweight0[bodies] /= factor
        for body in bodies:
            start = int(model.body_dofadr[body])
            model.dof_invweight0[start : start + 6] /= factor
        self.touch()

    def is_solid(self, name: str) -> bool:
        """Whether a body has contacts and weight."""
        return bool(self.model.body_contype[self.body(name)])

    def is_present(self, name: str) -> bool:
        """Whether a body is on or above the table, not parked and not fallen off."""
        return bool(self.position(name)[2] > -0.2)

    def geoms(self, name: str) -> range:
        """Indices of a body's geoms."""
        body = self.body(name)
        first = int(self.model.body_geomadr[body])
        return range(first, first + int(self.model.body_geomnum[body]))

    def position(self, name: str) -> NDArray[np.float64]:
        """(3,) body position [m] in the base frame."""
        return self.data.xpos[self.body(name)].copy()

    def rotation(self, name: str) -> NDArray[np.float64]:
        """(3, 3) body rotation in the base frame."""
        return self.data.xmat[self.body(name)].reshape(3, 3).copy()

    def velocity(self, name: str) -> NDArray[np.float64]:
        """(3,) linear velocity [m/s] of a free body."""
        return self.data.qvel[self._free_joint(name)[1]][:3].copy()

    def half_extents(self, name: str) -> NDArray[np.float64]:
        """(3,) half sizes [m] of a body's first geom along its own axes."""
        return geom_half_extents(self.model, self.geoms(name)[0])

    def is_shape(self, name: str, shape: str) -> bool:
        """Whether a body's first geom has this shape."""
        return self.model.geom_type[self.geoms(name)[0]] == SHAPES[shape]

    def place(self, name: str, position: NDArray, yaw: float = 0.0) -> None:
        """Put a free or mocap body somewhere, at rest."""
        pose, mocap = np.concatenate([position, yaw_quaternion(yaw)]), self._mocap(name)
        if mocap >= 0:
            self.data.mocap_pos[mocap], self.data.mocap_quat[mocap] = pose[:3], pose[3:]
            return
        place, velocity = self._free_joint(name)
        self.data.qpos[place], self.data.qvel[velocity] = pose, 0

    def slide(self, name: str, offset: NDArray) -> None:
        """Displace a body horizontally by (2,) [m]; it keeps height and rotation and is at rest."""
        mocap = self._mocap(name)
        if mocap >= 0:
            self.data.mocap_pos[mocap, :2] += offset
        else:
            place, velocity = self._free_joint(name)
            self.data.qpos[place][:2] += offset
            self.data.qvel[velocity] = 0
        self.refresh()

    def lift(self, name: str, height: float) -> None:
        """Raise a free body by a height [m]."""
        self.data.qpos[self._free_joint(name)[0]][2] += height
        self.refresh()

    def park(self, name: str) -> None:
        """Put a free body of the pool back where the file has it: out of sight, without contacts, as it looked."""
        place, velocity = self._free_joint(name)
        self.data.qpos[place], self.data.qvel[velocity] = self._parking[place], 0
        self.set_solid(name, False)
        looks = ("geom_rgba", "geom_size", "geom_type", "geom_rbound", "geom_aabb")
        self.revert(*looks, rows=self.geoms(name))
        self.refresh()

    def paint(self, name: str, rgb: NDArray) -> None:
        """Colour all geoms of a body; ``rgb`` (3,) in 0..1."""
        self.model.geom_rgba[list(self.geoms(name)), :3] = rgb
        self.touch()

    def reshape(self, name: str, shape: str, half: NDArray) -> None:
        """Give a single-geom body another shape; ``half`` (3,) are half extents [m]."""
        geom = self.geoms(name)[0]
        self.model.geom_type[geom] = SHAPES[shape]
        self.model.geom_size[geom] = geom_size(SHAPES[shape], half)
        self.model.geom_rbound[geom] = float(np.linalg.norm(half))
        self.model.geom_aabb[geom, 3:] = half
        self.touch()

    def set_solid(self, name: str, solid: bool) -> None:
        """Switch a body's contacts and weight on or off: a body that is off floats where it is."""
        body, (contype, conaffinity) = self.body(name), OBJECT_CONTACT if solid else (0, 0)
        self.model.geom_contype[list(self.geoms(name))] = contype
        self.model.geom_conaffinity[list(self.geoms(name))] = conaffinity
        self.model.body_contype[body], self.model.body_conaffinity[body] = contype, conaffinity
        self.model.body_gravcomp[body] = 0.0 if solid else 1.0
        self.touch()

    def touch(self) -> None:
        """Say that a model field was written, so that the next snapshot copies the model again."""
        self._saved_model = None

    def snapshot(self) -> SceneState:
        """Copy of the state; the model's part is shared between snapshots until it changes."""
        physics = np.empty(self._physics_size)
        mujoco.mj_getState(self.model, self.data, physics, self._signature)
        if self._saved_model is None:
            self._saved_model = self._copy_model()
        return SceneState(physics, self._saved_model, self._base)

    def restore(self, state: SceneState) -> None:
        """Back to a snapshot of this scene, bit-exact."""
        if state.model is not self._saved_model:
            self._write_model(state.model)
            self._saved_model = state.model
        self._base = state.base
        mujoco.mj_setState(self.model, self.data, state.physics, self._signature)
        self.refresh()

    def _copy_model(self) -> tuple[NDArray, ...]:
        return tuple(field_.copy() for field_ in self._fields)

    def _write_model(self, values: tuple[NDArray, ...]) -> None:
        for field_, value in zip(self._fields, values, strict=True):
            field_[:] = value
        self._saved_model = None

    def _free_joint(self, name: str) -> tuple[slice, slice]:
        """Where a free body's pose (7,) stands in qpos and its velocity (6,) in qvel."""
        joint = int(self.model.body_jntadr[self.body(name)])
        place, velocity = int(self.model.jnt_qposadr[joint]), int(self.model.jnt_dofadr[joint])
        return slice(place, place + 7), slice(velocity, velocity + 6)

    def _mocap(self, name: str) -> int:
        """Index of a mocap body, -1 for others."""
        return int(self.model.body_mocapid[self.body(name)])


def geom_half_extents(model: mujoco.MjModel, geom: int) -> NDArray[np.float64]:
    """(3,) half sizes [m] of a geom along its own axes."""
    size, shape = model.geom_size[geom], model.geom_type[geom]
    if shape == SHAPES["cylinder"]:
        return np.array([size[0], size[0], size[1]])
    return np.repeat(size[0], 3) if shape == SHAPES["sphere"] else size.copy()


def geom_size(shape: int, half: NDArray) -> NDArray[np.float64]:
    """(3,) size of a box or cylinder as MuJoCo has it, from half extents (3,) [m]."""
    return np.array([half[0], half[2], 0.0]) if shape == SHAPES["cylinder"] else half


def paint_texture(model: mujoco.MjModel, name: str, image: NDArray[np.uint8]) -> None:
    """Write an (h, w, 3) image into a texture of that size."""
    texture = model.texture(name).id
    start, size = int(model.tex_adr[texture]), image.size
    expected = int(model.tex_height[texture]) * int(model.tex_width[texture]) * int(model.tex_nchannel[texture])
    if size != expected:
        raise ValueError(f"texture {name!r} holds {expected} values, got {size}")
    model.tex_data[start : start + size] = image.ravel()
