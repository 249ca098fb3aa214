"""Random things on a random table, for images that no evaluation scene looks like."""

from collections.abc import Callable

import mujoco
import numpy as np
from numpy.typing import NDArray

from wam_demo.config import SCENES
from wam_demo.sim import textures
from wam_demo.sim.scene import paint_texture

TEXTURE_SIZE = 128
REGION = np.array([[0.30, -0.35], [0.70, 0.35]])
"""Corners [m] of the rectangle in which things stand."""
_Rgb = NDArray[np.float64]


def build(rng: np.random.Generator) -> mujoco.MjModel:
    """Compile a scene: the arm, a table, lights, cameras ``free`` and ``wrist``, and 4-12 random things.

    Bodies are named by class (``object3``, ``bowl5``, ``zone1``, ``button2``, ``drawer4``); they are static,
    so that writing ``body_pos`` moves them.
    """
    spec = mujoco.MjSpec.from_file(str(SCENES / "arm.xml"))
    spec.visual.global_.offwidth = spec.visual.global_.offheight = 256
    spec.visual.quality.offsamples = 0
    spec.visual.quality.shadowsize = 256
    spec.stat.extent, spec.visual.map.znear, spec.visual.map.zfar = 1.0, 0.01, 12.0
    _furniture(spec, rng)
    for index in range(int(rng.integers(4, 13))):
        kind = str(rng.choice(list(_THINGS), p=[0.57, 0.14, 0.12, 0.13, 0.04]))
        _THINGS[kind](spec.worldbody.add_body(name=f"{kind}{index}"), rng)
    model = spec.compile()
    for name in ("table", "room"):
        paint_texture(model, name, _pattern(rng))
    return model


def colour(rng: np.random.Generator) -> _Rgb:
    """A random RGB 0..1: mostly saturated, sometimes grey or white."""
    if rng.random() < 0.15:
        return np.full(3, rng.uniform(0.1, 1)) * rng.uniform(0.93, 1, 3)
    hue, saturation, value = rng.random() * 6, rng.uniform(0.35, 1), rng.uniform(0.3, 1)
    ramp = np.clip(np.abs((hue - np.array([3, 2, 4])) * np.array([1, -1, -1])) * 1.0, 0, 6)
    base = np.clip(np.array([ramp[0] - 1, 2 - ramp[1], 2 - ramp[2]]), 0, 1)
    return value * (1 - saturation * (1 - base))


def _pattern(rng: np.random.Generator) -> NDArray[np.uint8]:
    light, dark = colour(rng), colour(rng)
    if rng.random() < 0.7:
        dark = light + rng.normal(0, 0.12, 3)
    makers: list[Callable[[], NDArray[np.uint8]]] = [
        lambda: textures.wood(TEXTURE_SIZE, light, dark, rng, int(rng.integers(1, 7))),
        lambda: textures.checker(TEXTURE_SIZE, light, dark, 2 * int(rng.integers(1, 6))),
        lambda: textures.stripes(TEXTURE_SIZE, light, dark, int(rng.integers(1, 9)), int(rng.integers(2))),
        lambda: textures.speckle(TEXTURE_SIZE, light, dark, int(rng.integers(2, 30)), rng),
    ]
    return makers[rng.choice(4, p=[0.35, 0.15, 0.15, 0.35])]()


def _furniture(spec: mujoco.MjSpec, rng: np.random.Generator) -> None:
    for name in ("table", "room"):
        spec.add_texture(
            name=name,
            type=mujoco.mjtTexture.mjTEXTURE_2D,
            builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT,
            width=TEXTURE_SIZE,
            height=TEXTURE_SIZE,
        )
        material = spec.add_material(name=name, texrepeat=rng.uniform(1, 6, 2), specular=rng.uniform(0, 0.3))
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    world, box = spec.worldbody, mujoco.mjtGeom.mjGEOM_BOX
    size = [rng.uniform(0.4, 0.8), rng.uniform(0.5, 0.9), 0.03]
    world.add_geom(name="table", type=box, pos=[0.4, 0, -0.03], size=size, material="table")
    world.add_geom(name="room_floor", type=box, pos=[0, 0, -0.8], size=[5, 5, 0.02], material="room")
    world.add_geom(name="room_back", type=box, pos=[-1.2, 0, 1], size=[0.02, 5, 3], material="room")
    world.add_geom(name="room_side", type=box, pos=[0, 2, 1], size=[5, 0.02, 3], material="room")
    for index in range(int(rng.integers(1, 3))):
        world.add_light(
            name=f"light{index}",
            pos=[*rng.uniform(-1, 1.5, 2), 2],
            dir=[*rng.uniform(-0.7, 0.7, 2), -1],
            diffuse=rng.uniform(0.25, 0.8) * rng.uniform(0.8, 1, 3),
            castshadow=False,
        )
    ambient = rng.uniform(0.2, 0.5)
    spec.visual.headlight.ambient[:] = ambient
    spec.visual.headlight.diffuse[:] = rng.uniform(0.05, 0.4)
    world.add_camera(name="free", pos=[1.1, 0, 0.9])
    for material in spec.materials:
        if material.name in ("shell", "dark", "accent"):
            material.rgba[:3] = np.clip(material.rgba[:3] + rng.normal(0, 0.06, 3), 0, 1)


def _geom(body: mujoco.MjsBody, kind: str, size: list[float], rgb: _Rgb, **placement: list[float]) -> None:
    index = len(body.geoms)
    shape = getattr(mujoco.mjtGeom, f"mjGEOM_{kind.upper()}")
    body.add_geom(name=f"{body.name}_{index}", type=shape, size=size, rgba=[*rgb, 1], **placement)


def _object(body: mujoco.MjsBody, rng: np.random.Generator) -> None:
    kind = str(rng.choice(["box", "cylinder", "sphere", "capsule", "ellipsoid"], p=[0.35, 0.3, 0.1, 0.12, 0.13]))
    half = rng.uniform(0.014, 0.036, 3)
    if rng.random() < 0.5:
        half[1] = half[0]
    size = {"cylinder": [half[0], half[2]], "capsule": [half[0] * 0.7, half[2] * 0.6], "sphere": [half[0]]}
    top = half[0] if kind == "sphere" else half[0] * 0.7 + half[2] * 0.6 if kind == "capsule" else half[2]
    rgb = colour(rng)
    _geom(body, kind, size.get(kind, half.tolist()), rgb, pos=[0, 0, top])
    if rng.random() < 0.12:
        _geom(body, "box", (half * 0.6).tolist(), colour(rng), pos=[0, 0, 2 * top + half[2] * 0.5])


def _bowl(body: mujoco.MjsBody, rng: np.random.Generator) -> None:
    radius, height, tilt = rng.uniform(0.04, 0.09), rng.uniform(0.01, 0.03), rng.uniform(0, 0.5)
    count, rgb = int(rng.choice([4, 8, 12])), colour(rng)
    inner = radius * (1 if count > 4 else 0.95)
    _geom(body, "cylinder" if count > 4 else "box", [inner, 0.003] if count > 4 else [inner, inner, 0.003], rgb)
    wall = radius * np.tan(np.pi / count) * 1.1
    for angle in 2 * np.pi * np.arange(count) / count:
        turn, lean = np.array([np.cos(angle / 2), 0, 0, np.sin(angle / 2)]), np.zeros(4)
        lean[0], lean[2] = np.cos(tilt / 2), np.sin(tilt / 2)
        quat = np.empty(4)
        mujoco.mju_mulQuat(quat, turn, lean)
        place = [radius * np.cos(angle), radius * np.sin(angle), height]
        _geom(body, "box", [0.004, wall, height], rgb, pos=place, quat=quat.tolist())


def _zone(body: mujoco.MjsBody, rng: np.random.Generator) -> None:
    half = rng.uniform(0.03, 0.10, 2)
    if rng.random() < 0.5:
        _geom(body, "box", [*half, 0.001], colour(rng))
    else:
        _geom(body, "ellipsoid", [*half, 0.001], colour(rng))


def _button(body: mujoco.MjsBody, rng: np.random.Generator) -> None:
    radius, rgb, height = rng.uniform(0.018, 0.035), colour(rng), rng.uniform(0.006, 0.02)
    base = np.full(3, rng.uniform(0.1, 0.9))
    if rng.random() < 0.5:
        _geom(body, "cylinder", [radius * 1.4, height], base, pos=[0, 0, height])
    else:
        _geom(body, "box", [radius * 1.4, radius * 1.4, height], base, pos=[0, 0, height])
    if rng.random() < 0.5:
        _geom(body, "ellipsoid", [radius, radius, radius * 0.6], rgb, pos=[0, 0, 2 * height])
    else:
        _geom(body, "cylinder", [radius, 0.006], rgb, pos=[0, 0, 2 * height + 0.006])


def _drawer(body: mujoco.MjsBody, rng: np.random.Generator) -> None:
    half, rgb, trim = rng.uniform([0.05, 0.06, 0.03], [0.09, 0.12, 0.06]), colour(rng), colour(rng)
    pull = rng.uniform(0, 0.08)
    _geom(body, "box", half.tolist(), rgb, pos=[0, 0, half[2]])
    _geom(body, "box", [0.006, half[1] * 0.9, half[2] * 0.8], trim, pos=[half[0] + pull, 0, half[2]])
    _geom(body, "capsule", [0.007, 0.03], colour(rng), pos=[half[0] + pull + 0.025, 0, half[2]], quat=[1, 1, 0, 0])


_THINGS = {"object": _object, "bowl": _bowl, "zone": _zone, "button": _button, "drawer": _drawer}
