"""A picture of how scenes ended, in the simulator and in the dream."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from wam_demo.diagnose.dream_eval import Course, JudgedScene
from wam_demo.types import POLICY_CAMERAS, Image

SIDE, GAP, WORDS = 128, 6, 44
"""Side of a tile, what lies between tiles, and the room for words below a row [px]."""
INK = (40, 44, 52)


def ends_picture(ends: Sequence[tuple[JudgedScene, Course, Course]], columns: int = 3) -> Image:
    """One cell a scene: the last pictures of the simulator above those of the dream, and who called what a success.

    Args:
        ends: Scenes with the courses in simulator and dream, at least one.
        columns: Cells in a row.

    Returns:
        (H, W, 3) uint8.
    """
    cells = [_cell(*end) for end in ends]
    blank = np.full_like(cells[0], 255)
    cells += [blank] * (-len(cells) % columns)
    return np.concatenate([np.concatenate(cells[at : at + columns], 1) for at in range(0, len(cells), columns)])


def _cell(scene: JudgedScene, real: Course, dream: Course) -> Image:
    cell = np.full((2 * (SIDE + GAP) + WORDS, 2 * (SIDE + GAP) + 2 * GAP, 3), 255, np.uint8)
    for row, course in enumerate((real, dream)):
        for column, camera in enumerate(POLICY_CAMERAS):
            tile = cv2.resize(course.last[camera], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            top, left = row * (SIDE + GAP), column * (SIDE + GAP)
            cell[top : top + SIDE, left : left + SIDE] = tile
    marks = {True: "success", False: "failure"}
    lines = (
        f"{scene.task}, {scene.policy}, {scene.seed}",
        f"above: {marks[scene.sim]}, judged {marks[scene.seen]}",
        f"dream below: judged {marks[scene.dreamt]}",
    )
    for number, line in enumerate(lines):
        place = (2, 2 * (SIDE + GAP) + 10 + 14 * number)
        cv2.putText(cell, line, place, cv2.FONT_HERSHEY_SIMPLEX, 0.38, INK, 1, cv2.LINE_AA)
    return cell
