"""Where a camera stands, from pictures of a marker board whose place is known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wam_demo.config import STATE
from wam_demo.errors import DataError, InvalidInputError
from wam_demo.robots.arm.board import SQUARE_M, BoardView
from wam_demo.types import CameraPose, Vector

MOUNTS = STATE / "arm-cameras.json"
ON_THE_HAND = ("wrist",)
"""Cameras that move with the TCP."""
FOCAL_DOUBT = 0.02
"""Largest standard deviation of the focal length, as a share of it."""
_FLAGS = (
    cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_PRINCIPAL_POINT | cv2.CALIB_FIX_ASPECT_RATIO
    | cv2.CALIB_ZERO_TANGENT_DIST | cv2.CALIB_FIX_K1 | cv2.CALIB_FIX_K2 | cv2.CALIB_FIX_K3
)  # fmt: skip
_FLIP = np.diag([1.0, -1.0, -1.0])
"""OpenCV's camera looks along z with y down; ours looks along -z with y up."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class BoardPlace:
    """Where the board lies: flat, its arrow pointing away from the robot (base x), turned left by ``yaw``.

    Attributes:
        x, y, z: Its centre in the base frame [m].
        yaw: Turn to the left, seen from above [rad].
        square: Side of a square as measured [m].
    """

    x: float = 0.25
    y: float = 0.0
    z: float = 0.0
    yaw: float = 0.0
    square: float = SQUARE_M

    def points(self, board: Matrix) -> Matrix:
        """(N, 3) [m] in the base frame of (N, 2) points right and down from the centre, in squares."""
        forward, left = -self.square * board[:, 1], -self.square * board[:, 0]
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        rows = [self.x + cos * forward - sin * left, self.y + sin * forward + cos * left, np.full(len(board), self.z)]
        return np.stack(rows, axis=1)


@dataclass(frozen=True)
class Mount:
    """A calibrated camera.

    Attributes:
        pose: In the base frame; of a camera that moves with the hand, in the frame of the TCP.
        on_hand: It moves with the hand.
        error_px: Root mean square distance of the board's corners from where this pose puts them, in its picture.
        size: Side of that picture [px].
    """

    pose: CameraPose
    on_hand: bool
    error_px: float
    size: int

    def at(self, tcp: CameraPose) -> CameraPose:
        """The pose in the base frame while the TCP has this one."""
        if not self.on_hand:
            return self.pose
        position = tcp.position + tcp.rotation @ self.pose.position
        return CameraPose(position, tcp.rotation @ self.pose.rotation, self.pose.half)


def camera_poses(answer: Mapping[str, Any], mounts: Mapping[str, Mount]) -> dict[str, CameraPose]:
    """Poses in the base frame, by camera: of the calibrated ones, and what a simulated arm knows of its own.

    Args:
        answer: Of the bridge, to ``observe``; empty before the first.
        mounts: Calibration by camera.
    """
    known = {name: CameraPose(**pose) for name, pose in answer.get("report", {}).get("poses", {}).items()}
    if not mounts or not answer:
        return known
    tcp = tcp_pose(answer["state"])
    return known | {name: mount.at(tcp) for name, mount in mounts.items()}


def tcp_pose(state: Vector) -> CameraPose:
    """Position and rotation of the TCP from an observation's state (17,); ``half`` means nothing."""
    first, second = state[3:6], state[6:9]
    return CameraPose(state[:3], np.stack([first, second, np.cross(first, second)], axis=1), 0.0)


def calibrate(views: Sequence[BoardView], place: BoardPlace, tcp: CameraPose | None = None) -> Mount:
    """Pose and field of view of a camera (pinhole, square pixels, centred, no distortion).

    Args:
        views: At least one; the board lies at its place in the last. Others, tilted as one likes, help to tell how
            wide the camera sees.
        place: Of the board.
        tcp: Of a camera on the hand: the TCP in the last view.

    Raises:
        InvalidInputError: The views do not tell how wide the camera sees.
    """
    size = views[-1].size
    if any(view.size != size for view in views):
        raise InvalidInputError("the camera changed its picture's size: begin again")
    guess = np.array([[size, 0, (size - 1) / 2], [0, size, (size - 1) / 2], [0, 0, 1]], np.float64)
    flat = [np.column_stack([view.board, np.zeros(len(view.board))]).astype(np.float32) for view in views]
    seen = [view.image.astype(np.float32) for view in views]
    _, matrix, _, _, _, doubt, _, _ = cv2.calibrateCameraExtended(
        flat, seen, (size, size), guess, np.zeros(5), flags=_FLAGS
    )
    focal = float(matrix[0, 0])
    if not np.isfinite(focal) or focal <= 0 or doubt.ravel()[:2].max() > FOCAL_DOUBT * focal:
        raise InvalidInputError(
            "this does not tell how wide the camera sees: take another picture with the board tilted towards it"
        )
    world = place.points(views[-1].board)
    found, turn, shift = cv2.solvePnP(world, views[-1].image, matrix, np.zeros(5), flags=cv2.SOLVEPNP_IPPE)
    if not found:
        raise InvalidInputError("the board's corners fit no camera: take another picture")
    turn, shift = cv2.solvePnPRefineLM(world, views[-1].image, matrix, np.zeros(5), turn, shift)
    off = cv2.projectPoints(world, turn, shift, matrix, np.zeros(5))[0].reshape(-1, 2) - views[-1].image
    to_camera = cv2.Rodrigues(turn)[0]
    position, rotation = -to_camera.T @ shift.ravel(), to_camera.T @ _FLIP
    if tcp is not None:
        hand = np.asarray(tcp.rotation, np.float64)
        position, rotation = hand.T @ (position - tcp.position), hand.T @ rotation
    pose = CameraPose(position.astype(np.float32), rotation.astype(np.float32), size / 2 / focal)
    return Mount(pose, tcp is not None, float(np.sqrt((off**2).sum(1).mean())), size)


def save_mounts(mounts: Mapping[str, Mount], path: Path | None = None) -> None:
    """Keep them as JSON, in `MOUNTS` by default."""
    path = path or MOUNTS
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {name: asdict(mount) for name, mount in mounts.items()}
    path.write_text(json.dumps(content, default=lambda array: array.tolist(), indent=1))


def load_mounts(path: Path | None = None) -> dict[str, Mount]:
    """What was kept, by camera; empty without a file. Raises `DataError` if it cannot be read."""
    path = path or MOUNTS
    if not path.exists():
        return {}
    try:
        return {name: _mount(**mount) for name, mount in json.loads(path.read_text()).items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{path}: not a calibration of cameras ({error})") from None


def _mount(pose: Mapping[str, object], **other: object) -> Mount:
    position, rotation = (np.array(pose[name], np.float32) for name in ("position", "rotation"))
    if position.shape != (3,) or rotation.shape != (3, 3):
        raise ValueError("a pose has 3 and 3 x 3 numbers")
    return Mount(CameraPose(position, rotation, float(pose["half"])), **other)  # type: ignore[arg-type]
