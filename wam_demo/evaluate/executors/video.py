"""An episode as an mp4: front and wrist side by side, for looking at failures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.types import CONTROL_HZ, POLICY_CAMERAS

if TYPE_CHECKING:
    from wam_demo.sim.world import World

SIZE = 256
_BORDER = 4
_GREEN = (60, 190, 90)


class EpisodeVideo:
    """Writes H.264 at the control rate; a green border marks success.

    Args:
        path: File to write; replaced if it exists.
    """

    def __init__(self, path: Path) -> None:
        import av

        self._path = path
        self._container = av.open(str(path), "w", format="mp4")
        self._stream = self._container.add_stream("libx264", rate=CONTROL_HZ)
        self._stream.width, self._stream.height = SIZE * len(POLICY_CAMERAS), SIZE
        self._stream.pix_fmt = "yuv420p"

    def add(self, world: World, success: bool) -> None:
        """Append the present state of the world."""
        import av

        frame = np.concatenate([world.render(camera, SIZE) for camera in POLICY_CAMERAS], axis=1)
        if success:
            frame = frame.copy()
            frame[:_BORDER] = frame[-_BORDER:] = frame[:, :_BORDER] = frame[:, -_BORDER:] = _GREEN
        for packet in self._stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
            self._container.mux(packet)

    def close(self, outcome: str = "stopped") -> Path:
        """Finish the file and add the outcome to its name; returns its path."""
        for packet in self._stream.encode():
            self._container.mux(packet)
        self._container.close()
        return self._path.rename(self._path.with_stem(f"{self._path.stem}-{outcome}"))
