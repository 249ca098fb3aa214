"""How a mapping reads the first frame: what is cut off, how it is turned, where the policy takes the tool to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wam_demo.data.uploads.contracts import Camera, CameraMapping, Description, Numbers
from wam_demo.data.uploads.mapping import RobotMapping
from wam_demo.data.uploads.motion import control_rows, states
from wam_demo.data.uploads.process import EpisodeStream, Selection, require_episode
from wam_demo.data.uploads.sampling import ticks, turned
from wam_demo.robots.camera import usual_front
from wam_demo.types import OPENING_INDEX, Image, Vector
from wam_demo.ui.shared.packet import encode_jpeg
from wam_demo.ui.shared.pictures import project

SIDE = 320
"""Longer side of the pictures [px]."""
TRAIL, TRAIL_S = 120, 120.0
"""Points of the tool's path that are kept, and how much of it is shown [s]."""
AXIS_M = 0.08
"""Length of the drawn axes [m]."""
AXES = {"x": (235, 80, 70), "y": (70, 190, 90), "z": (80, 140, 250)}
PATH, SQUARE = (255, 170, 60), (70, 200, 190)
DIMMED = 0.35
"""What is left of the light where the policy sees nothing."""


@dataclass(frozen=True)
class FirstFrame:
    """What a child process has read, so that another turn, fit or unit is drawn without it.

    Attributes:
        key: What was asked for; a mapping with another key needs another reading.
        pictures: (SIDE, SIDE, 3) uint8 by the recording's camera: the whole frame, unturned, with bars.
        values: (N, D) by signal, N at most `TRAIL` rows from the first frame on.
    """

    key: tuple[object, ...]
    pictures: Mapping[str, Image]
    values: Mapping[str, Numbers]


def reading_key(path: Path, mapping: RobotMapping, episode: int, start: float) -> tuple[object, ...]:
    """Mappings with equal keys are drawn from one reading."""
    return (path, mapping.front, mapping.wrist, mapping.signals, mapping.fps, episode, start)


def read_first_frame(
    path: Path, description: Description, mapping: RobotMapping, episode: int, start: float, visitor: str
) -> FirstFrame:
    """Read the frame at ``start`` [s] and the numbers from there on, in a child process.

    Raises:
        InvalidInputError: The file is damaged, or the episode ends before.
    """
    require_episode(description, episode)
    names = list(dict.fromkeys(name for name in (mapping.front, mapping.wrist) if name is not None))
    whole = [CameraMapping(name, fit="pad") for name in names]
    speed = 1.0 if mapping.fps is None else mapping.fps / description.fps
    selection = Selection(whole, mapping.signals, episode, start, start, speed, SIDE)
    with EpisodeStream(path, selection, visitor) as stream:
        pictures = next(stream.pictures())
        at = ticks(float(stream.times[-1]), start, start + TRAIL_S)
        rows = control_rows(stream.times, at)[:: -(-len(at) // TRAIL)]
        values = {name: signal[rows].copy() for name, signal in stream.values.items()}
    return FirstFrame(
        reading_key(path, mapping, episode, start), dict(zip(names, map(np.copy, pictures), strict=True)), values
    )


def preview(frame: FirstFrame, description: Description, mapping: RobotMapping) -> dict[str, Any]:
    """The first frame as the mapping reads it.

    Returns:
        ``pictures``: JPEG in base64 by ``front`` and ``wrist``, with what the policy does not see dimmed and
        the tool's path and axes in ``front``; ``tool``: one line on the state.
    """
    size = {camera.name: camera for camera in description.cameras}
    canvas, square = framed(frame.pictures[mapping.front], size[mapping.front], mapping.front_turn, mapping.fit)
    path = _path(frame, mapping)
    _draw_tool(canvas, square, path, mapping)
    pictures = {"front": encode_jpeg(canvas)}
    if mapping.wrist is not None:
        wrist, _ = framed(frame.pictures[mapping.wrist], size[mapping.wrist], mapping.wrist_turn, mapping.fit)
        pictures["wrist"] = encode_jpeg(wrist)
    return {"pictures": pictures, "tool": _words(path[0], mapping)}


def framed(whole: Image, camera: Camera, turn: str, fit: str) -> tuple[Image, tuple[int, int, int]]:
    """A turned frame with the square that the policy sees.

    Args:
        whole: (SIDE, SIDE, 3), unturned, with bars.
        camera: Says how large the frame was.
        turn: As in `CameraMapping`.
        fit: As in `CameraMapping`.

    Returns:
        The picture, at most (SIDE, SIDE, 3) uint8, and left, top and side of the square [px].
    """
    width, height = (camera.height, camera.width) if turn in ("left", "right") else (camera.width, camera.height)
    canvas = np.ascontiguousarray(turned(whole, turn))
    scale = SIDE / max(width, height)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    if fit == "crop":
        top, left = (SIDE - h) // 2, (SIDE - w) // 2
        canvas = np.ascontiguousarray(canvas[top : top + h, left : left + w])
    side = min(canvas.shape[:2])
    left, top = (canvas.shape[1] - side) // 2, (canvas.shape[0] - side) // 2
    seen = canvas[top : top + side, left : left + side].copy()
    canvas = (canvas * DIMMED).astype(np.uint8)
    canvas[top : top + side, left : left + side] = seen
    cv2.rectangle(canvas, (left, top), (left + side - 1, top + side - 1), SQUARE, 2)
    return canvas, (left, top, side)


def _path(frame: FirstFrame, mapping: RobotMapping) -> Vector:
    """(N, 17) states as the policy reads them."""
    rows = max((len(values) for values in frame.values.values()), default=1)
    return states(frame.values, mapping, np.arange(rows))


def _draw_tool(canvas: Image, square: tuple[int, int, int], path: Vector, mapping: RobotMapping) -> None:
    """The path and, where the recording knows them, the tool's axes, as the policy's own camera would see them."""
    computed = mapping.kinematics != "none"
    if mapping.position is not None or computed:
        points = _pixels(path[:, :3], square)
        if len(points) == len(path):
            cv2.polylines(canvas, [points], False, PATH, 2, cv2.LINE_AA)
            cv2.circle(canvas, points[0].tolist(), 4, PATH, -1, cv2.LINE_AA)
    if mapping.rotation is not None or computed:
        first, second = path[0, 3:6], path[0, 6:9]
        for name, axis in zip("xyz", (first, second, np.cross(first, second)), strict=True):
            ends = _pixels(path[0, :3] + np.outer([0, AXIS_M, 1.25 * AXIS_M], axis), square)
            if len(ends) == 3:
                start, tip, label = ends.tolist()
                cv2.arrowedLine(canvas, start, tip, AXES[name], 2, cv2.LINE_AA, tipLength=0.2)
                for colour, width in (((0, 0, 0), 3), (AXES[name], 1)):
                    at = (label[0] - 4, label[1] + 4)
                    cv2.putText(canvas, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, width, cv2.LINE_AA)


def _pixels(points: Vector, square: tuple[int, int, int]) -> NDArray[np.int32]:
    """(N, 2) places in the canvas; points behind the camera are left out."""
    left, top, side = square
    places = project(points, usual_front()) * side + [left, top]
    return np.clip(np.round(places), -10_000, 10_000).astype(np.int32)


def _words(state: Vector, mapping: RobotMapping) -> str:
    gripper = "" if mapping.gripper is None else f", gripper {100 * state[OPENING_INDEX]:.0f} % open"
    if mapping.position is None and mapping.kinematics == "none":
        return f"The recording does not say where the tool is: the policy is given the arm at rest{gripper}."
    x, y, z = 100 * state[:3]
    return f"The policy reads: tool at {x:.1f}, {y:.1f}, {z:.1f} cm{gripper}."
