"""Formats and their readers; a reader's libraries are loaded when its format is met."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from wam_demo.data.uploads.contracts import Reader
from wam_demo.data.uploads.detect import detect

_READERS = {
    "mp4": "video:open_mp4",
    "webm": "video:open_webm",
    "gif": "pictures:GifReader",
    "images": "pictures:ImagesReader",
    "hdf5": "hdf5:Hdf5Reader",
    "mcap": "mcap_log:open_mcap",
    "rosbag1": "bags:open_rosbag1",
    "rosbag2": "bags:open_rosbag2",
    "zarr": "zarr_store:ZarrReader",
    "lerobot": "lerobot:LeRobotReader",
}
"""Module of this folder, and what in it opens a path; one for each of `FORMATS`."""


def open_reader(path: Path) -> Reader:
    """The reader of a file or folder, by its content; call it in the child process only.

    Raises:
        InvalidInputError: It is no recording, or one that exceeds the limits.
    """
    module, name = _READERS[detect(path)].split(":")
    opener: Callable[[Path], Reader] = getattr(import_module(f"{__package__}.{module}"), name)
    return opener(path)
