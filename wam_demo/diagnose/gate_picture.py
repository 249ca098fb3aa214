"""A picture of the gate over an episode: what the front camera saw, what the gate said, what it should have said."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from wam_demo.diagnose.gate import GateTrace
from wam_demo.models.harmo.gate import THRESHOLD
from wam_demo.types import CONTROL_HZ, Image

TILES = 8
SIDE = 128
CURVE, BAND, GAP, LEFT = 96, 18, 6, 112
"""Heights of the curve and of a band, what lies between rows, and the room for words [px]."""
TRANSIT, INTERACTION = (70, 130, 180), (222, 125, 55)
"""Colours of the reactive and of the predictive expert."""
INK, GRID = (40, 44, 52), (205, 208, 212)


def gate_picture(frames: Sequence[Image], trace: GateTrace) -> Image:
    """Draw one episode.

    Args:
        frames: (H, W, 3) uint8 of every control step.
        trace: As many values.

    Returns:
        (H, W, 3) uint8.
    """
    width, count = TILES * SIDE, len(frames)
    height = SIDE + CURVE + 2 * BAND + 5 * GAP + 16
    canvas = np.full((height, LEFT + width + GAP, 3), 255, np.uint8)
    for tile in range(TILES):
        frame = frames[min(count - 1, round((tile + 0.5) * count / TILES))]
        left = LEFT + tile * SIDE
        canvas[:SIDE, left : left + SIDE] = cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    _curve(canvas, trace, SIDE + GAP, width)
    top = SIDE + CURVE + 2 * GAP
    for row, (word, says) in enumerate((("gate", trace.says), ("label", trace.label))):
        _band(canvas, says, top + row * (BAND + GAP), width)
        _write(canvas, word, (6, top + row * (BAND + GAP) + 14))
    _seconds(canvas, count, top + 2 * (BAND + GAP) + 10, width)
    _write(canvas, "front view", (6, SIDE // 2))
    _write(canvas, "interaction", (6, SIDE + GAP + 12), INTERACTION)
    _write(canvas, "transit", (6, SIDE + GAP + CURVE - 2), TRANSIT)
    return canvas


def _curve(canvas: Image, trace: GateTrace, top: int, width: int) -> None:
    threshold = top + round((1 - THRESHOLD) * CURVE)
    for line in (top, threshold, top + CURVE):
        cv2.line(canvas, (LEFT, line), (LEFT + width, line), GRID, 1)
    across = LEFT + (np.arange(len(trace.probability)) + 0.5) * width / len(trace.probability)
    down = top + (1 - trace.probability) * CURVE
    points = np.stack([across, down], 1).round().astype(np.int32)
    cv2.polylines(canvas, [points], isClosed=False, color=INK, thickness=2, lineType=cv2.LINE_AA)


def _band(canvas: Image, says: np.ndarray, top: int, width: int) -> None:
    edges = LEFT + np.round(np.arange(len(says) + 1) * width / len(says)).astype(int)
    for step, interacts in enumerate(says):
        canvas[top : top + BAND, edges[step] : edges[step + 1]] = INTERACTION if interacts else TRANSIT


def _seconds(canvas: Image, count: int, down: int, width: int) -> None:
    for second in range(int(count / CONTROL_HZ) + 1):
        across = LEFT + round(second * CONTROL_HZ * width / count)
        if across + 24 < canvas.shape[1]:
            _write(canvas, f"{second} s", (across, down))


def _write(canvas: Image, text: str, place: tuple[int, int], colour: tuple[int, int, int] = INK) -> None:
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)
