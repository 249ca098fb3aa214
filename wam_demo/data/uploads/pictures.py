"""GIF animations, and folders or zips of images that are the frames of one episode."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from wam_demo.data.uploads.contracts import Camera, Description, Numbers, RecordedEpisode, TimedImage
from wam_demo.data.uploads.detect import IMAGE_SUFFIXES, open_tree
from wam_demo.data.uploads.stills import check_size, decode_still, image_size
from wam_demo.data.uploads.summary import length_notes
from wam_demo.data.uploads.video import rate
from wam_demo.errors import InvalidInputError
from wam_demo.limits import UPLOAD_BYTES, VIDEO_FRAMES, VIDEO_SECONDS
from wam_demo.types import CONTROL_HZ, Image

_DEFAULT_DELAY_S = 0.1


class GifReader:
    """An animated GIF: one camera, one episode.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        from PIL import Image as Pictures
        from PIL import UnidentifiedImageError

        delays: list[float] = []
        try:
            with Pictures.open(path, formats=["GIF"]) as picture:
                size = picture.size
                with suppress(EOFError):  # after the last frame
                    while len(delays) <= VIDEO_FRAMES:
                        delays.append((picture.info.get("duration") or 1e3 * _DEFAULT_DELAY_S) / 1e3)
                        picture.seek(picture.tell() + 1)
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Pictures.DecompressionBombError):
            raise InvalidInputError("the GIF is damaged or cut off") from None
        self._path, self._size = path, check_size(*size)
        if len(delays) > VIDEO_FRAMES:
            raise InvalidInputError(f"the GIF has more than {VIDEO_FRAMES} frames")
        self._times = np.concatenate([[0.0], np.cumsum(delays)[:-1]])
        if self._times[-1] > VIDEO_SECONDS:
            raise InvalidInputError(f"the GIF lasts {self._times[-1]:.0f} s, more than {VIDEO_SECONDS} s")

    def describe(self) -> Description:
        """See `Reader`."""
        episodes = [RecordedEpisode("0", len(self._times))]
        return Description("gif", rate(self._times), [Camera("gif", *self._size)], (), episodes)

    def numbers(self, episode: int) -> tuple[NDArray[np.float64], Mapping[str, Numbers]]:
        """See `Reader`."""
        return self._times, {}

    def images(self, episode: int, camera: str, start: float) -> Iterator[TimedImage]:
        """See `Reader`; GIF frames build on each other, so none is left out."""
        from PIL import Image as Pictures

        with Pictures.open(self._path, formats=["GIF"]) as picture:
            for number, seconds in enumerate(self._times):
                try:
                    picture.seek(number)
                    image = np.asarray(picture.convert("RGB"))
                except (EOFError, OSError, ValueError, SyntaxError):
                    raise InvalidInputError(f"frame {number} of the GIF is damaged") from None
                yield float(seconds), partial(np.ascontiguousarray, image)


class ImagesReader:
    """Images as frames at 10 Hz, in the order of the numbers in their names; each folder is a camera.

    Args:
        path: A folder, a zip of one, or a single image.
    """

    def __init__(self, path: Path) -> None:
        self._tree = open_tree(path) if path.is_dir() or not _is_image_file(path) else _OneFile(path)
        self._frames: dict[str, list[str]] = {}
        for name in sorted(self._tree.names, key=_in_order):
            pure = PurePosixPath(name)
            if pure.suffix.lower() in IMAGE_SUFFIXES or isinstance(self._tree, _OneFile):
                self._frames.setdefault(pure.parent.name or "images", []).append(name)
        longest = max(map(len, self._frames.values()))
        if longest > VIDEO_SECONDS * CONTROL_HZ:
            raise InvalidInputError(f"{longest} images are more than {VIDEO_SECONDS * CONTROL_HZ}")
        self._length = min(map(len, self._frames.values()))

    def describe(self) -> Description:
        """See `Reader`."""
        cameras = [Camera(name, *image_size(self._read(frames[0]))) for name, frames in self._frames.items()]
        notes = length_notes({name: len(frames) for name, frames in self._frames.items()}, self._length)
        return Description("images", float(CONTROL_HZ), cameras, (), [RecordedEpisode("0", self._length)], notes=notes)

    def numbers(self, episode: int) -> tuple[NDArray[np.float64], Mapping[str, Numbers]]:
        """See `Reader`."""
        return np.arange(self._length) / CONTROL_HZ, {}

    def images(self, episode: int, camera: str, start: float) -> Iterator[TimedImage]:
        """See `Reader`."""
        for number, name in enumerate(self._frames[camera][: self._length]):
            if (number + 1) / CONTROL_HZ > start:
                yield number / CONTROL_HZ, partial(self._decode, name)

    def _decode(self, name: str) -> Image:
        return decode_still(self._read(name))

    def _read(self, name: str) -> bytes:
        with self._tree.open(name) as file:
            return file.read(UPLOAD_BYTES)


class _OneFile:
    """A single file as a tree."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = frozenset([path.name])

    def open(self, name: str) -> BinaryIO:
        """See `Tree`."""
        return self._path.open("rb")


def _is_image_file(path: Path) -> bool:
    with path.open("rb") as file:
        return not file.read(4).startswith(b"PK")


def _in_order(name: str) -> tuple[object, ...]:
    """Sort key that puts frame 10 after frame 9."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name))
