"""Who watches a camera: one session per page, a few at a time, and nobody who has left."""

from __future__ import annotations

import base64
import binascii
import io
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.limits import CAMERA_IDLE_S, CAMERA_JPEG_BYTES, CAMERA_JPEG_SIDE, CAMERA_STREAMS
from wam_demo.policies.registry import PolicySpec
from wam_demo.robots.camera import CameraSource, FrameBox, home_state
from wam_demo.robots.capture import CameraRack
from wam_demo.runtime import Planner
from wam_demo.runtime.watching import Watching, WatchView
from wam_demo.types import Image, Vector
from wam_demo.ui.shared.checks import one_of
from wam_demo.ui.shared.timeline import Bands

MESSAGE_S = 4.0
"""How long a line about something that the person did stays."""
BROWSER = "browser"
"""The camera of the visitor's own device."""


@dataclass(eq=False)
class CameraSession:
    """One page with an open stream.

    Attributes:
        camera: `BROWSER` or the name of one of the server's.
        spec: The policy that watches.
        watching: What it does.
        frames: Where the page's own pictures go; ``None`` for a camera of the server.
        view: The newest view.
        bands: What the policy shows over time.
        stream: Counts the streams of the page.
        got: Number of the newest picture that the page has sent.
        last_seen: When the page was last heard of, `time.monotonic`.
        message: A line about something that the person did, and until when it is shown.
        ring: Called when there is a newer view.
    """

    camera: str
    spec: PolicySpec
    watching: Watching
    frames: FrameBox | None
    stream: int = 0
    view: WatchView = field(default_factory=WatchView)
    bands: Bands = field(default_factory=Bands)
    got: int = 0
    last_seen: float = field(default_factory=time.monotonic)
    message: tuple[str, float] = ("", 0.0)
    ring: Callable[[], None] = lambda: None

    @property
    def notice(self) -> str:
        """One line for the person; empty when all is well."""
        text, until = self.message
        return text if time.monotonic() < until else self.view.notice

    def tell(self, text: str) -> None:
        """Show one line for a while."""
        self.message = (text, time.monotonic() + MESSAGE_S)
        self.ring()

    def show(self, view: WatchView) -> None:
        """A newer view is there."""
        if view.prediction is not None and view.number != self.view.number:
            self.bands.add(view.step, view.prediction)
        self.view = view
        self.ring()


class CameraSessions:
    """Opens, finds and closes streams.

    Args:
        open_planner: Gives the planner of a policy by name; may take seconds to load it.
        policies: Those that can watch, by name, the preferred one first.
        rack: The server's own cameras.
        capacity: Streams at a time.
        idle_s: A page that was not heard of for this long has left [s].
        state: What stands in for the robot's state; ``None`` is the arm at rest.
    """

    def __init__(
        self,
        open_planner: Callable[[str], Planner],
        policies: Mapping[str, PolicySpec],
        rack: CameraRack,
        capacity: int = CAMERA_STREAMS,
        idle_s: float = CAMERA_IDLE_S,
        state: Vector | None = None,
    ) -> None:
        self.policies = policies
        self.rack = rack
        self._open_planner = open_planner
        self._capacity = capacity
        self._idle_s = idle_s
        self._state = state
        self._sessions: dict[str, CameraSession] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._reaper = threading.Thread(target=self._reap, name="camera-reaper", daemon=True)
        self._reaper.start()

    @property
    def live(self) -> int:
        """Streams that are open."""
        return len(self._sessions)

    def open(self, key: str, camera: str, policy: str, instruction: str, stream: int = 0) -> CameraSession:
        """Open the stream of a page; an older one of the same page is closed.

        Raises:
            InvalidInputError: Every place is taken, or something is not one of the choices.
        """
        self.leave(key)
        one_of("policy", policy, self.policies)
        one_of("camera", camera, (BROWSER, *self.rack.names))
        if len(self._sessions) >= self._capacity:
            raise InvalidInputError(f"all {self._capacity} places for live cameras are taken; please come back later")
        planner = self._open_planner(policy)
        state = _state_at_rest() if self._state is None else self._state
        with self._lock:
            if self._closed.is_set() or len(self._sessions) >= self._capacity:
                raise InvalidInputError("the last place for a live camera has just been taken")
            session = self._sessions[key] = self._session(camera, policy, planner, state, instruction)
            session.stream = stream
        session.watching.start()
        return session

    def _session(self, camera: str, policy: str, planner: Planner, state: Vector, instruction: str) -> CameraSession:
        own = FrameBox() if camera == BROWSER else None
        frames = own if own is not None else self.rack.watch(camera)
        source = CameraSource({"front": frames}, state, instruction)
        session: CameraSession
        watching = Watching(source, planner, lambda view: session.show(view))
        session = CameraSession(camera, self.policies[policy], watching, own)
        return session

    def find(self, key: str) -> CameraSession | None:
        """The stream of a page, if it has one; the page has been heard of."""
        session = self._sessions.get(key)
        if session is not None:
            session.last_seen = time.monotonic()
        return session

    def holds(self, key: str, session: CameraSession) -> bool:
        """Whether this is still the stream of the page."""
        return self._sessions.get(key) is session

    def receive(self, key: str, number: int, data: str) -> None:
        """A picture from the page's own camera.

        Args:
            key: Names the page.
            number: Counts the page's pictures.
            data: JPEG in base64.

        Raises:
            InvalidInputError: It is not a JPEG within the limits.
        """
        session = self.find(key)
        if session is None or session.frames is None or number <= session.got:
            return
        image = read_jpeg(data)
        session.got = number
        session.frames.put(image)

    def leave(self, key: str) -> None:
        """The page is gone, or wants to stop: close its stream."""
        with self._lock:
            session = self._sessions.pop(key, None)
        if session is None:
            return
        session.watching.close()
        if session.frames is None:
            self.rack.leave(session.camera)
        session.ring()

    def close(self) -> None:
        """Close every stream and camera."""
        self._closed.set()
        for key in list(self._sessions):
            self.leave(key)
        self._reaper.join(timeout=5.0)
        self.rack.close()

    def _reap(self) -> None:
        while not self._closed.wait(min(1.0, self._idle_s / 4)):
            oldest = time.monotonic() - self._idle_s
            for key in [key for key, session in list(self._sessions.items()) if session.last_seen < oldest]:
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
