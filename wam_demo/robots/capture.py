"""Cameras of the server itself: by index or by address, named by its operator, read on a thread each."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import cv2

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.robots.camera import FrameBox

CAMERAS_VARIABLE = "WAM_DEMO_CAMERAS"
"""Names and cameras, e.g. ``desk=0;bench=rtsp://10.0.0.5/live``. Visitors choose a name, never an address."""
SCHEMES = ("rtsp", "rtsps", "http", "https")
OPEN_MS, READ_MS = 5000, 2000
RETRY_S = 1.0
_NAME = re.compile(r"[\w-]{1,32}")

_log = logging.getLogger(__name__)


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that is used here."""

    def isOpened(self) -> bool: ...

    def read(self) -> tuple[bool, Any]: ...

    def release(self) -> None: ...


def configured_cameras() -> dict[str, int | str]:
    """The cameras that the operator has named; raises `InvalidInputError`."""
    return parse_cameras(os.environ.get(CAMERAS_VARIABLE, ""))


def parse_cameras(text: str) -> dict[str, int | str]:
    """Index or address by name.

    Args:
        text: ``name=index`` or ``name=address``, separated by semicolons.

    Raises:
        InvalidInputError: An entry is neither; the message names it and leaves the address out,
            which may hold a password.
    """
    cameras: dict[str, int | str] = {}
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        name, _, address = (part.strip() for part in entry.partition("="))
        if not _NAME.fullmatch(name) or name in cameras:
            raise InvalidInputError(f"{CAMERAS_VARIABLE}: {name[:40]!r} is not a name, or names two cameras")
        if address.isdecimal():
            cameras[name] = int(address)
        elif urlsplit(address).scheme in SCHEMES and urlsplit(address).hostname:
            cameras[name] = address
        else:
            valid = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            raise InvalidInputError(f"{CAMERAS_VARIABLE}: camera {name!r} is neither an index nor one of {valid}")
    return cameras


def open_capture(address: int | str) -> Capture:
    """A camera of OpenCV that keeps few frames and gives up on a dead line."""
    if isinstance(address, int):
        capture = cv2.VideoCapture(address)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return capture
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS]
    return cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)


class CameraReader:
    """Reads one camera as fast as it delivers, keeps the newest frame, and connects again when it is lost.

    Args:
        address: Index or address.
        open_camera: Makes the capture, in the reader's thread.
    """

    def __init__(self, address: int | str, open_camera: Callable[[int | str], Capture] = open_capture) -> None:
        self.frames = FrameBox()
        self._address = address
        self._open = open_camera
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading; a read under way may last as long as its time limit."""
        self._closing.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=(OPEN_MS + READ_MS) / 1e3)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._read()
            except Exception:
                _log.exception("camera")
            self._closing.wait(RETRY_S)

    def _read(self) -> None:
        capture = self._open(self._address)
        try:
            while not self._closing.is_set() and capture.isOpened():
                delivered, image = capture.read()
                if not delivered:
                    return
                self.frames.put(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        finally:
            capture.release()


class CameraRack:
    """The server's cameras, each read once however many watch it, and only while somebody does.

    Args:
        cameras: Index or address by name.
        open_camera: As in `CameraReader`.
    """

    def __init__(
        self,
        cameras: Mapping[str, int | str],
        open_camera: Callable[[int | str], Capture] = open_capture,
    ) -> None:
        self._cameras = dict(cameras)
        self._open = open_camera
        self._readers: dict[str, CameraReader] = {}
        self._watching: dict[str, int] = dict.fromkeys(self._cameras, 0)
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """Names that can be chosen."""
        return tuple(self._cameras)

    def watch(self, name: str) -> FrameBox:
        """The frames of a camera, read from now on; pair it with `leave`. Raises `UnknownNameError`."""
        if name not in self._cameras:
            raise UnknownNameError("camera", name, self._cameras)
        with self._lock:
            self._watching[name] += 1
            if name not in self._readers:
                self._readers[name] = CameraReader(self._cameras[name], self._open)
            return self._readers[name].frames

    def leave(self, name: str) -> None:
        """One watcher less; the last one closes the camera."""
        with self._lock:
            self._watching[name] -= 1
            reader = self._readers.pop(name) if not self._watching[name] else None
        if reader is not None:
            reader.close()

    def close(self) -> None:
        """Close every camera."""
        with self._lock:
            readers, self._readers = list(self._readers.values()), {}
        for reader in readers:
            reader.close()
