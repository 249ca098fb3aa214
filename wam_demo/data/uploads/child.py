"""The child process that reads one recording: a JSON request comes in, JSON lines and raw arrays go out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from wam_demo.data.uploads import sandbox
from wam_demo.errors import WamDemoError
from wam_demo.limits import DECODE_MEMORY_BYTES


def main() -> None:
    """Answer the request on standard input and end."""
    request = json.loads(sys.stdin.buffer.readline())
    out = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)  # what a library prints does not mix with the answer
    sandbox.enter(Path(request["path"]), request["cpu_seconds"])
    try:
        _answer(request, out)
    except BrokenPipeError:
        os._exit(0)  # the parent has seen enough
    except BaseException as error:
        _line(out, {"error": _words(error)})
    out.flush()
    os._exit(0)  # no library's clean-up may hang


def _answer(request: Mapping[str, Any], out: BinaryIO) -> None:
    from wam_demo.data.uploads.registry import open_reader

    sandbox.forbid()
    reader = open_reader(Path(request["path"]))
    if request["action"] == "describe":
        _line(out, {"description": reader.describe().document()})
    elif request["action"] == "first_frames":
        _first_frames(reader, request, out)
    else:
        _stream(reader, request, out)


def _stream(reader: Any, request: Mapping[str, Any], out: BinaryIO) -> None:
    """Numbers of the whole episode first, then pictures, tick by tick."""
    import numpy as np

    from wam_demo.data.uploads.contracts import CameraMapping
    from wam_demo.data.uploads.sampling import sampled, ticks

    episode, speed, size = int(request["episode"]), float(request["speed"]), int(request["size"])
    times, values = reader.numbers(episode)
    times = times / speed
    at = ticks(float(times[-1]), float(request["start"]), request["stop"])
    wanted = {name: values[name] for name in request["signals"] if name in values}
    _line(out, {"frames": len(times), "ticks": len(at), "signals": {n: v.shape[1] for n, v in wanted.items()}})
    out.write(np.ascontiguousarray(times, np.float64).tobytes())
    for rows in wanted.values():
        out.write(np.ascontiguousarray(rows, np.float32).tobytes())
    cameras = [CameraMapping(**camera) for camera in request["cameras"]]
    begin = float(at[0]) * speed if len(at) else 0.0
    streams = [sampled(reader.images(episode, c.camera, begin), at * speed, c, size) for c in cameras]
    out.flush()
    for pictures in zip(*streams, strict=False):
        _line(out, {"pictures": len(pictures)})
        for picture in pictures:
            out.write(picture.tobytes())
        out.flush()
    _line(out, {"end": True})


def _first_frames(reader: Any, request: Mapping[str, Any], out: BinaryIO) -> None:
    """One picture of each episode; an episode that cannot be read leaves the others theirs."""
    from wam_demo.data.uploads.contracts import CameraMapping
    from wam_demo.data.uploads.sampling import square

    camera = CameraMapping(**request["camera"])
    for episode in request["episodes"]:
        try:
            _, decode = next(reader.images(int(episode), camera.camera, 0.0))
            picture = square(decode(), camera, int(request["size"])).tobytes()
        except Exception:
            picture = b""
        _line(out, {"bytes": len(picture)})
        out.write(picture)
        out.flush()


def _line(out: BinaryIO, content: Mapping[str, Any]) -> None:
    out.write(json.dumps(content, allow_nan=False).encode() + b"\n")


def _words(error: BaseException) -> str:
    if isinstance(error, WamDemoError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"the recording needs more than {DECODE_MEMORY_BYTES >> 20} MB of memory to read"
    if isinstance(error, PermissionError):
        return "the recording tries to do what a recording does not need"
    return f"the recording is damaged or unusual: {type(error).__name__}"


if __name__ == "__main__":
    main()
