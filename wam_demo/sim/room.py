"""Rooms: the looks of places where a robot was filmed, for recordings that nobody labelled."""

from dataclasses import replace
from typing import TYPE_CHECKING

import mujoco
import numpy as np

from wam_demo.sim.backdrop import STYLES, Backdrop
from wam_demo.sim.cameras import displace
from wam_demo.sim.clutter import colour
from wam_demo.sim.perturb.base import rounded
from wam_demo.sim.rotation import exponential
from wam_demo.types import POLICY_CAMERAS

if TYPE_CHECKING:
    from wam_demo.sim.world import World

CAMERA_SHIFT_M, CAMERA_TURN_RAD = 0.02, 0.025
"""Standard deviations, by axis, of how cameras are mounted."""


def furnish(world: "World", rng: np.random.Generator, *, mounts: bool = True) -> None:
    """Give a world that was just reset another table, walls, light and camera ``mounts``; things keep their looks.

    Drawn apart from the evaluation's axes, as `clutter` draws the teacher's scenes, over ranges about as wide.
    """
    light, dark = colour(rng), colour(rng)
    if rng.random() < 0.7:
        dark = light + rng.normal(0, 0.12, 3)
    backdrop = Backdrop(
        style=str(rng.choice(STYLES, p=[0.35, 0.35, 0.15, 0.15])),
        light=tuple(rounded(np.clip(light, 0, 1))),
        dark=tuple(rounded(np.clip(dark, 0, 1))),
        cells=int(rng.integers(1, 8)),
        sky=tuple(rounded(rng.uniform(0.4, 1.6, 3))),
        pattern=int(rng.integers(2**16)),
    )
    world.effects = replace(world.effects, backdrop=backdrop)
    _light(world.scene.model, rng)
    if mounts:
        _mount_cameras(world.scene.model, rng)
    world.scene.touch()


def _light(model: mujoco.MjModel, rng: np.random.Generator) -> None:
    exposure = np.exp(rng.uniform(np.log(0.3), np.log(2.0))) * rng.uniform(0.7, 1.3, 3)
    model.light_diffuse[:] *= exposure * rng.uniform(0.5, 1.4, (model.nlight, 1))
    for shine in (model.vis.headlight.ambient, model.vis.headlight.diffuse):
        shine[:] *= exposure * rng.uniform(0.6, 1.3)
    for index in range(model.nlight):
        turn = exponential(rng.normal(0, 0.5, 3))
        model.light_pos[index], model.light_dir[index] = turn @ model.light_pos[index], turn @ model.light_dir[index]


def _mount_cameras(model: mujoco.MjModel, rng: np.random.Generator) -> None:
    for name in POLICY_CAMERAS:
        turn = rng.normal(0, CAMERA_TURN_RAD, 3)
        displace(model, name, rng.normal(0, CAMERA_SHIFT_M * (0.5 if name == "wrist" else 1), 3), turn)
