"""Reading a recording from outside the child process: what it holds, and the numbers and pictures of an episode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from wam_demo.data.uploads.contracts import CameraMapping, Description, Numbers
from wam_demo.data.uploads.reader_process import READER_LIMITS, ReaderLimits, ReaderProcess
from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.limits import CAMERAS, UPLOAD_BYTES
from wam_demo.types import Image

_MAX_ROWS, _MAX_DIM = 200_000, 1024


def describe(path: Path, visitor: str = "", limits: ReaderLimits = READER_LIMITS) -> Description:
    """What a recording holds.

    Args:
        path: File or folder; anything may be in it.
        visitor: For whom it is read, see `ReaderGate.turn`.
        limits: How long it may take.

    Raises:
        InvalidInputError: It is no recording, is damaged, or exceeds a limit; one line says which.
    """
    check_upload(path)
    request = {"action": "describe", "path": str(path)}
    with ReaderProcess(request, limits.describe_cpu_s, limits, visitor) as child:
        description = Description.from_document(child.message()["description"])
    if not description.episodes or not description.cameras:
        raise InvalidInputError("the recording has no episode with a camera")
    if len(description.cameras) > CAMERAS:
        raise InvalidInputError(f"the recording holds {len(description.cameras)} cameras, more than {CAMERAS}")
    return description


def check_upload(path: Path) -> None:
    """Refuse what is not there, and files larger than an upload may be."""
    if not path.exists():
        raise InvalidInputError(f"there is no file {str(path)[:200]!r}")
    if path.is_file() and path.stat().st_size > UPLOAD_BYTES:
        raise InvalidInputError(f"the file has {path.stat().st_size >> 20} MB, more than {UPLOAD_BYTES >> 20} MB")
    if not path.is_file() and not path.is_dir():
        raise InvalidInputError("this is neither a file nor a folder")


@dataclass(frozen=True)
class Selection:
    """Which part of a recording is read, and how.

    Attributes:
        cameras: Cameras to read.
        signals: Arrays of numbers to read.
        episode: Index in `Description.episodes`.
        start: Seconds from the episode's beginning.
        stop: Seconds; ``None`` is the end.
        speed: Factor on the recording's rate, where the file states a wrong one.
        size: Side of the square pictures [px].
    """

    cameras: Sequence[CameraMapping]
    signals: Sequence[str] = ()
    episode: int = 0
    start: float = 0.0
    stop: float | None = None
    speed: float = 1.0
    size: int = 256


class EpisodeStream:
    """Numbers of an episode at once, its pictures one control step after the other.

    A context manager: the child process ends with it.

    Args:
        path: File or folder.
        selection: What is read.
        visitor: For whom, see `ReaderGate.turn`.
        limits: How long it may take.

    Attributes:
        times: (T,) seconds of the recording's own frames.
        values: (T, D) by signal.
        steps: Control steps at 10 Hz in the selected range.
    """

    def __init__(
        self, path: Path, selection: Selection, visitor: str = "", limits: ReaderLimits = READER_LIMITS
    ) -> None:
        check_upload(path)
        request = {**asdict(selection), "action": "read", "path": str(path)}
        self._shape = (selection.size, selection.size, 3)
        self._cameras = len(selection.cameras)
        self._child = ReaderProcess(request, limits.read_cpu_s, limits, visitor)
        try:
            self._read_numbers()
        except BaseException:
            self._child.close()
            raise

    def _read_numbers(self) -> None:
        header = self._child.message()
        frames, self.steps = int(header["frames"]), int(header["ticks"])
        dims = {str(name): int(dim) for name, dim in header["signals"].items()}
        if not 0 < frames <= _MAX_ROWS or any(not 0 <= dim <= _MAX_DIM for dim in dims.values()):
            raise InvalidInputError("the episode holds more numbers than any episode does")
        self.times: NDArray[np.float64] = np.frombuffer(self._child.exactly(8 * frames), np.float64)
        self.values: Mapping[str, Numbers] = {
            name: np.frombuffer(self._child.exactly(4 * frames * dim), np.float32).reshape(frames, dim)
            for name, dim in dims.items()
        }

    def pictures(self) -> Iterator[list[Image]]:
        """(size, size, 3) uint8 of every camera, control step after control step.

        Raises:
            InvalidInputError: The recording turns out to be damaged, or takes too long to decode.
        """
        count = int(np.prod(self._shape))
        while "end" not in (message := self._child.message()):
            if message.get("pictures") != self._cameras:
                raise InvalidInputError("the recording was read in an unexpected way")
            yield [
                np.frombuffer(self._child.exactly(count), np.uint8).reshape(self._shape) for _ in range(self._cameras)
            ]

    def close(self) -> None:
        """End the child process."""
        self._child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def first_frames(
    path: Path,
    episodes: Sequence[int],
    camera: CameraMapping,
    size: int,
    visitor: str = "",
    limits: ReaderLimits = READER_LIMITS,
) -> Iterator[Image | None]:
    """The first picture of several episodes, from one child process.

    Args:
        path: File or folder.
        episodes: Indices in `Description.episodes`.
        camera: Which camera, and how it is shown.
        size: Side of the square pictures [px].
        visitor: For whom, see `ReaderGate.turn`.
        limits: How long all of it may take.

    Yields:
        (size, size, 3) uint8 in the order of ``episodes``; ``None`` for one that cannot be read.

    Raises:
        InvalidInputError: The file as a whole cannot be read, or it takes too long; what came before stays.
    """
    check_upload(path)
    content = {"episodes": list(episodes), "camera": asdict(camera), "size": size}
    request = {**content, "action": "first_frames", "path": str(path)}
    with ReaderProcess(request, limits.describe_cpu_s, limits, visitor) as child:
        for _ in episodes:
            count = child.message().get("bytes")
            if count not in (0, 3 * size * size):
                raise InvalidInputError("the recording was read in an unexpected way")
            yield np.frombuffer(child.exactly(count), np.uint8).reshape(size, size, 3) if count else None


def require_episode(description: Description, episode: int) -> int:
    """Return the index if the recording has such an episode."""
    if not 0 <= episode < len(description.episodes):
        raise InvalidInputError(f"episode {episode} does not exist; valid: 0 .. {len(description.episodes) - 1}")
    return episode


def require_camera(description: Description, name: str) -> str:
    """Return the name if the recording has such a camera."""
    names = [camera.name for camera in description.cameras]
    if name not in names:
        raise UnknownNameError("camera", name, names)
    return name
