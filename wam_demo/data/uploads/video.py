"""mp4 and webm: the demuxer is forced, other files are never opened, frames are decoded one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from wam_demo.data.uploads.contracts import Camera, Description, Numbers, RecordedEpisode, TimedImage
from wam_demo.errors import InvalidInputError
from wam_demo.limits import VIDEO_FRAMES, VIDEO_HEIGHT, VIDEO_SECONDS, VIDEO_WIDTH
from wam_demo.types import Image

DEMUXERS = {"mp4": "mov", "webm": "matroska"}
CODECS = ("h264", "hevc", "av1", "libdav1d", "vp9", "vp8", "mpeg4", "mjpeg", "libvpx", "libvpx-vp9", "libaom-av1")
CAMERA = "video"
"""Name of the one camera of a plain video."""
_CUT_OFF_S = 1.0
"""A video whose last frame lies this much before its declared end is cut off [s]."""

av.logging.set_level(av.logging.PANIC)


class VideoFile:
    """One video stream.

    Args:
        file: Seekable; a path is not enough, so that nothing else can be opened through it.
        kind: Key of `DEMUXERS`.
        whole: Apply the limits of an upload; a part of a dataset may be longer, its episodes may not.

    Raises:
        InvalidInputError: It cannot be decoded or exceeds a limit.
    """

    def __init__(self, file: BinaryIO, kind: str, whole: bool = True) -> None:
        try:
            self._container: Any = av.open(file, format=DEMUXERS[kind], io_open=_refuse, metadata_errors="replace")
        except InvalidInputError:
            raise
        except (av.error.FFmpegError, ValueError, OverflowError):
            raise InvalidInputError(f"the {kind} file is damaged or cut off") from None
        if not self._container.streams.video:
            sound = " (it has only sound)" if self._container.streams.audio else ""
            raise InvalidInputError(f"the {kind} file has no video{sound}")
        self._stream = self._container.streams.video[0]
        self._check_codec(kind)
        self.width, self.height = int(self._stream.width), int(self._stream.height)
        longest = max(VIDEO_WIDTH, VIDEO_HEIGHT)
        within = 0 < self.width <= longest and 0 < self.height <= longest
        if not within or self.width * self.height > VIDEO_WIDTH * VIDEO_HEIGHT:
            self._refuse_size()
        self._stream.thread_count = 2
        self._stream.thread_type = "AUTO"
        if whole:
            self._check_length()

    def frame_times(self) -> NDArray[np.float64]:
        """Seconds of every frame from the first, counted without decoding."""
        self._seek(0.0)
        base = self._stream.time_base
        times: list[float] = []
        try:
            for packet in self._container.demux(self._stream):
                if packet.pts is not None:
                    times.append(float(packet.pts * base))
                if len(times) > VIDEO_FRAMES:
                    raise InvalidInputError(f"the video has more than {VIDEO_FRAMES} frames")
        except av.error.FFmpegError:
            raise InvalidInputError("the video is damaged or cut off") from None
        if not times:
            raise InvalidInputError("the video has no frames")
        ordered = np.sort(np.asarray(times))
        return ordered - ordered[0]

    def check_complete(self, times: NDArray[np.float64]) -> None:
        """Refuse a video that ends before its header says it does."""
        declared = self._declared_seconds()
        if times[-1] > VIDEO_SECONDS + _CUT_OFF_S:
            raise InvalidInputError(f"the video lasts {times[-1]:.0f} s, more than {VIDEO_SECONDS} s")
        step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
        if declared - times[-1] > _CUT_OFF_S + 2 * step or self._stream.frames > len(times) + 1:
            raise InvalidInputError("the video is cut off: it ends before its header says")

    def frames(self, start: float = 0.0, origin: float | None = None) -> Iterator[TimedImage]:
        """Frames in order from ``start`` [s] on, or a little before.

        Args:
            start: Seconds after ``origin``.
            origin: Presentation time that counts as 0; the first frame's by default.
        """
        base = self._stream.time_base
        zero = float((self._stream.start_time or 0) * base) if origin is None else origin
        self._seek(start + zero)
        try:
            for frame in self._container.decode(self._stream):
                if frame.pts is not None and (frame.width, frame.height) != (0, 0):
                    if frame.width * frame.height > VIDEO_WIDTH * VIDEO_HEIGHT:
                        self._refuse_size()
                    yield float(frame.pts * base) - zero, partial(_rgb, frame)
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            raise InvalidInputError("the video is damaged: a frame cannot be decoded") from None

    def _seek(self, seconds: float) -> None:
        try:
            self._container.seek(max(0, int(seconds / self._stream.time_base)), stream=self._stream)
        except av.error.FFmpegError:
            raise InvalidInputError("the video is damaged: it cannot be searched") from None

    def _check_codec(self, kind: str) -> None:
        context = self._stream.codec_context
        name = context.codec.name if context is not None else "unknown"
        if name not in CODECS:
            raise InvalidInputError(f"the {kind} file is coded as {name}; valid: h264, h265, AV1, VP9")

    def _check_length(self) -> None:
        seconds = self._declared_seconds()
        if seconds > VIDEO_SECONDS + _CUT_OFF_S:
            raise InvalidInputError(f"the video lasts {seconds:.0f} s, more than {VIDEO_SECONDS} s")
        if self._stream.frames > VIDEO_FRAMES:
            raise InvalidInputError(f"the video has {self._stream.frames} frames, more than {VIDEO_FRAMES}")

    def _declared_seconds(self) -> float:
        if self._stream.duration is not None:
            return float(self._stream.duration * self._stream.time_base)
        return (self._container.duration or 0) / av.time_base

    def _refuse_size(self) -> None:
        size = f"{self.width} x {self.height}"
        raise InvalidInputError(f"the video is {size} pixels, more than {VIDEO_WIDTH} x {VIDEO_HEIGHT}")


def _rgb(frame: Any) -> Image:
    image = frame.to_ndarray(format="rgb24")
    turns = round(getattr(frame, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def _refuse(url: str, flags: int, options: Mapping[str, str]) -> BinaryIO:
    raise InvalidInputError("the video points to another file; those are never opened")


class VideoReader:
    """A plain video: one camera, one episode, no numbers.

    Args:
        path: The file.
        kind: Key of `DEMUXERS`.
    """

    def __init__(self, path: Path, kind: str) -> None:
        self._kind = kind
        self._video = VideoFile(path.open("rb"), kind)
        self._times = self._video.frame_times()
        self._video.check_complete(self._times)
        if next(self._video.frames(), None) is None:
            raise InvalidInputError("the video has no frame that can be decoded")

    def describe(self) -> Description:
        """See `Reader`."""
        return Description(
            format=self._kind,
            fps=rate(self._times),
            cameras=[Camera(CAMERA, self._video.width, self._video.height)],
            episodes=[RecordedEpisode("0", len(self._times))],
        )

    def numbers(self, episode: int) -> tuple[NDArray[np.float64], Mapping[str, Numbers]]:
        """See `Reader`."""
        return self._times, {}

    def images(self, episode: int, camera: str, start: float) -> Iterator[TimedImage]:
        """See `Reader`."""
        yield from self._video.frames(start)


def open_mp4(path: Path) -> VideoReader:
    """An mp4 or mov file."""
    return VideoReader(path, "mp4")


def open_webm(path: Path) -> VideoReader:
    """A webm or mkv file."""
    return VideoReader(path, "webm")


def rate(times: NDArray[np.float64]) -> float:
    """Frames per second of increasing times [s]; 10 for a single frame."""
    if len(times) < 2 or times[-1] <= times[0]:
        return 10.0
    return round(float((len(times) - 1) / (times[-1] - times[0])), 3)
