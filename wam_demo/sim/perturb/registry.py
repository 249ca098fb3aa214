"""The axes by name; drawing, applying and clearing their disturbances."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.sim.perturb.background import Background
from wam_demo.sim.perturb.base import Axis, Parameters
from wam_demo.sim.perturb.camera import Camera
from wam_demo.sim.perturb.delay import Delay
from wam_demo.sim.perturb.distractor import Distractor
from wam_demo.sim.perturb.language import Language
from wam_demo.sim.perturb.layout import Layout
from wam_demo.sim.perturb.light import Light
from wam_demo.sim.perturb.noise import Noise
from wam_demo.sim.perturb.object_look import ObjectLook
from wam_demo.sim.perturb.occlusion import Occlusion
from wam_demo.sim.perturb.physics import Physics
from wam_demo.sim.perturb.robot_init import RobotInit
from wam_demo.sim.perturb.shove import Shove
from wam_demo.sim.perturb.swap_target import SwapTarget
from wam_demo.types import Event

if TYPE_CHECKING:
    from wam_demo.sim.world import World

SEVERITIES = (1, 2, 3, 4, 5)
COMBINED = "combined"
"""Three axes drawn by the seed, each at the severity."""
COMBINED_COUNT = 3
APPROACH_STEPS = (4, 9)
"""Control steps between which a disturbance of the approach happens."""

_AXES: Mapping[str, Axis] = {
    axis.name: axis
    for axis in (
        Camera(),
        RobotInit(),
        Noise(),
        Language(),
        Layout(),
        Light(),
        Background(),
        Distractor(),
        Shove(),
        SwapTarget(),
        Occlusion(),
        ObjectLook(),
        Physics(),
        Delay(),
    )
}
AXES = (*_AXES, COMBINED)
"""Names of the axes."""


def sample(axis: str, severity: int, seed: int, world: "World | None" = None) -> list[Event]:
    """The events of an axis at a severity, to be given to `World.reset` or `World.apply`.

    Their values are drawn from the seed when they are applied, since they depend on the scene; the event
    that applying returns has them.

    Args:
        axis: Name of an axis.
        severity: 1..5; 0 takes the axis back.
        seed: Of the values, and of the time where it is drawn.
        world: Not needed; where the events will be applied.

    Raises:
        UnknownNameError: There is no such axis.
        InvalidInputError: There is no such severity.
    """
    if axis not in AXES:
        raise UnknownNameError("axis", axis, AXES)
    _check_severity(severity)
    if axis == COMBINED:
        return _combined(severity, seed)
    during = severity > 0 and _AXES[axis].during
    step = int(np.random.default_rng([abs(seed), 23]).integers(*APPROACH_STEPS)) if during else 0
    return [Event(step, axis, {"severity": severity, "seed": seed})]


def apply(kind: str, parameters: Parameters, world: "World") -> Parameters:
    """Disturb a world now.

    Args:
        kind: Name of an axis, not ``combined``.
        parameters: Explicit values as an applied event has them, or only ``severity`` and ``seed``.
        world: Is disturbed.

    Returns:
        The values that were applied; applying them again does the same.
    """
    axis = _axis(kind)
    if not set(parameters) <= {"severity", "seed"}:
        return axis.apply(parameters, world)
    severity, seed = parameters.get("severity"), parameters.get("seed", world.seed)
    _check_severity(severity)
    if not severity:
        axis.clear(world)
        return {"severity": 0}
    rng = np.random.default_rng([abs(int(seed)), int(severity), *kind.encode()])
    return {"severity": severity, **axis.apply(axis.draw(severity, rng, world), world)}


def clear(world: "World") -> None:
    """Take every axis back."""
    for axis in _AXES.values():
        axis.clear(world)


def _combined(severity: int, seed: int) -> list[Event]:
    if not severity:
        return [event for name in _AXES for event in sample(name, 0, seed)]
    rng = np.random.default_rng([abs(seed), 29])
    names = rng.choice(list(_AXES), COMBINED_COUNT, replace=False)
    return [event for name in names for event in sample(str(name), severity, seed)]


def _axis(kind: str) -> Axis:
    if kind not in _AXES:
        raise UnknownNameError("disturbance", kind, _AXES)
    return _AXES[kind]


def _check_severity(severity: object) -> None:
    if isinstance(severity, bool) or severity not in (0, *SEVERITIES):
        raise InvalidInputError(f"severity is {str(severity)[:20]}: valid is 0 (off) .. {SEVERITIES[-1]}")
