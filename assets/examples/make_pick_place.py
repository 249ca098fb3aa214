"""Makes the shipped example out of one of our demonstrations: a LeRobot v2.1 dataset with H.264 video, zipped."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wam_demo.data.lerobot import Dataset
from wam_demo.data.schema import image_key

_ROOT = "pick_place"
_NUMBERS = ("observation.state", "action")


def make(source: Path, path: Path) -> Path:
    """Write the first episode of a dataset of ours as a zip that is a few hundred kilobytes small.

    Args:
        source: Dataset written by ``demos``.
        path: Zip to write.
    """
    dataset = Dataset(source)
    first, last = dataset.episode_bounds[0]
    length, fps = int(last - first), dataset.fps
    key = "{video_key}/episode_{episode_index:06d}.mp4"
    kept = {name: dataset.features[name] for name in (*_NUMBERS, "timestamp", "frame_index", "episode_index")}
    cameras = {
        image_key(camera): {**dataset.features[image_key(camera)].json(), "dtype": "video"}
        for camera in dataset.cameras
    }
    info = {
        "codebase_version": "v2.1",
        "robot_type": dataset.robot_type,
        "fps": fps,
        "total_episodes": 1,
        "total_frames": length,
        "chunks_size": 1000,
        "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "video_path": "videos/chunk-{episode_chunk:03d}/" + key,
        "features": {**cameras, **{name: feature.json() for name, feature in kept.items()}},
    }
    row = {"episode_index": 0, "tasks": [dataset.instructions[0]], "length": length}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{_ROOT}/meta/info.json", json.dumps(info, indent=1))
        archive.writestr(f"{_ROOT}/meta/episodes.jsonl", json.dumps(row) + "\n")
        archive.writestr(f"{_ROOT}/data/chunk-000/episode_000000.parquet", _parquet(dataset, list(kept), length))
        for camera in dataset.cameras:
            name = f"{_ROOT}/videos/chunk-000/{image_key(camera)}/episode_000000.mp4"
            archive.writestr(name, _film(dataset, camera, length, fps))
    return path


def _parquet(dataset: Dataset, names: list[str], length: int) -> bytes:
    columns = {name: list(dataset.column(name)[:length]) for name in names}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="zstd")
    return sink.getvalue()


def _film(dataset: Dataset, camera: str, length: int, fps: float) -> bytes:
    sink = io.BytesIO()
    with av.open(sink, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=round(fps), options={"crf": "14", "preset": "veryslow"})
        for number, image in enumerate(dataset.iter_images(camera)):
            if number == length:
                break
            if number == 0:
                stream.height, stream.width, stream.pix_fmt = image.shape[0], image.shape[1], "yuv420p"
            for packet in stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return sink.getvalue()


if __name__ == "__main__":
    print(make(Path(sys.argv[1]), Path(sys.argv[2])))
