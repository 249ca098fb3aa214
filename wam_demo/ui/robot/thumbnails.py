"""The first picture of each episode of a recording, a few at a time, for the list on the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from wam_demo.data.uploads.contracts import CameraMapping, Description
from wam_demo.data.uploads.mapping import RobotMapping
from wam_demo.data.uploads.process import first_frames
from wam_demo.errors import InvalidInputError
from wam_demo.ui.shared.checks import whole
from wam_demo.ui.shared.packet import encode_jpeg

THUMBNAILS, THUMBNAIL_SIDE = 8, 96
"""Episodes whose pictures are read in one child process, and the pictures' side [px]."""


def thumbnails(path: Path, found: Description, mapping: RobotMapping, asked: Any, visitor: str) -> dict[str, Any]:
    """The front pictures of some episodes.

    Args:
        path: The recording.
        found: What it holds.
        mapping: Says which camera is shown, and how; validated.
        asked: Numbers of at most `THUMBNAILS` episodes, from the page.
        visitor: For whom, see `ReaderGate.turn`.

    Returns:
        ``pictures``: JPEG in base64 by episode, ``None`` if it cannot be read. Where the limits end the reading,
        the episode that it was at counts as one that cannot be read, and those after it are missing.

    Raises:
        InvalidInputError: The numbers are none, or nothing can be read.
    """
    if not isinstance(asked, list) or not 0 < len(asked) <= THUMBNAILS:
        raise InvalidInputError(f"ask for 1 to {THUMBNAILS} episodes at a time")
    episodes = [whole("episode", episode, 0, len(found.episodes) - 1) for episode in asked]
    camera = CameraMapping(mapping.front, mapping.front_turn, mapping.fit)
    return {"pictures": dict(_pictures(path, episodes, camera, visitor))}


def _pictures(
    path: Path, episodes: Sequence[int], camera: CameraMapping, visitor: str
) -> Iterator[tuple[str, str | None]]:
    waiting = list(map(str, episodes))
    try:
        for image in first_frames(path, episodes, camera, THUMBNAIL_SIDE, visitor):
            yield waiting.pop(0), None if image is None else encode_jpeg(image)
    except InvalidInputError:
        if len(waiting) == len(episodes):
            raise
        yield waiting[0], None
