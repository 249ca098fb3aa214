"""Who watches a camera: one watching policy per page, a few at a time, and nobody who has left."""

from __future__ import annotations

import base64
import binascii
import io
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.limits import CAMERA_IDLE_S, CAMERA_JPEG_BYTES, CAMERA_JPEG_SIDE, CAMERA_STREAMS
from wam_demo.robots.camera import CameraSource, FrameBox, home_state
from wam_demo.robots.capture import CameraRack
from wam_demo.runtime import Planner
from wam_demo.runtime.watching import Watching, WatchView
from wam_demo.types import Image, Vector

TOLD_S = 4.0
"""How long a line about something that the person did stays."""
BROWSER = "browser"
"""The camera of the visitor's own device."""


@dataclass(eq=False)
class Watcher:
    """One page with an open stream.

    Attributes:
        camera: `BROWSER` or the name of one of the server's.
        watching: The policy that watches.
        frames: Where the page's own pictures go; ``None`` for a camera of the server.
        view: The newest view.
        stream: Counts the streams of the page.
        got: Number of the newest picture that the page has sent.
        seen: When the page was last heard of, `time.monotonic`.
        told: A line about something that the person did, and until when it is shown.
        ring: Called when there is a newer view.
    """

    camera: str
    watching: Watching
    frames: FrameBox | None
    stream: int = 0
    view: WatchView = field(default_factory=WatchView)
    got: int = 0
    seen: float = field(default_factory=time.monotonic)
    told: tuple[str, float] = ("", 0.0)
    ring: Callable[[], None] = lambda: None

    @property
    def notice(self) -> str:
        """One line for the person; empty when all is well."""
        text, until = self.told
        return text if time.monotonic() < until else self.view.notice

    def tell(self, text: str) -> None:
        """Show one line for a while."""
        self.told = (text, time.monotonic() + TOLD_S)
        self.ring()

    def show(self, view: WatchView) -> None:
        """A newer view is there."""
        self.view = view
        self.ring()


class CameraDesk:
    """Opens, finds and closes streams.

    Args:
        open_planner: Gives the planner of a policy by name; may take seconds to load it.
        policies: Names of policies that can watch, the preferred one first.
        rack: The server's own cameras.
        places: Streams at a time.
        idle_s: A page that was not heard of for this long has left [s].
        state: What stands in for the robot's state; ``None`` is the arm at rest.
    """

    def __init__(
        self,
        open_planner: Callable[[str], Planner],
        policies: tuple[str, ...],
        rack: CameraRack,
        places: int = CAMERA_STREAMS,
        idle_s: float = CAMERA_IDLE_S,
        state: Vector | None = None,
    ) -> None:
        self.policies = policies
        self.rack = rack
        self._open_planner = open_planner
        self._places = places
        self._idle_s = idle_s
        self._state = state
        self._watchers: dict[str, Watcher] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._reaper = threading.Thread(target=self._reap, name="camera-reaper", daemon=True)
        self._reaper.start()

    @property
    def live(self) -> int:
        """Streams that are open."""
        return len(self._watchers)

    def open(self, key: str, camera: str, policy: str, instruction: str, stream: int = 0) -> Watcher:
        """Open the stream of a page; an older one of the same page is closed.

        Raises:
            InvalidInputError: Every place is taken, or something is not one of the choices.
        """
        self.leave(key)
        if policy not in self.policies:
            raise UnknownNameError("policy", policy, self.policies)
        if camera != BROWSER and camera not in self.rack.names:
            raise UnknownNameError("camera", camera, (BROWSER, *self.rack.names))
        if len(self._watchers) >= self._places:
            raise InvalidInputError(f"all {self._places} places for live cameras are taken; please come back later")
        planner = self._open_planner(policy)
        state = _state_at_rest() if self._state is None else self._state
        with self._lock:
            if self._closed.is_set() or len(self._watchers) >= self._places:
                raise InvalidInputError("the last place for a live camera has just been taken")
            watcher = self._watchers[key] = self._watcher(camera, planner, state, instruction)
            watcher.stream = stream
        watcher.watching.start()
        return watcher

    def _watcher(self, camera: str, planner: Planner, state: Vector, instruction: str) -> Watcher:
        own = FrameBox() if camera == BROWSER else None
        frames = own if own is not None else self.rack.watch(camera)
        source = CameraSource({"front": frames}, state, instruction)
        watcher: Watcher
        watching = Watching(source, planner, lambda view: watcher.show(view))
        watcher = Watcher(camera, watching, own)
        return watcher

    def find(self, key: str) -> Watcher | None:
        """The stream of a page, if it has one; the page has been heard of."""
        watcher = self._watchers.get(key)
        if watcher is not None:
            watcher.seen = time.monotonic()
        return watcher

    def holds(self, key: str, watcher: Watcher) -> bool:
        """Whether this is still the stream of the page."""
        return self._watchers.get(key) is watcher

    def receive(self, key: str, number: int, data: str) -> None:
        """A picture from the page's own camera.

        Args:
            key: Names the page.
            number: Counts the page's pictures.
            data: JPEG in base64.

        Raises:
            InvalidInputError: It is not a JPEG within the limits.
        """
        watcher = self.find(key)
        if watcher is None or watcher.frames is None or number <= watcher.got:
            return
        image = read_jpeg(data)
        watcher.got = number
        watcher.frames.put(image)

    def leave(self, key: str) -> None:
        """The page is gone, or wants to stop: close its stream."""
        with self._lock:
            watcher = self._watchers.pop(key, None)
        if watcher is None:
            return
        watcher.watching.close()
        if watcher.frames is None:
            self.rack.leave(watcher.camera)
        watcher.ring()

    def close(self) -> None:
        """Close every stream and camera."""
        self._closed.set()
        for key in list(self._watchers):
            self.leave(key)
        self._reaper.join(timeout=5.0)
        self.rack.close()

    def _reap(self) -> None:
        while not self._closed.wait(min(1.0, self._idle_s / 4)):
            oldest = time.monotonic() - self._idle_s
            for key in [key for key, watcher in list(self._watchers.items()) if watcher.seen < oldest]:
                self.leave(key)


def read_jpeg(data: str) -> Image:
    """(H, W, 3) uint8 RGB of a small JPEG in base64; its size is read from the header before it is decoded.

    Raises:
        InvalidInputError: It is too large or not a JPEG.
    """
    from PIL import Image as Pillow

    if not isinstance(data, str) or len(data) > CAMERA_JPEG_BYTES * 4 // 3 + 4:
        raise InvalidInputError(f"a picture of the camera may have {CAMERA_JPEG_BYTES} bytes at most")
    try:
        picture = Pillow.open(io.BytesIO(base64.b64decode(data, validate=True)), formats=["JPEG"])
        if not 0 < max(picture.size) <= CAMERA_JPEG_SIDE:
            raise InvalidInputError(f"a picture of the camera may be {CAMERA_JPEG_SIDE} pixels wide and high at most")
        return np.asarray(picture.convert("RGB"))
    except (binascii.Error, OSError, SyntaxError) as error:
        raise InvalidInputError("the camera's picture is not a JPEG") from error


@lru_cache(maxsize=1)
def _state_at_rest() -> Vector:
    return home_state()
