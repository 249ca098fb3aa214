"""Videos of a dataset: h264 written frame by frame, and read back."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from wam_demo.errors import DataError
from wam_demo.types import Image

CRF = 18
"""Constant rate factor of x264: visually lossless."""
MOST_WAITING = 64
"""Frames that wait to be written; a camera that is faster than the encoder for so long is slowed down."""
KEYFRAME_EVERY = 2
"""Frames from one that stands alone to the next, as LeRobot writes it: training picks frames at random."""


class VideoEncoder:
    """Writes an mp4 on a thread of its own, so that whoever adds a frame goes on; it can be played after `close`.

    Args:
        path: File to write.
        height: Of a frame [px], even.
        width: Of a frame [px], even.
        fps: Frames per second.

    Raises:
        DataError: A side is odd, which the pixel format of players cannot hold.
    """

    def __init__(self, path: Path, height: int, width: int, fps: float) -> None:
        if height % 2 or width % 2:
            raise DataError(f"frames of a video have even sides, not {width} x {height}")
        self._thread: ThreadPoolExecutor | None = ThreadPoolExecutor(1, "video")
        self._waiting: deque[Future[None]] = deque([self._thread.submit(self._open, path, height, width, fps)])

    def add(self, image: Image) -> None:
        """Append an (H, W, 3) uint8 RGB frame, which may change afterwards; waits while `MOST_WAITING` are not written.

        Raises:
            OSError: An earlier frame could not be written.
        """
        assert self._thread is not None, "it is closed"
        while self._waiting and (self._waiting[0].done() or len(self._waiting) >= MOST_WAITING):
            self._waiting[0].result()  # one that failed stays, so that `close` tells it too
            self._waiting.popleft()
        self._waiting.append(self._thread.submit(self._write, np.array(image, order="C")))

    def close(self) -> None:
        """Finish the file. Idempotent.

        Raises:
            OSError: A frame could not be written.
        """
        if self._thread is None:
            return
        thread, self._thread = self._thread, None
        try:
            for written in (*self._waiting, thread.submit(self._finish)):
                written.result()
        finally:
            thread.shutdown()

    def _open(self, path: Path, height: int, width: int, fps: float) -> None:
        import av

        self._container: Any = av.open(str(path), "w", format="mp4")
        options = {"crf": str(CRF), "preset": "veryfast", "bf": "0", "g": str(KEYFRAME_EVERY), "threads": "1"}
        self._stream = self._container.add_stream("libx264", rate=_ratio(fps), options=options)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"

    def _write(self, image: Image) -> None:
        import av

        self._mux(av.VideoFrame.from_ndarray(image, format="rgb24"))

    def _finish(self) -> None:
        self._mux(None)
        self._container.close()

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
