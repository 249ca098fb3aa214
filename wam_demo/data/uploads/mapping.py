"""Which of a recording's cameras and numbers stand for what a policy sees and does."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from wam_demo.data.uploads import so101
from wam_demo.data.uploads.contracts import FITS, TURNS, Description
from wam_demo.data.uploads.process import require_camera
from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.limits import INSTRUCTION_CHARACTERS

DEFAULT_INSTRUCTION = "put the red cube into the bowl"
"""What the policy is told when the recording does not say what was asked for."""
ROTATIONS = {"rot6d": 6, "quat_xyzw": 4, "quat_wxyz": 4, "rotvec": 3, "euler_xyz": 3}
"""Ways to write a rotation, with their numbers."""
UNITS = {"rad": 1.0, "deg": math.pi / 180}
"""Units of angles, in radians."""
KINEMATICS = ("none", "so101")
"""Arms whose tool is computed from the joints where the recording does not say where it is."""
ACTIONS = ("recorded", "motion", "none")
"""Where the recorded action comes from: the file's own, the motion of the recorded TCP and gripper, nowhere."""
CALIBRATIONS = ("none", "usual", "recorded")
"""Where the cameras stand: nobody knows, where those of the policy's own scene do, where the file says."""


_SLICE = re.compile(r"(?P<signal>.+?)\s*\[\s*(?P<start>\d{1,9})\s*:\s*(?P<stop>\d{1,9})\s*\]")
_DIMS = {"position": (3, 3), "gripper": (1, 1), "joints": (1, 7), "action": (7, 7), "poses": (26, 26)}


@dataclass(frozen=True)
class SignalSlice:
    """Some consecutive dimensions of a signal; written ``signal[start:stop]``."""

    signal: str
    start: int
    stop: int

    def __str__(self) -> str:
        return f"{self.signal}[{self.start}:{self.stop}]"

    @property
    def dim(self) -> int:
        """How many numbers."""
        return self.stop - self.start


@dataclass(frozen=True)
class RobotMapping:
    """How a foreign recording is read as observations and actions of this product.

    Attributes:
        front: Camera that stands for ``front``.
        wrist: Camera that stands for ``wrist``; ``None`` shows the policy a grey picture.
        front_turn: How the front picture is turned, one of `TURNS`.
        wrist_turn: How the wrist picture is turned.
        fit: How pictures become square, one of `FITS`.
        position: TCP position [m], 3 numbers.
        rotation: TCP rotation, as ``rotation_kind`` writes it.
        rotation_kind: Key of `ROTATIONS`.
        rotation_unit: Key of `UNITS`; of rotation vectors and Euler angles.
        gripper: One number that is ``gripper_closed`` when closed and ``gripper_open`` when open.
        gripper_closed: See ``gripper``.
        gripper_open: See ``gripper``.
        joints: Up to 7 joint angles.
        joint_unit: Key of `UNITS`.
        kinematics: One of `KINEMATICS`; says where the tool is if ``position`` and ``rotation`` do not.
        action: 7 numbers of an action: translation, rotation vector, gripper opening.
        action_kind: One of `ACTIONS`.
        action_scale: Metres per unit of the action's translation.
        action_turn_scale: Radians per unit of its rotation.
        calibration: One of `CALIBRATIONS`.
        poses: Of front and wrist camera, as ``observation.camera_poses`` of our own datasets has them: 26 numbers.
        align: Move the recorded path so that it starts where the policy's own arm does.
        fps: The recording's true rate where the file states none; ``None`` believes the file.
        instruction: What the policy is told.
    """

    front: str
    wrist: str | None = None
    front_turn: str = "none"
    wrist_turn: str = "none"
    fit: str = "crop"
    position: SignalSlice | None = None
    rotation: SignalSlice | None = None
    rotation_kind: str = "quat_xyzw"
    rotation_unit: str = "rad"
    gripper: SignalSlice | None = None
    gripper_closed: float = 0.0
    gripper_open: float = 1.0
    joints: SignalSlice | None = None
    joint_unit: str = "rad"
    kinematics: str = "none"
    action: SignalSlice | None = None
    action_kind: str = "none"
    action_scale: float = 1.0
    action_turn_scale: float = 1.0
    calibration: str = "none"
    poses: SignalSlice | None = None
    align: bool = True
    fps: float | None = None
    instruction: str = ""

    def validated(self, description: Description) -> Self:
        """Return the mapping if it fits the recording.

        Raises:
            InvalidInputError: It names what is not there, or numbers that cannot mean this.
        """
        require_camera(description, self.front)
        if self.wrist is not None:
            require_camera(description, self.wrist)
        for value, valid in ((self.front_turn, TURNS), (self.wrist_turn, TURNS)):
            _one_of("turn", value, valid)
        _one_of("fit", self.fit, FITS)
        _one_of("action", self.action_kind, ACTIONS)
        _one_of("kinematics", self.kinematics, KINEMATICS)
        _one_of("calibration", self.calibration, CALIBRATIONS)
        _one_of("rotation", self.rotation_kind, tuple(ROTATIONS))
        for unit in (self.joint_unit, self.rotation_unit):
            _one_of("unit", unit, tuple(UNITS))
        rotation = ROTATIONS[self.rotation_kind]
        for name, (least, most) in {**_DIMS, "rotation": (rotation, rotation)}.items():
            _check_slice(description, name, getattr(self, name), least, most)
        numbers = (self.gripper_closed, self.gripper_open, self.action_scale, self.action_turn_scale, self.fps or 1.0)
        if not all(map(math.isfinite, numbers)):
            raise InvalidInputError("a number of the mapping is not finite")
        if self.gripper is not None and abs(self.gripper_open - self.gripper_closed) < 1e-9:
            raise InvalidInputError("the gripper's value must differ between closed and open")
        if self.fps is not None and not 0.1 <= self.fps <= 1000:
            raise InvalidInputError(f"{self.fps:g} frames a second are not in 0.1 .. 1000")
        if self.action_kind == "recorded" and self.action is None:
            raise InvalidInputError("the recorded action needs 7 numbers: say which, or choose another source")
        if self.calibration == "recorded" and self.poses is None:
            raise InvalidInputError("recorded camera poses need 26 numbers: say which, or choose another calibration")
        computed = self.kinematics != "none"
        if computed and (self.joints is None or self.joints.dim != len(so101.JOINTS)):
            raise InvalidInputError(f"the kinematics of {self.kinematics} need its {len(so101.JOINTS)} joints")
        if self.action_kind == "motion" and self.position is None and self.gripper is None and not computed:
            raise InvalidInputError("actions from the motion need the TCP position or the gripper: say where they are")
        if len(self.instruction) > INSTRUCTION_CHARACTERS:
            raise InvalidInputError(
                f"the instruction has {len(self.instruction)} characters, more than {INSTRUCTION_CHARACTERS}"
            )
        return self

    @property
    def signals(self) -> tuple[str, ...]:
        """Signals that it reads."""
        parts = (self.position, self.rotation, self.gripper, self.joints, self.action, self.poses)
        return tuple(dict.fromkeys(part.signal for part in parts if part is not None))

    @property
    def places_the_tool(self) -> bool:
        """Whether it says where the tool really is and how it is turned, in the robot's own frame."""
        recorded = self.position is not None and self.rotation is not None
        return (recorded or self.kinematics != "none") and not self.align

    def document(self) -> dict[str, Any]:
        """JSON-serialisable; parts are written as text."""
        return {k: _written(v) for k, v in asdict(self).items()}

    def changed(self, entries: Mapping[str, Any]) -> Self:
        """This mapping with some entries given as in `document`.

        Raises:
            InvalidInputError: An entry is unknown or of the wrong kind.
        """
        changes: dict[str, Any] = {}
        for name, value in entries.items():
            if name not in self.__dataclass_fields__:
                raise UnknownNameError("mapping entry", name, self.__dataclass_fields__)
            changes[name] = _read_entry(name, value)
        return replace(self, **changes)


def parse_slice(text: str) -> SignalSlice:
    """Read ``signal[start:stop]``.

    Raises:
        InvalidInputError: It is not written so.
    """
    match = _SLICE.fullmatch(text.strip())
    if match is None:
        raise InvalidInputError(f"{text[:60]!r} does not name numbers; write them as signal[start:stop]")
    part = SignalSlice(match["signal"], int(match["start"]), int(match["stop"]))
    if part.dim < 1:
        raise InvalidInputError(f"{text[:60]!r} names no numbers: the range is empty")
    return part


def _read_entry(name: str, value: Any) -> Any:
    if name in ("position", "rotation", "gripper", "joints", "action", "poses"):
        return parse_slice(str(value)) if value not in (None, "") else None
    if name == "align":
        return bool(value)
    if name in ("gripper_closed", "gripper_open", "action_scale", "action_turn_scale", "fps"):
        if name == "fps" and value in (None, ""):
            return None
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            raise InvalidInputError(f"{name.replace('_', ' ')} must be a number, not {str(value)[:40]!r}") from None
    if name == "wrist":
        return str(value) if value else None
    return str(value)


def _written(value: Any) -> Any:
    return str(SignalSlice(**value)) if isinstance(value, dict) else value


def _check_slice(description: Description, name: str, part: SignalSlice | None, least: int, most: int) -> None:
    if part is None:
        return
    signal = description.signal(part.signal)
    if signal is None:
        raise UnknownNameError(
            "signal", part.signal, [s.name for s in description.signals] or ["none in this recording"]
        )
    if part.start < 0 or part.stop > signal.dim:
        raise InvalidInputError(f"{part} reaches beyond the {signal.dim} numbers of {part.signal!r}")
    if not least <= part.dim <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise InvalidInputError(f"{name} takes {wanted} numbers, {part} are {part.dim}")


def _one_of(kind: str, value: str, valid: tuple[str, ...]) -> None:
    if value not in valid:
        raise UnknownNameError(kind, value, valid)
