"""Formats and their readers; a reader's libraries are loaded when its format is met."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wam_demo.data.uploads.contracts import Reader
from wam_demo.data.uploads.detect import detect


def open_reader(path: Path) -> Reader:
    """The reader of a file or folder, by its content; call it in the child process only.

    Raises:
        InvalidInputError: It is no recording, or one that exceeds the limits.
    """
    return _READERS[detect(path)](path)


def _mp4(path: Path) -> Reader:
    from wam_demo.data.uploads.video import VideoReader

    return VideoReader(path, "mp4")


def _webm(path: Path) -> Reader:
    from wam_demo.data.uploads.video import VideoReader

    return VideoReader(path, "webm")


def _gif(path: Path) -> Reader:
    from wam_demo.data.uploads.pictures import GifReader

    return GifReader(path)


def _images(path: Path) -> Reader:
    from wam_demo.data.uploads.pictures import ImagesReader

    return ImagesReader(path)


def _hdf5(path: Path) -> Reader:
    from wam_demo.data.uploads.hdf5 import Hdf5Reader

    return Hdf5Reader(path)


def _mcap(path: Path) -> Reader:
    from wam_demo.data.uploads.log import LogReader
    from wam_demo.data.uploads.mcap_log import McapLog

    return LogReader(McapLog(path))


def _bag1(path: Path) -> Reader:
    return _bag(path, "rosbag1")


def _bag2(path: Path) -> Reader:
    return _bag(path, "rosbag2")


def _bag(path: Path, format: str) -> Reader:
    from wam_demo.data.uploads.bags import BagLog
    from wam_demo.data.uploads.log import LogReader

    return LogReader(BagLog(path, format))


def _zarr(path: Path) -> Reader:
    from wam_demo.data.uploads.zarr_store import ZarrReader

    return ZarrReader(path)


def _lerobot(path: Path) -> Reader:
    from wam_demo.data.uploads.lerobot import LeRobotReader

    return LeRobotReader(path)


_READERS: dict[str, Callable[[Path], Reader]] = {
    "mp4": _mp4,
    "webm": _webm,
    "gif": _gif,
    "images": _images,
    "hdf5": _hdf5,
    "mcap": _mcap,
    "rosbag1": _bag1,
    "rosbag2": _bag2,
    "zarr": _zarr,
    "lerobot": _lerobot,
}
