"""Blind matches without a simulator, and a video that a browser plays."""

from pathlib import Path

import numpy as np

from wam_demo.evaluate.blind.match import Match, Pairing, Side

SHADES = {"steer": 60, "hold": 180}


def video(path: Path, shade: int = 100, seconds: float = 1.0) -> bytes:
    """H.264 of a bar that wanders over grey, 64 x 32 at 10 Hz."""
    import av

    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        for k in range(int(10 * seconds)):
            frame = np.full((32, 64, 3), shade, np.uint8)
            frame[:, 4 * k : 4 * k + 4] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


def match(number: int = 0, clip: bytes = b"mp4", left: str = "steer", right: str = "hold") -> Match:
    """A match in which the left policy succeeds."""
    pairing = Pairing(left, right, "reach", 500_000 + number, "light", 3)
    sides = [Side(policy, "", policy == left, 30 + number, clip) for policy in (left, right)]
    return Match(pairing, "touch the red dot", *sides)
