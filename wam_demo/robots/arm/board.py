"""A marker board to print or to show on a screen, and where its corners are in a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from wam_demo.errors import InvalidInputError
from wam_demo.types import Image

COLUMNS, ROWS = 7, 5
SQUARE_M = 0.035
"""Side of a square of the board as it is printed on A4, landscape, at 300 dots an inch [m]."""
MARKER_SHARE = 0.74
PRINT_DPI = 300
_PAGE_M = (0.297, 0.210)
_LEAST = 6
"""Corners that have to be seen."""

Points = NDArray[np.float64]


@dataclass(frozen=True)
class BoardView:
    """What one picture shows of the board.

    Attributes:
        image: (N, 2) corners in the picture [px], the centre of the top left pixel at 0, 0.
        board: (N, 2) the same on the board, right and down from its centre, in squares.
        size: Side of the square picture [px].
    """

    image: Points
    board: Points
    size: int


def _board() -> cv2.aruco.CharucoBoard:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    return cv2.aruco.CharucoBoard((COLUMNS, ROWS), 1.0, MARKER_SHARE, dictionary)


def board_picture(pixels_a_square: int) -> Image:
    """The board alone, (5 n, 7 n, 3) uint8."""
    grey = _board().generateImage((COLUMNS * pixels_a_square, ROWS * pixels_a_square), marginSize=0, borderBits=1)
    return np.repeat(grey[..., None], 3, axis=2)


def board_page() -> Image:
    """The board on an A4 page, to be printed at its own size, or shown on a screen and measured there."""
    width, height = (round(side / 0.0254 * PRINT_DPI) for side in _PAGE_M)
    board = board_picture(round(SQUARE_M / 0.0254 * PRINT_DPI))
    page = np.full((height, width, 3), 255, np.uint8)
    top, left = (height - board.shape[0]) // 2, (width - board.shape[1]) // 2
    page[top : top + board.shape[0], left : left + board.shape[1]] = board
    grey, font = (110, 110, 110), cv2.FONT_HERSHEY_SIMPLEX
    middle = width // 2
    cv2.arrowedLine(page, (middle, top - 20), (middle, top - 110), grey, 5, cv2.LINE_AA, tipLength=0.4)
    cv2.putText(page, "away from the robot", (middle + 50, top - 45), font, 1.5, grey, 3, cv2.LINE_AA)
    words = f"square {1000 * SQUARE_M:.0f} mm: measure it after printing"
    cv2.putText(page, words, (left, top + board.shape[0] + 80), font, 1.5, grey, 3, cv2.LINE_AA)
    return page


def find_board(image: Image) -> BoardView:
    """The board's corners in a square picture.

    Args:
        image: (H, W, 3) uint8 RGB; of another shape, its largest centred square counts, as for the policies.

    Raises:
        InvalidInputError: Too little of the board is seen.
    """
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    grey = cv2.cvtColor(np.ascontiguousarray(image[top : top + side, left : left + side]), cv2.COLOR_RGB2GRAY)
    board = _board()
    corners, ids, markers, _ = cv2.aruco.CharucoDetector(board).detectBoard(grey)
    seen = 0 if ids is None else len(ids)
    if seen < _LEAST:
        found = 0 if markers is None else len(markers)
        raise InvalidInputError(
            f"{seen} corners and {found} markers of the board are seen, {_LEAST} corners are needed: "
            "bring it nearer, and into light without reflections"
        )
    places = np.array(board.getChessboardCorners())[ids.ravel(), :2] - [COLUMNS / 2, ROWS / 2]
    return BoardView(corners.reshape(-1, 2).astype(np.float64), places.astype(np.float64), side)
