"""What every reader of recordings says and gives: a description, numbers, pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from wam_demo.types import Image

Numbers = NDArray[np.float32]
"""(T, D) one row per frame."""
TimedImage = tuple[float, Callable[[], Image]]
"""Seconds since the episode began, and what decodes the (H, W, 3) uint8 RGB image; lazy, since most are skipped."""


@dataclass(frozen=True)
class Camera:
    """One camera of a recording.

    Attributes:
        name: As the file names it.
        width: Pixels.
        height: Pixels.
    """

    name: str
    width: int
    height: int


TURNS = ("none", "half", "flip", "left", "right")
"""How a camera's picture is turned before a model sees it; ``flip`` is upside down, mirrored."""
FITS = ("crop", "pad")
"""How a picture that is not square becomes so: cut at the sides, or with bars."""


@dataclass(frozen=True)
class CameraMapping:
    """How one camera is shown.

    Attributes:
        camera: Its name in the recording.
        turn: One of `TURNS`.
        fit: One of `FITS`.
    """

    camera: str
    turn: str = "none"
    fit: str = "crop"


@dataclass(frozen=True)
class Signal:
    """One array of numbers that is recorded with every frame.

    Attributes:
        name: As the file names it.
        dim: Numbers per frame.
        names: Of the dimensions; empty when the file does not name them.
        low: Smallest value of each dimension in the first episode.
        high: Largest value.
    """

    name: str
    dim: int
    names: tuple[str, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class RecordedEpisode:
    """One episode of a recording.

    Attributes:
        name: As the file names it.
        frames: Frames at the recording's rate.
        instruction: What was asked for; empty when the file does not say.
    """

    name: str
    frames: int
    instruction: str = ""


@dataclass(frozen=True)
class Description:
    """What was found in a recording.

    Attributes:
        format: Name of the format.
        fps: Frames per second.
        cameras: Cameras, in the file's order.
        signals: Numbers by frame: states, actions and what else there is.
        episodes: At least one.
        robot: Name of the embodiment, if the file says it.
        notes: What is odd about the file and was read all the same, a line each.
    """

    format: str
    fps: float
    cameras: Sequence[Camera]
    signals: Sequence[Signal] = ()
    episodes: Sequence[RecordedEpisode] = field(default_factory=tuple)
    robot: str = ""
    notes: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """Frames of all episodes."""
        return sum(episode.frames for episode in self.episodes)

    def signal(self, name: str) -> Signal | None:
        """The signal of that name."""
        return next((signal for signal in self.signals if signal.name == name), None)

    def document(self) -> dict[str, Any]:
        """JSON-serialisable; see `from_document`."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Inverse of `document`."""
        parts = {"cameras": Camera, "signals": Signal, "episodes": RecordedEpisode}
        made = {name: tuple(kind(**_tuples(entry)) for entry in document[name]) for name, kind in parts.items()}
        return cls(**{**_tuples(document), **made})


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}


class Reader(Protocol):
    """Reads one format. It is used in the child process only, where memory and time are limited."""

    def describe(self) -> Description:
        """What the file holds, without decoding its pictures."""

    def numbers(self, episode: int) -> tuple[NDArray[np.float64], Mapping[str, Numbers]]:
        """(T,) seconds of an episode's frames from its beginning, and (T, D) values by signal."""

    def images(self, episode: int, camera: str, start: float) -> Iterator[TimedImage]:
        """The pictures of one camera in the order of time; those before ``start`` [s] may be left out."""
