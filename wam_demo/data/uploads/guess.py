"""A first mapping of a recording, from names, sizes and ranges; a person can change all of it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from wam_demo.data.schema import CAMERA_POSES, POSE_DIM
from wam_demo.data.uploads import so101
from wam_demo.data.uploads.contracts import Description, Signal
from wam_demo.data.uploads.mapping import ROTATIONS, RobotMapping, SignalSlice
from wam_demo.types import POLICY_CAMERAS

OWN_ROBOT = "panda_sim"
"""Name of this product's own simulated arm in its datasets."""
_SO101 = re.compile(r"so_?101", re.I)
_REACH_M = 10.0
"""No tool is so far away from its arm [m]."""
_WRIST = re.compile(r"wrist|in_hand|inhand|hand_?cam|hand|gripper_?cam|ego", re.I)
_FRONT = ("front", "agentview", "exterior", "external", "third", "scene", "static", "base", "high", "top", "overhead",
          "main", "side", "left", "camera0", "image", "img", "color", "rgb")  # fmt: skip
_TOOL = r"(eef|ee|tcp|end_?effector|cartesian|hand_pose|tool)"
_POSITION = re.compile(_TOOL + r".*(pos|position|trans|translation|xyz)$|^agent_pos$", re.I)
_POSE = re.compile(_TOOL + r".*(pose|states?|position|pos)?$", re.I)
_NOT_STATE = re.compile(r"action|target|command|cmd|next|vel|force|torque|effort|reward|goal|desired", re.I)
_KINDS = (
    (re.compile(r"quat", re.I), "quat_xyzw", 4),
    (re.compile(r"axis_?angle|rotvec|rot_vec|_ori$", re.I), "rotvec", 3),
    (re.compile(r"euler|rpy", re.I), "euler_xyz", 3),
    (re.compile(r"6d", re.I), "rot6d", 6),
)
_JOINTS = re.compile(
    r"joint|qpos|shoulder|elbow|waist|forearm|wrist_|motor|(^|[./_])(j|q|axis_?|dof_?)\d+(\.pos|$)", re.I
)
_GRIPPER = re.compile(r"grip|finger", re.I)
_TURNED = re.compile(r"orient|rot|quat|roll|vel|force|torque|twist|joint|angular|linear", re.I)


def guess(description: Description) -> RobotMapping:
    """The likely mapping of a recording."""
    front, wrist = _cameras([camera.name for camera in description.cameras])
    turn = "flip" if description.robot == "libero" else "none"  # its simulator's pictures are upside down
    mapping = RobotMapping(front, wrist, turn, turn, instruction=description.episodes[0].instruction)
    states = [s for s in description.signals if not _NOT_STATE.search(s.name)]
    for signal in sorted(states, key=_preference):
        so101_states = _SO101.search(description.robot) and _is_so101(signal)
        mapping = _as_so101(mapping, signal) if so101_states else _from_signal(mapping, signal)
    mapping = _calibrated(replace(mapping, align=description.robot != OWN_ROBOT), description)
    rotation_unit = _unit(description, mapping.rotation)
    joint_unit = "deg" if mapping.kinematics == "so101" else _unit(description, mapping.joints)
    return _with_action(replace(mapping, joint_unit=joint_unit, rotation_unit=rotation_unit), description)


def _calibrated(mapping: RobotMapping, description: Description) -> RobotMapping:
    """Our own datasets say where the cameras stand, or were filmed by those of the usual scene."""
    if description.robot != OWN_ROBOT:
        return mapping
    if description.signal(CAMERA_POSES) is None:
        return replace(mapping, calibration="usual")
    poses = SignalSlice(CAMERA_POSES, 0, len(POLICY_CAMERAS) * POSE_DIM)
    return replace(mapping, calibration="recorded", poses=poses)


def notes(description: Description, mapping: RobotMapping) -> list[str]:
    """Lines on what a person should check: what is odd about the file, and angles that are read as degrees."""
    lines = list(description.notes)
    angles = (("joint", mapping.joints, mapping.joint_unit), ("rotation", mapping.rotation, mapping.rotation_unit))
    for name, part, unit in angles:
        if part is not None and unit == "deg" and mapping.kinematics == "none":
            reach = _reach(description, part)
            lines.append(f"{part} reaches {reach:.0f}, no angle in radians: read as degrees, see {name}_unit")
    if mapping.kinematics == "so101":
        lines.append("the tool is computed from an SO-101's joints in degrees: set kinematics to none for another arm")
    return lines


def _unit(description: Description, angles: SignalSlice | None) -> str:
    """Degrees if they reach beyond a full turn in radians."""
    return "deg" if angles is not None and _reach(description, angles) > 2 * math.pi + 0.01 else "rad"


def _reach(description: Description, part: SignalSlice) -> float:
    signal = description.signal(part.signal)
    bounds = (*signal.low[part.start : part.stop], *signal.high[part.start : part.stop]) if signal else ()
    return max(map(abs, bounds), default=0.0)


def state_dim(description: Description, mapping: RobotMapping) -> int:
    """Numbers of the signals that the mapping takes for the state; else of what is named a state."""
    parts = (mapping.position, mapping.rotation, mapping.gripper, mapping.joints)
    names = dict.fromkeys(part.signal for part in parts if part is not None)
    if not names:
        names = dict.fromkeys(s.name for s in description.signals if re.search(r"state|qpos|agent_pos", s.name))
    return sum(signal.dim for signal in description.signals if signal.name in names)


def action_dim(description: Description) -> int:
    """Numbers of the recorded action; 0 without one."""
    actions = [signal for signal in description.signals if re.search(r"(^|[./_])actions?$", signal.name)]
    return actions[0].dim if actions else 0


def _cameras(names: Sequence[str]) -> tuple[str, str | None]:
    plain = [name for name in names if "depth" not in name.lower()] or list(names)
    wrist = next((name for name in plain if _WRIST.search(name)), None)
    others = [name for name in plain if not _WRIST.search(name)]
    if not others:
        return plain[0], (plain[1] if len(plain) > 1 else None)
    ranked = sorted(others, key=lambda name: next((i for i, word in enumerate(_FRONT) if word in name.lower()), 99))
    return ranked[0], wrist


def _preference(signal: Signal) -> int:
    """Small arrays that name one thing come before a state that holds everything."""
    leaf = _leaf(signal)
    return 0 if signal.dim <= 7 and (_POSITION.search(leaf) or "quat" in leaf) else 1


def _leaf(signal: Signal) -> str:
    return re.split(r"[/.]", signal.name)[-1].lower()


def _from_signal(mapping: RobotMapping, signal: Signal) -> RobotMapping:
    """Fill in what is still missing and what this signal may give."""
    if signal.names:
        return _from_names(mapping, signal)
    leaf = _leaf(signal)
    if mapping.position is None and signal.dim == 3 and _POSITION.search(leaf):
        return replace(mapping, position=SignalSlice(signal.name, 0, 3))
    if mapping.rotation is None and re.search(_TOOL, leaf):
        for pattern, kind, dim in _KINDS:
            if pattern.search(leaf) and signal.dim == dim:
                return replace(mapping, rotation=SignalSlice(signal.name, 0, dim), rotation_kind=kind)
    if mapping.gripper is None and _GRIPPER.search(leaf) and signal.dim <= 2:
        return _with_gripper(mapping, signal, 0)
    if mapping.position is None and signal.dim in (6, 7) and _POSE.search(leaf):
        kind = "quat_xyzw" if signal.dim == 7 else "euler_xyz" if "cartesian" in leaf else "rotvec"
        rotation = SignalSlice(signal.name, 3, 3 + ROTATIONS[kind])
        return replace(mapping, position=SignalSlice(signal.name, 0, 3), rotation=rotation, rotation_kind=kind)
    if mapping.joints is None and _JOINTS.search(leaf) and not _GRIPPER.search(leaf):
        return _joint_vector(mapping, signal)
    if leaf in ("state", "states", "proprio", "robot_state", "robot_states") and mapping.position is None:
        return _unnamed_state(mapping, signal)
    return mapping


def _joint_vector(mapping: RobotMapping, signal: Signal) -> RobotMapping:
    """Joints of one arm; two six-jointed arms with grippers are 14 numbers."""
    count = 6 if signal.dim in (6, 14) else min(7, signal.dim)
    mapping = replace(mapping, joints=SignalSlice(signal.name, 0, count))
    if mapping.gripper is None and signal.dim in (8, 14):
        mapping = _with_gripper(mapping, signal, count)
    return mapping


def _unnamed_state(mapping: RobotMapping, signal: Signal) -> RobotMapping:
    """A state without names: joints if no tool can be there or they look like a Panda's, else tool and gripper."""
    if signal.dim < 6:
        return mapping
    panda = len(signal.high) > 5 and signal.high[3] < -0.05 and signal.low[5] > 0
    far = max(map(abs, (*signal.low[:3], *signal.high[:3])), default=0.0) > _REACH_M
    if panda or far or signal.dim == 14:
        return _joint_vector(mapping, signal)
    if signal.dim not in (6, 7, 8):
        return mapping
    mapping = replace(
        mapping,
        position=SignalSlice(signal.name, 0, 3),
        rotation=SignalSlice(signal.name, 3, 6),
        rotation_kind="rotvec",
    )
    return _with_gripper(mapping, signal, 6) if mapping.gripper is None and signal.dim > 6 else mapping


def _from_names(mapping: RobotMapping, signal: Signal) -> RobotMapping:
    names = [name.lower() for name in signal.names]
    if mapping.position is None and (at := _triple(names)) is not None:
        mapping = replace(mapping, position=SignalSlice(signal.name, at, at + 3))
    if mapping.rotation is None:
        mapping = _named_rotation(mapping, signal, names)
    gripper = next((i for i, name in enumerate(names) if _GRIPPER.search(name)), None)
    if mapping.gripper is None and gripper is not None:
        mapping = _with_gripper(mapping, signal, gripper)
    other = re.compile(f"{_GRIPPER.pattern}|vel|force|torque|effort", re.I)
    joints = [i for i, name in enumerate(names) if _JOINTS.search(name) and not other.search(name)]
    if mapping.joints is None and len(joints) >= 3:
        run = next((i for i in range(1, len(joints)) if joints[i] != joints[0] + i), len(joints))
        mapping = replace(mapping, joints=SignalSlice(signal.name, joints[0], joints[0] + min(run, 7)))
    return mapping


def _is_so101(signal: Signal) -> bool:
    """Whether its names are those of LeRobot's SO-101, in its order."""
    return [re.sub(r"^main_|\.pos$", "", name) for name in signal.names] == [*so101.JOINTS, "gripper"]


def _as_so101(mapping: RobotMapping, signal: Signal) -> RobotMapping:
    """Five angles in degrees and a gripper in percent."""
    count = len(so101.JOINTS)
    return replace(
        mapping,
        joints=SignalSlice(signal.name, 0, count),
        joint_unit="deg",
        kinematics="so101",
        gripper=SignalSlice(signal.name, count, count + 1),
        gripper_closed=so101.GRIPPER_CLOSED,
        gripper_open=so101.GRIPPER_OPEN,
    )


def _triple(names: Sequence[str]) -> int | None:
    """Where three names end in x, y, z and mean no rotation, speed or force."""
    for i in range(len(names) - 2):
        stems = {re.sub(r"[._\s]?[xyz]$", "", name) for name in names[i : i + 3]}
        ends = [name[-1:] for name in names[i : i + 3]]
        if ends == ["x", "y", "z"] and len(stems) == 1 and not _TURNED.search(next(iter(stems))):
            return i
    return None


def _named_rotation(mapping: RobotMapping, signal: Signal, names: Sequence[str]) -> RobotMapping:
    at = [i for i, name in enumerate(names) if re.search(r"orient|rot|quat|roll|pitch|yaw|^r[xyz]$", name)
             and not re.search(r"vel|joint", name)]  # fmt: skip
    if not at or at != list(range(at[0], at[0] + len(at))):
        return mapping
    words = [names[i] for i in at]
    kind = {6: "rot6d", 3: "euler_xyz" if any("roll" in w for w in words) else "rotvec"}.get(len(at))
    if len(at) == 4:
        kind = "quat_wxyz" if words[0].endswith("w") else "quat_xyzw"
    if kind is None:
        return mapping
    return replace(mapping, rotation=SignalSlice(signal.name, at[0], at[0] + len(at)), rotation_kind=kind)


def _with_gripper(mapping: RobotMapping, signal: Signal, at: int) -> RobotMapping:
    low, high = (signal.low[at], signal.high[at]) if len(signal.low) > at else (0.0, 1.0)
    closed, opened = (low, high) if high > abs(low) or high > 0 else (high, low)
    if low >= 0.0 and high <= 1.05 and high - low > 0.3:
        closed, opened = 0.0, 1.0
    if _leaf(signal) == "gripper_position":  # DROID counts how far it is closed
        closed, opened = opened, closed
    if abs(opened - closed) < 1e-6:
        closed, opened = 0.0, max(1.0, abs(opened))
    return replace(mapping, gripper=SignalSlice(signal.name, at, at + 1), gripper_closed=closed, gripper_open=opened)


def _with_action(mapping: RobotMapping, description: Description) -> RobotMapping:
    """Our own datasets hold what was applied; elsewhere units differ, and the recorded motion is surer."""
    action = description.signal("action")
    if action is not None and action.dim == 7 and action.names and action.names[0].startswith("tcp_translation"):
        return replace(mapping, action=SignalSlice("action", 0, 7), action_kind="recorded")
    moves = mapping.position is not None or mapping.gripper is not None or mapping.kinematics != "none"
    return replace(mapping, action_kind="motion" if moves else "none")
