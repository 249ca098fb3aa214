"""Videos of a dataset: h264 written frame by frame, and read back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wam_demo.errors import DataError
from wam_demo.types import Image

CRF = 18
"""Constant rate factor of x264: visually lossless."""
KEYFRAME_EVERY = 2
"""Frames from one that stands alone to the next, as LeRobot writes it: training picks frames at random."""


class VideoEncoder:
    """Writes an mp4; it can be played once `close` has been called.

    Args:
        path: File to write.
        height: Of a frame [px], even.
        width: Of a frame [px], even.
        fps: Frames per second.

    Raises:
        DataError: A side is odd, which the pixel format of players cannot hold.
    """

    def __init__(self, path: Path, height: int, width: int, fps: float) -> None:
        import av

        if height % 2 or width % 2:
            raise DataError(f"frames of a video have even sides, not {width} x {height}")
        self._container: Any = av.open(str(path), "w", format="mp4")
        options = {"crf": str(CRF), "preset": "veryfast", "bf": "0", "g": str(KEYFRAME_EVERY), "threads": "1"}
        self._stream = self._container.add_stream("libx264", rate=_ratio(fps), options=options)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"

    def add(self, image: Image) -> None:
        """Append an (H, W, 3) uint8 RGB frame."""
        import av

        self._mux(av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24"))

    def close(self) -> None:
        """Finish the file. Idempotent."""
        if self._container is not None:
            self._mux(None)
            self._container.close()
            self._container = None

    def _mux(self, frame: Any) -> None:
        for packet in self._stream.encode(frame):
            self._container.mux(packet)


def read_frames(path: Path, start: float = 0.0, count: int | None = None) -> Iterator[Image]:
    """Frames of a video that this product wrote.

    Args:
        path: The file.
        start: Seconds into it of the first frame.
        count: Frames to read; to the end when ``None``.

    Yields:
        (H, W, 3) uint8 RGB.

    Raises:
        DataError: It cannot be decoded, or ends before ``count`` frames.
    """
    import av

    read = 0
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            base = stream.time_base
            assert base is not None, "an mp4 has one"
            container.seek(int(start / base), stream=stream)
            half = 0.5 / float(stream.average_rate or 1)
            for frame in container.decode(stream):
                if float((frame.pts or 0) * base) < start - half:
                    continue
                if read == count:
                    return
                read += 1
                yield frame.to_ndarray(format="rgb24")
    except (av.error.FFmpegError, IndexError):
        raise DataError(f"{path} is damaged: it cannot be decoded") from None
    if count is not None and read < count:
        raise DataError(f"{path} is damaged: it ends after {read} of {count} frames")


def _ratio(fps: float) -> Any:
    from fractions import Fraction

    return Fraction(fps).limit_denominator(1000)
