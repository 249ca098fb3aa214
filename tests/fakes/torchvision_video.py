"""A stand-in for ``torchvision.io.VideoReader``, which newer releases lack and LeRobot's pyav backend wants."""

from collections.abc import Iterator

import av
import torch


class VideoReader:
    """Frames with their times, decoded by PyAV."""

    def __init__(self, path: str, stream: str) -> None:
        self.container = av.open(path)
        self._stream = self.container.streams.video[0]

    def seek(self, seconds: float, keyframes_only: bool) -> None:
        self.container.seek(int(seconds / self._stream.time_base), stream=self._stream)

    def __iter__(self) -> Iterator[dict]:
        for frame in self.container.decode(self._stream):
            pixels = torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1)
            yield {"data": pixels, "pts": float(frame.pts * self._stream.time_base)}
