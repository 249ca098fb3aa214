"""Cameras of a simulated arm: a thread of their own renders what the control thread hands over.

Where time is simulated too, the control thread renders itself, so that a picture is there at its time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from bridge.driver import CameraFrame

Picture = NDArray[np.uint8]
State = TypeVar("State")
Render = Callable[[State], Mapping[str, Picture]]


class Photographer(Generic[State]):
    """Takes pictures of states; a tick of the arm never waits for one.

    Args:
        open_renderer: Called in the thread that renders; returns what renders every camera, and what frees it.
        period: Seconds between two rounds.
        threaded: In a thread of its own; else in the one that calls `show`.
    """

    def __init__(
        self,
        open_renderer: Callable[[], tuple[Render[State], Callable[[], None]]],
        period: float,
        threaded: bool = True,
    ) -> None:
        self._open, self._period, self._threaded = open_renderer, period, threaded
        self._opened: tuple[Render[State], Callable[[], None]] | None = None
        self._changed = threading.Condition()
        self._state: tuple[State, float] | None = None
        self._due = -np.inf
        self._frames: Mapping[str, CameraFrame] = {}
        self._closing = False
        self._round = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, once."""
        if not self._threaded:
            self._opened = self._opened or self._open()
        elif self._thread is None:
            self._thread = threading.Thread(target=self._run, name="cameras", daemon=True)
            self._thread.start()

    @property
    def frames(self) -> Mapping[str, CameraFrame]:
        """The newest picture of every camera."""
        return self._frames

    def show(self, take: Callable[[], State], now: float) -> None:
        """If it is time for a picture, hand over the state that ``take`` copies."""
        if now < self._due:
            return
        self._due = now + self._period
        if self._opened is not None:
            self._frames = _frames(self._opened[0](take()), now)
            return
        with self._changed:
            self._state = (take(), now)
            self._changed.notify()

    def forget(self) -> None:
        """What was seen shows another scene."""
        with self._changed:
            self._round += 1
            self._state, self._frames, self._due = None, {}, -np.inf

    def close(self) -> None:
        """End the thread. Idempotent."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
        opened, self._opened = self._opened, None
        if opened is not None:
            opened[1]()

    def _run(self) -> None:
        render, free = self._open()
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._closing or self._state is not None)
                    if self._closing or self._state is None:
                        return
                    (state, captured), self._state, began = self._state, None, self._round
                pictures = render(state)
                with self._changed:
                    if began == self._round:
                        self._frames = _frames(pictures, captured)
        finally:
            free()


def _frames(pictures: Mapping[str, Picture], captured: float) -> Mapping[str, CameraFrame]:
    return {name: CameraFrame(image, captured) for name, image in pictures.items()}
