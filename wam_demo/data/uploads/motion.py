"""States and actions at control steps from a recording's numbers, as a mapping reads them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wam_demo.data.uploads.contracts import Numbers
from wam_demo.data.uploads.mapping import UNITS, RobotMapping, SignalSlice
from wam_demo.data.uploads.sampling import EARLY_S
from wam_demo.data.uploads.so101 import tcp_poses
from wam_demo.types import ACTION_DIM, STATE_DIM, Vector

HOME_STATE: Vector = np.array([0.49, 0.0, 0.15, 1, 0, 0, 0, -1, 0, 1, 0, 0.17, 0, -2.36, 0, 2.52, 0.78], np.float32)
"""(17,) state of the policy's own arm at rest, for what a recording does not say."""


def control_rows(times: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index of the newest frame at each control step."""
    return np.clip(np.searchsorted(times, at + EARLY_S, side="right") - 1, 0, len(times) - 1)


def states(values: Mapping[str, Numbers], mapping: RobotMapping, rows: NDArray[np.int64]) -> Vector:
    """(N, 17) float32 as in `Observation.state`; what is not recorded stays as the arm at rest."""
    found = np.tile(HOME_STATE, (len(rows), 1))
    position, rotation = _tool(values, mapping, rows)
    if position is not None:
        found[:, :3] = position - position[0] + HOME_STATE[:3] if mapping.align else position
    if rotation is not None:
        if mapping.align:
            home = _from_columns(HOME_STATE[None, 3:9])[0]
            rotation = rotation @ rotation[0].T @ home
        found[:, 3:9] = rotation[:, :, :2].transpose(0, 2, 1).reshape(-1, 6)
    opening = _opening(values, mapping, rows)
    if opening is not None:
        found[:, 9] = opening
    joints = _take(values, mapping.joints, rows)
    if joints is not None:
        found[:, 10 : 10 + joints.shape[1]] = joints * UNITS[mapping.joint_unit]
    assert found.shape[1] == STATE_DIM
    return found


def camera_poses(values: Mapping[str, Numbers], mapping: RobotMapping, rows: NDArray[np.int64]) -> Vector | None:
    """(N, 26) float32 recorded poses of front and wrist camera, see `flat_poses`; ``None`` where none are recorded."""
    raw = _take(values, mapping.poses, rows) if mapping.calibration == "recorded" else None
    return None if raw is None else raw.astype(np.float32)


def actions(values: Mapping[str, Numbers], mapping: RobotMapping, rows: NDArray[np.int64]) -> Vector:
    """(N, 7) float32 per-step actions, translation [m], rotation vector [rad], opening; NaN where unknown."""
    unknown = np.full((len(rows), ACTION_DIM), np.nan, np.float32)
    if mapping.action_kind == "recorded" and mapping.action is not None:
        return _recorded(values, mapping, rows)
    if mapping.action_kind == "motion":
        return _moved(values, mapping, rows, unknown)
    return unknown


def _recorded(values: Mapping[str, Numbers], mapping: RobotMapping, rows: NDArray[np.int64]) -> Vector:
    """The file's actions; those of the frames between two control steps add up."""
    assert mapping.action is not None
    given = values[mapping.action.signal][:, mapping.action.start : mapping.action.stop].astype(np.float64)
    scaled = given[:, :6] * np.repeat([mapping.action_scale, mapping.action_turn_scale], 3)
    total = np.vstack([np.zeros(6), np.cumsum(scaled, axis=0)])
    ends = np.append(rows[1:], min(rows[-1] + max(1, _stride(rows)), len(given)))
    result = np.empty((len(rows), ACTION_DIM), np.float32)
    result[:, :6] = total[ends] - total[rows]
    result[:, 6] = given[np.maximum(ends - 1, rows), 6]
    return result


def _stride(rows: NDArray[np.int64]) -> int:
    return int(np.median(np.diff(rows))) if len(rows) > 1 else 1


def _moved(values: Mapping[str, Numbers], mapping: RobotMapping, rows: NDArray[np.int64], result: Vector) -> Vector:
    """How the recorded tool moved from each control step to the next; nothing is known after the last."""
    from scipy.spatial.transform import Rotation

    position, rotation = _tool(values, mapping, rows)
    if position is not None:
        result[:-1, :3] = np.diff(position, axis=0)
    if rotation is not None and len(rows) > 1:
        turned = rotation[1:] @ rotation[:-1].transpose(0, 2, 1)
        result[:-1, 3:6] = Rotation.from_matrix(turned).as_rotvec()
    opening = _opening(values, mapping, rows)
    if opening is not None:
        result[:-1, 6] = opening[1:]
    return result


def _tool(
    values: Mapping[str, Numbers], mapping: RobotMapping, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """(N, 3) positions [m] and (N, 3, 3) rotations of the tool, recorded or computed from the joints."""
    position, rotation = _take(values, mapping.position, rows), _matrices(values, mapping, rows)
    joints = _take(values, mapping.joints, rows) if mapping.kinematics == "so101" else None
    if joints is not None:
        computed = tcp_poses(joints * UNITS[mapping.joint_unit])
        position = computed[0] if position is None else position
        rotation = computed[1] if rotation is None else rotation
    return position, rotation


def _take(
    values: Mapping[str, Numbers], part: SignalSlice | None, rows: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    if part is None or part.signal not in values:
        return None
    return values[part.signal][rows, part.start : part.stop].astype(np.float64)


def _opening(values: Mapping[str, Numbers], mapping: RobotMapping, rows: NDArray[np.int64]) -> Vector | None:
    raw = _take(values, mapping.gripper, rows)
    if raw is None:
        return None
    share = (raw[:, 0] - mapping.gripper_closed) / (mapping.gripper_open - mapping.gripper_closed)
    return np.clip(share, 0.0, 1.0).astype(np.float32)


def _matrices(
    values: Mapping[str, Numbers], mapping: RobotMapping, rows: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """(N, 3, 3) rotation matrices; a degenerate entry counts as no rotation."""
    from scipy.spatial.transform import Rotation

    raw = _take(values, mapping.rotation, rows)
    if raw is None:
        return None
    if mapping.rotation_kind == "rot6d":
        return _from_columns(raw)
    if mapping.rotation_kind.startswith("quat"):
        raw = raw[:, [1, 2, 3, 0]] if mapping.rotation_kind == "quat_wxyz" else raw
        raw = np.where(np.linalg.norm(raw, axis=1, keepdims=True) > 1e-6, raw, [0.0, 0.0, 0.0, 1.0])
        return Rotation.from_quat(raw).as_matrix()
    raw = raw * UNITS[mapping.rotation_unit]
    if mapping.rotation_kind == "euler_xyz":
        return Rotation.from_euler("xyz", raw).as_matrix()
    return Rotation.from_rotvec(raw).as_matrix()


def _from_columns(columns: NDArray) -> NDArray[np.float64]:
    """(N, 6) first two columns to (N, 3, 3), made orthonormal."""
    first, second = columns[:, :3].astype(np.float64), columns[:, 3:].astype(np.float64)
    first = _unit(first, [1.0, 0.0, 0.0])
    second = _unit(second - (first * second).sum(1, keepdims=True) * first, [0.0, 1.0, 0.0])
    return np.stack([first, second, np.cross(first, second)], axis=2)


def _unit(vectors: NDArray[np.float64], instead: list[float]) -> NDArray[np.float64]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(length > 1e-9, vectors / np.maximum(length, 1e-9), instead)
