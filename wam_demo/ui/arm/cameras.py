"""Cameras of the Arm tab: calibrated by pictures of the board, and what is drawn into their pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.robots.arm.board import PRINT_DPI, SQUARE_M, BoardView, board_page, find_board
from wam_demo.robots.arm.calibration import (
    ON_THE_HAND,
    BoardPlace,
    calibrate,
    load_mounts,
    save_mounts,
    tcp_pose,
)
from wam_demo.robots.arm.client import ArmClient
from wam_demo.types import CameraPose, Image, Vector
from wam_demo.ui.shared.checks import number, one_of
from wam_demo.ui.shared.pictures import project

EDGE, PLAN = (70, 200, 190), (255, 140, 50)
VIEWS = 12
"""Most pictures of one camera."""
_CORNERS = np.array([[(i >> axis) & 1 for axis in range(3)] for i in range(8)])
_EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count("1") == 1]


class CameraCalibration:
    """Takes pictures of the board through the bridge and keeps where the cameras are."""

    def __init__(self) -> None:
        self._views: dict[str, list[BoardView]] = {}

    def take(self, client: ArmClient, question: Mapping[str, Any]) -> dict[str, Any]:
        """One more picture of the board, which lies at its place now; keeps the camera's pose.

        Args:
            client: Of the bridge.
            question: ``camera``; ``x``, ``y``, ``z`` of the board's centre [cm]; ``yaw`` [degrees]; ``square`` [mm].

        Returns:
            ``pictures`` so far, ``error_px``, ``size`` of the picture [px], ``position`` of the camera [cm].

        Raises:
            InvalidInputError: The board is not seen, or the pictures do not tell where the camera is.
            SourceFault: The bridge is gone.
        """
        answer = client.ask("observe")
        camera = one_of("camera", question.get("camera"), answer["images"])
        x, y, z = (number(axis, question.get(axis), -200, 200) / 100 for axis in "xyz")
        square = number("the square", question.get("square"), 5, 200) / 1000
        place = BoardPlace(x, y, z, np.radians(number("the turn", question.get("yaw"), -180, 180)), square)
        views = [*self._views.get(camera, []), find_board(answer["images"][camera])][-VIEWS:]
        self._views[camera] = views  # a picture that is not enough by itself counts with the next one
        mount = calibrate(views, place, tcp_pose(answer["state"]) if camera in ON_THE_HAND else None)
        save_mounts({**load_mounts(), camera: mount})
        return {
            "pictures": len(views),
            "error_px": round(mount.error_px, 2),
            "size": mount.size,
            "position": [round(100 * float(value), 1) for value in mount.pose.position],
        }

    def forget(self, camera: str) -> None:
        """Begin again with a camera; its pose is no longer kept. Raises `InvalidInputError` if it has none."""
        mounts = load_mounts()
        if camera not in mounts and camera not in self._views:
            raise InvalidInputError(f"{camera[:40]!r} is not calibrated")
        self._views.pop(camera, None)
        save_mounts({name: mount for name, mount in mounts.items() if name != camera})


def board_file() -> dict[str, Any]:
    """The board as a PNG that prints at its own size, and the side of its squares [mm]."""
    from PIL import Image as Pictures

    file = io.BytesIO()
    Pictures.fromarray(board_page()).save(file, "PNG", dpi=(PRINT_DPI, PRINT_DPI))
    return {"png": base64.b64encode(file.getvalue()).decode(), "square_mm": 1000 * SQUARE_M}


def drawn(image: Image, pose: CameraPose | None, workspace: Vector, plan: Vector | None) -> Image:
    """A camera's picture with the edges of the workspace and the planned path of the TCP.

    Args:
        image: (S, S, 3) uint8.
        pose: Of the camera; without, nothing is drawn.
        workspace: (2, 3) corners [m], base frame.
        plan: (N, 3) [m], base frame.
    """
    if pose is None:
        return image
    shown = image.copy()
    corners = workspace[_CORNERS, np.arange(3)]
    for a, b in _EDGES:
        _line(shown, corners[a] + np.linspace(0, 1, 25)[:, None] * (corners[b] - corners[a]), pose, EDGE, 2)
    shown = cv2.addWeighted(shown, 0.8, image, 0.2, 0)
    if plan is not None:
        _line(shown, plan, pose, PLAN, 2)
        for u, v in (project(plan, pose) * len(image)).astype(int):
            cv2.circle(shown, (int(u), int(v)), 2, PLAN, -1, cv2.LINE_AA)
    return shown


def _line(image: Image, points: Vector, pose: CameraPose, colour: tuple[int, int, int], width: int) -> None:
    """A path as far as it lies before the camera and not far beside its picture."""
    path = project(points, pose)
    path = path[(np.abs(path - 0.5) < 3).all(axis=1)]
    if len(path) > 1:
        cv2.polylines(image, [np.round(path * len(image)).astype(np.int32)], False, colour, width, cv2.LINE_AA)
