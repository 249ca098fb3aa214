"""What travels to the page at each tick: one JPEG atlas of the pictures that changed, and JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from wam_demo.errors import WamDemoError
from wam_demo.types import Image

ATLAS_WIDTH = 512
"""Tiles are laid out in rows of at most this many pixels."""
JPEG_QUALITY = 82


@dataclass(frozen=True)
class Tile:
    """One picture of a panel.

    Attributes:
        stamp: Changes when the picture changes; equal stamps are not sent again.
        draw: Makes the (H, W, 3) uint8 picture; called only when it is sent.
    """

    stamp: object
    draw: Callable[[], Image]


def layout(sizes: Sequence[tuple[int, int]], width: int = ATLAS_WIDTH) -> list[tuple[int, int]]:
    """Place rectangles in rows, in the order given.

    Args:
        sizes: Height and width of each.
        width: Row width; a wider rectangle gets a row of its own.

    Returns:
        x and y of each.
    """
    corners, x, y, row = [], 0, 0, 0
    for tile_height, tile_width in sizes:
        if x and x + tile_width > width:
            x, y, row = 0, y + row, 0
        corners.append((x, y))
        x, row = x + tile_width, max(row, tile_height)
    return corners


def pack(images: Mapping[str, Image]) -> tuple[Image, dict[str, list[int]]]:
    """Put pictures into one atlas, the tallest first.

    Returns:
        (H, W, 3) uint8 and, by name, ``[x, y, width, height]``.
    """
    names = sorted(images, key=lambda name: -images[name].shape[0])
    corners = layout([images[name].shape[:2] for name in names])
    rectangles = {
        name: [x, y, images[name].shape[1], images[name].shape[0]] for name, (x, y) in zip(names, corners, strict=True)
    }
    width = max(x + w for x, _, w, _ in rectangles.values())
    height = max(y + h for _, y, _, h in rectangles.values())
    atlas = np.zeros((height, width, 3), np.uint8)
    for name, (x, y, w, h) in rectangles.items():
        atlas[y : y + h, x : x + w] = images[name]
    return atlas, rectangles


def encode_jpeg(image: Image, quality: int = JPEG_QUALITY) -> str:
    """(H, W, 3) uint8 RGB as base64 JPEG."""
    # Without chroma subsampling neighbouring tiles do not bleed into each other.
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
    flags += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    done, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), flags)
    if not done:
        raise WamDemoError("the picture could not be encoded")
    return base64.b64encode(data.tobytes()).decode("ascii")


class PacketEncoder:
    """Turns the newest view into a packet for one page, leaving out what that page already has.

    Attributes:
        number: Packets encoded so far.
    """

    def __init__(self) -> None:
        self.number = 0
        self._sent: dict[str, object] = {}
        self._track: object = None
        self._handed: int | None = None

    def forget(self) -> None:
        """The page may lack anything: the next packet carries everything again."""
        self._sent.clear()
        self._track = None

    def encode(
        self,
        tiles: Mapping[str, Tile],
        status: Mapping[str, Any],
        track: Mapping[str, Any] | None = None,
        track_stamp: object = None,
        export: Mapping[str, Any] | None = None,
    ) -> str:
        """One packet as JSON text.

        Args:
            tiles: Pictures by name; the page keeps those that are not in a packet.
            status: Small state of the session, sent each time.
            track: Data of the charts, sent when ``track_stamp`` changes.
            track_stamp: As `Tile.stamp`.
            export: Sent when its ``number`` changes; the one that is there at the first packet was
                asked for by an earlier stream and is left out.
        """
        fresh = {name: tile for name, tile in tiles.items() if self._sent.get(name) != tile.stamp}
        self.number += 1
        packet: dict[str, Any] = {"n": self.number, "status": status}
        if fresh:
            atlas, rectangles = pack({name: tile.draw() for name, tile in fresh.items()})
            packet |= {"image": encode_jpeg(atlas), "tiles": rectangles}
            self._sent.update({name: tile.stamp for name, tile in fresh.items()})
        if track is not None and track_stamp != self._track:
            packet["track"] = track
            self._track = track_stamp
        number = 0 if export is None else int(export["number"])
        if self._handed is not None and number != self._handed:
            packet["export"] = export
        self._handed = number
        return json.dumps(packet, separators=(",", ":"), allow_nan=False)
