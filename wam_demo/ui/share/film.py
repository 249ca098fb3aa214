"""A clip as a file that others can play: mp4 for messengers and slides, GIF for what shows nothing else."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import av
import numpy as np
from PIL import Image as Pictures

from wam_demo.errors import UnknownNameError
from wam_demo.types import CONTROL_HZ, Image
from wam_demo.ui.share.drawing import draw_frame, draw_pair
from wam_demo.ui.share.moments import ClipEpisode
from wam_demo.ui.share.pairs import PairClip

END_STEPS = 15
"""Control steps for which the verdict stands."""
GIF_EVERY, GIF_SIDE = 2, 408
"""Control steps between two pictures of a GIF, and its width [px]: it is held small enough for a message."""


def film(kind: str, clip: ClipEpisode | PairClip, label: str) -> bytes:
    """A clip of an attempt, a twin or a dream.

    Args:
        kind: ``mp4`` or ``gif``.
        clip: With at least one moment.
        label: What people call the policy.

    Raises:
        UnknownNameError: There is no such kind.
    """
    writers: Mapping[str, Callable[[Iterator[Image]], bytes]] = {"mp4": _mp4, "gif": _gif}
    if kind not in writers:
        raise UnknownNameError("clip", kind, writers)
    every = GIF_EVERY if kind == "gif" else 1
    drawn = _pair_frames(clip, label, every) if isinstance(clip, PairClip) else _frames(clip, label, every)
    return writers[kind](drawn)


def _pair_frames(clip: PairClip, label: str, every: int) -> Iterator[Image]:
    for moment in [moment for _, moment in sorted(clip.moments.items())][::every]:
        yield draw_pair(clip, moment, label)


def _frames(episode: ClipEpisode, label: str, every: int) -> Iterator[Image]:
    moments = [moment for _, moment in sorted(episode.moments.items())]
    for moment in moments[::every]:
        yield draw_frame(episode, moment, label)
    last = draw_frame(episode, moments[-1], label, verdict=True)
    for _ in range(0, END_STEPS, every):
        yield last


def _mp4(frames: Iterator[Image]) -> bytes:
    """H.264, yuv420p, index in front, so that it plays everywhere while it loads."""
    with tempfile.TemporaryDirectory(prefix="clip-") as folder:  # moving the index needs a file
        path = Path(folder) / "clip.mp4"
        _encode(path, frames)
        return path.read_bytes()


def _encode(path: Path, frames: Iterator[Image]) -> None:
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=CONTROL_HZ, options={"crf": "22", "preset": "veryfast"})
        first = next(frames)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in chain([first], frames):
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def _gif(frames: Iterator[Image]) -> bytes:
    """One palette for all pictures, or their colours would flicker; an octree keeps those of small objects."""
    small = [_small(frame) for frame in frames]
    sample = Pictures.fromarray(np.concatenate([np.asarray(one) for one in small[:: max(1, len(small) // 6)]]))
    palette = sample.quantize(256, method=Pictures.Quantize.FASTOCTREE)
    first, *rest = [one.quantize(palette=palette, dither=Pictures.Dither.NONE) for one in small]
    file = io.BytesIO()
    pause_ms = 1000 * GIF_EVERY // CONTROL_HZ
    first.save(file, "GIF", save_all=True, append_images=rest, duration=pause_ms, loop=0, optimize=False)
    return file.getvalue()


def _small(frame: Image) -> Pictures.Image:
    height, width = frame.shape[:2]
    return Pictures.fromarray(frame).resize((GIF_SIDE, GIF_SIDE * height // width), Pictures.Resampling.LANCZOS)
