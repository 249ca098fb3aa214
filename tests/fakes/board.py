"""Pictures of the marker board by cameras whose poses are known, and how far calibration is from them.

``python -m tests.fakes.board 50`` prints the figures of the documentation.
"""

import sys

import cv2
import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.robots.arm.board import COLUMNS, ROWS, board_picture, find_board
from wam_demo.robots.arm.calibration import BoardPlace, Mount, calibrate
from wam_demo.types import CameraPose

SUPERSAMPLED = 4


def looking_at(point, position, roll=0.0, half=0.45) -> CameraPose:
    """A camera that looks at a point, turned about its axis by ``roll``."""
    back = np.asarray(position, float) - point
    back /= np.linalg.norm(back)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(back, right), back], axis=1)
    cos, sin = np.cos(roll), np.sin(roll)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    return CameraPose(np.asarray(position, np.float32), (axes @ turn).astype(np.float32), half)


def photograph(camera: CameraPose, place: BoardPlace, size=480, noise=2.0, seed=0):
    """(size, size, 3) uint8: the board flat on a grey table, with the noise of a sensor."""
    side = 60
    board = cv2.copyMakeBorder(board_picture(side), side, side, side, side, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    width, height = COLUMNS / 2 + 1, ROWS / 2 + 1
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]])
    local = (place.points(corners) - camera.position) @ camera.rotation
    assert (local[:, 2] < 0).all(), "the board is behind the camera"
    fine = size * SUPERSAMPLED
    ahead = -local[:, 2:]
    pixels = fine / 2 * (1 + local[:, :2] * [1, -1] / ahead / camera.half) - 0.5
    ends = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * [board.shape[1], board.shape[0]] - 0.5
    homography = cv2.getPerspectiveTransform(ends.astype(np.float32), pixels.astype(np.float32))
    picture = cv2.warpPerspective(board, homography, (fine, fine), borderValue=(120, 130, 140))
    picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA).astype(float)
    return np.clip(picture + np.random.default_rng(seed).normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


def drawn_camera(rng, place: BoardPlace) -> CameraPose:
    """A camera as people put them: 35 to 70 cm away, 25 to 65 degrees above the table."""
    distance, height, around = rng.uniform(0.35, 0.7), np.radians(rng.uniform(25, 65)), rng.uniform(-np.pi, np.pi)
    out = np.array([np.cos(around) * np.cos(height), np.sin(around) * np.cos(height), np.sin(height)])
    target = np.array([place.x, place.y, place.z]) + rng.uniform(-0.02, 0.02, 3)
    half = max(0.35, 0.16 / distance) * rng.uniform(1.0, 1.4)
    return looking_at(target, target + distance * out, rng.uniform(-0.3, 0.3), half)


def errors(mount: Mount, camera: CameraPose) -> tuple[float, float, float]:
    """Position [mm], rotation [degrees], field of view [percent]."""
    turned = np.trace(np.asarray(mount.pose.rotation, float).T @ camera.rotation)
    return (
        1000 * float(np.linalg.norm(mount.pose.position - camera.position)),
        float(np.degrees(np.arccos(np.clip((turned - 1) / 2, -1, 1)))),
        100 * abs(mount.pose.half / camera.half - 1),
    )


def measured(count: int, size=480, extra=2) -> tuple[np.ndarray, int]:
    """(n, 4) errors and reprojection error [px] of so many drawn cameras, and how many were refused.

    Args:
        extra: Pictures of the board held elsewhere beside the one at its place.
    """
    rows, refused = [], 0
    for seed in range(count):
        rng = np.random.default_rng(seed)
        place = BoardPlace(yaw=rng.uniform(-0.5, 0.5))
        camera = drawn_camera(rng, place)
        # a tilted board seen by one camera is the flat one seen by another of the same width
        others = [drawn_camera(np.random.default_rng([seed, k]), place) for k in range(extra)]
        seen = [CameraPose(o.position, o.rotation, camera.half) for o in others] + [camera]
        try:
            views = [find_board(photograph(c, place, size, seed=seed + k)) for k, c in enumerate(seen)]
            mount = calibrate(views, place)
        except InvalidInputError:
            refused += 1
            continue
        rows.append([*errors(mount, camera), mount.error_px])
    return np.array(rows), refused


if __name__ == "__main__":
    for extra in (0, 2):
        found, refused = measured(int(sys.argv[1]), extra=extra)
        print(f"{1 + extra} pictures: {len(found)} calibrated, {refused} refused; median, 95 %, largest")
        for name, column in zip(("position mm", "rotation deg", "width %", "reprojection px"), found.T, strict=True):
            print(f"  {name:16s} {np.median(column):7.3f} {np.percentile(column, 95):7.3f} {column.max():7.3f}")
