"""The axes by name; drawing, applying and clearing their disturbances."""

from collections.abc import Mapping

import numpy as np

from wam_demo.errors import UnknownNameError
from wam_demo.sim.perturb.background import Background
from wam_demo.sim.perturb.base import Axis, DisturbedWorld, Parameters
from wam_demo.sim.perturb.camera import THIRD_PERSON, WRIST, CameraAxis
from wam_demo.sim.perturb.checks import LARGEST_SEED, integer, mapping
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
from wam_demo.sim.perturb.view_loss import ViewLoss
from wam_demo.sim.scene import Scene
from wam_demo.types import Event

SEVERITIES = (1, 2, 3, 4, 5)
COMBINED = "combined"
"""Three axes drawn by the seed, each at the severity."""
COMBINED_COUNT = 3
APPROACH_STEPS = (4, 9)
"""Control steps between which a disturbance of the approach happens."""

_AXES: Mapping[str, Axis] = {
    axis.name: axis
    for axis in (
        CameraAxis("camera", THIRD_PERSON),
        CameraAxis("hand_eye", WRIST),
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
        ViewLoss(),
        ObjectLook(),
        Physics(),
        Delay(),
    )
}
AXES = (*_AXES, COMBINED)
"""Names of the axes."""


def sample(axis: str, severity: int, seed: int, world: DisturbedWorld | None = None) -> list[Event]:
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
        InvalidInputError: There is no such severity, or the seed is no whole number.
    """
    if axis not in AXES:
        raise UnknownNameError("axis", axis, AXES)
    severity, seed = _severity(severity), _seed(seed)
    if axis == COMBINED:
        return _combined(severity, seed)
    during = severity > 0 and _AXES[axis].during
    step = int(np.random.default_rng([abs(seed), 23]).integers(*APPROACH_STEPS)) if during else 0
    return [Event(step, axis, {"severity": severity, "seed": seed})]


def check(kind: str, parameters: Parameters, scene: Scene) -> Parameters:
    """The parameters of an event, each of its type and in its range; nothing is changed.

    Args:
        kind: Name of an axis, not ``combined``.
        parameters: Explicit values as an applied event has them, or only ``severity`` and ``seed``.
        scene: Where the event will be applied.

    Raises:
        UnknownNameError: There is no such axis or parameter.
        InvalidInputError: A parameter is missing, or of another type.
    """
    axis = _axis(kind)
    mapping(parameters, f"the parameters of {kind}", ("severity", "seed", *axis.parameters))
    drawn = set(parameters) <= {"severity", "seed"}
    common: dict[str, int] = {}
    if drawn or "severity" in parameters:
        common["severity"] = _severity(parameters.get("severity"))
    if "seed" in parameters:
        common["seed"] = _seed(parameters["seed"])
    explicit = {name: value for name, value in parameters.items() if name not in ("severity", "seed")}
    return common if drawn else axis.check(explicit, scene)


def apply(kind: str, parameters: Parameters, world: DisturbedWorld) -> Parameters:
    """Disturb a world now.

    Returns:
        The values that were applied; applying them again does the same.

    Raises:
        InvalidInputError: As `check`; nothing was changed.
    """
    axis, values = _axis(kind), check(kind, parameters, world.scene)
    if "severity" not in values:
        return axis.apply(values, world)
    severity = values["severity"]
    if not severity:
        axis.clear(world)
        return {"severity": 0}
    rng = np.random.default_rng([abs(values.get("seed", world.seed)), severity, *kind.encode()])
    drawn = axis.check(axis.draw(severity, rng, world), world.scene)
    return {"severity": severity, **axis.apply(drawn, world)}


def _combined(severity: int, seed: int) -> list[Event]:
    if not severity:
        return [event for name in _AXES for event in sample(name, 0, seed)]
    rng = np.random.default_rng([abs(seed), 29])
    names = rng.choice(list(_AXES), COMBINED_COUNT, replace=False)
    return [event for name in names for event in sample(str(name), severity, seed)]


def _axis(kind: str) -> Axis:
    if not isinstance(kind, str) or kind not in _AXES:
        raise UnknownNameError("disturbance", kind, _AXES)
    return _AXES[kind]


def _severity(value: object) -> int:
    """0 (off) .. 5."""
    return integer(value, "severity", 0, SEVERITIES[-1])


def _seed(value: object) -> int:
    return integer(value, "seed", -LARGEST_SEED, LARGEST_SEED)
