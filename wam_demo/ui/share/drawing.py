"""One frame of a clip: the four panels of an attempt on one time step, its plan and verdict, or two sides of a twin."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from wam_demo.types import CONTROL_HZ, Image, Vector
from wam_demo.ui.share.moments import AHEAD, ClipEpisode, ClipMoment
from wam_demo.ui.share.pairs import PairClip, PairMoment
from wam_demo.ui.shared.pictures import attention_peak, error_map, overlay

SIDE, GAP, HEAD, CAPTION, FOOT = 288, 12, 64, 24, 44
"""Sizes [px]; of a panel, between panels, above them, of a panel's name, and of the verdict."""
WIDTH, HEIGHT = 2 * SIDE + 3 * GAP, HEAD + 2 * (CAPTION + SIDE) + GAP + FOOT
"""Of a frame [px], both even as H.264 wants them."""
PAIR_HEIGHT = HEAD + CAPTION + SIDE + FOOT
"""Of a frame with two panels [px]."""
_GROUND, _PANEL, _INK, _SOFT = (14, 17, 21), (29, 33, 41), (236, 238, 241), (152, 161, 175)
_PLAN, _GOOD, _BAD = (255, 138, 61), (82, 214, 138), (255, 123, 123)


def draw_frame(episode: ClipEpisode, moment: ClipMoment, label: str, verdict: bool = False) -> Image:
    """(HEIGHT, WIDTH, 3) uint8.

    Args:
        episode: What the moment belongs to.
        moment: What is shown.
        label: What people call the policy.
        verdict: Say how the attempt ended.
    """
    events = ", ".join(dict.fromkeys(moment.events)) or "nothing disturbs"
    line = f"{label} · {moment.step / CONTROL_HZ:.1f} s · {events}"
    frame, pen = _begun(HEIGHT, moment.instruction, line, _panels(episode, moment))
    _path(pen, moment.plan, _corner(0))
    foot = HEIGHT - FOOT
    if verdict and episode.title:
        pen.ellipse((GAP, foot + 16, GAP + 12, foot + 28), _GOOD if episode.success else _BAD)
        _text(pen, (GAP + 20, foot + 11), f"{episode.title} {episode.detail}", 18, _INK, WIDTH - 190)
    return np.asarray(frame)


def draw_pair(clip: PairClip, moment: PairMoment, label: str) -> Image:
    """(PAIR_HEIGHT, WIDTH, 3) uint8; ``label`` is what people call the policy."""
    pictures = dict(zip(clip.titles, map(read_jpeg, moment.pictures), strict=True))
    frame, _ = _begun(PAIR_HEIGHT, clip.instruction, f"{label} · {moment.line}", pictures)
    return np.asarray(frame)


def _begun(
    height: int, instruction: str, line: str, panels: Mapping[str, Image | None]
) -> tuple[Pictures.Image, ImageDraw.ImageDraw]:
    """A frame with its words and its panels, two in a row, and what else is drawn on it."""
    frame = Pictures.new("RGB", (WIDTH, height), _GROUND)
    pen = ImageDraw.Draw(frame)
    _text(pen, (GAP, 9), f"“{instruction}”", 18, _INK, WIDTH - 2 * GAP)
    _text(pen, (GAP, 36), line, 15, _SOFT, WIDTH - 2 * GAP)
    for place, (title, picture) in enumerate(panels.items()):
        x, y = _corner(place)
        _text(pen, (x, y + 3 - CAPTION), title, 14, _INK, SIDE)
        if picture is None:
            pen.rectangle((x, y, x + SIDE - 1, y + SIDE - 1), _PANEL)
        else:
            frame.paste(Pictures.fromarray(_sized(picture)), (x, y))
    _text(pen, (WIDTH - GAP - 124, height - FOOT + 14), "Foresight Bench", 15, _SOFT, 124)
    return frame, pen


def _corner(place: int) -> tuple[int, int]:
    """Upper left corner of a panel's picture [px]."""
    return GAP + place % 2 * (SIDE + GAP), HEAD + CAPTION + place // 2 * (CAPTION + SIDE + GAP)


def _panels(episode: ClipEpisode, moment: ClipMoment) -> Mapping[str, Image | None]:
    attention = None
    if moment.attention is not None:
        attended = episode.moments.get(moment.answered or 0, moment)
        attention = overlay(read_jpeg(attended.now), moment.attention, attention_peak({"front": moment.attention}))
    ahead = "" if moment.imagined_at is None else f", for {(moment.imagined_at + AHEAD) / CONTROL_HZ:.1f} s"
    return {
        "Now": read_jpeg(moment.now),
        f"Imagined{ahead}": moment.imagined,
        "Attention": attention,
        "Imagined − actual": None if moment.error is None else error_map(moment.error),
    }


def read_jpeg(data: bytes) -> Image:
    """(H, W, 3) uint8."""
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _sized(picture: Image) -> Image:
    return cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def _path(pen: ImageDraw.ImageDraw, plan: Vector, corner: tuple[int, int]) -> None:
    """The planned path, its dots a control step apart; what leaves the picture is not drawn."""
    inside = plan[((plan >= 0) & (plan <= 1)).all(axis=1)]
    dots = [(corner[0] + SIDE * float(u), corner[1] + SIDE * float(v)) for u, v in inside]
    if len(dots) > 1:
        pen.line(dots, _PLAN, 3, joint="curve")
    for x, y in dots[1:]:
        pen.ellipse((x - 2.5, y - 2.5, x + 2.5, y + 2.5), _PLAN)


def _text(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: tuple[int, int, int], width: int
) -> None:
    """One line, cut where it would be wider than ``width`` [px]."""
    font = _font(size)
    while text and font.getlength(text) > width:
        text = text[:-2].rstrip("…") + "…"
    pen.text(at, text, colour, font)


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
