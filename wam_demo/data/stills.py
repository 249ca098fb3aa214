"""Single pictures out of a dataset, wherever it keeps them."""

from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq

from wam_demo.data.lerobot import Dataset
from wam_demo.data.png import decode_png
from wam_demo.data.schema import image_key
from wam_demo.data.video import read_frames
from wam_demo.errors import DataError
from wam_demo.types import Image


def still(dataset: Dataset, row: Mapping[str, Any], camera: str, frame: int) -> Image:
    """One (H, W, 3) uint8 picture.

    Args:
        dataset: Where it lies.
        row: The episode's row of ``meta/episodes``.
        camera: One of its cameras.
        frame: Counted from the episode's first one.

    Raises:
        DataError: It cannot be decoded, or the episode is shorter.
    """
    key = image_key(camera)
    if dataset.features[key].is_video:
        start = float(row[f"videos/{key}/from_timestamp"]) + frame / dataset.fps
        return next(read_frames(dataset.video_file(key, row), start, 1))
    own = [("episode_index", "==", row["episode_index"]), ("frame_index", "==", frame)]
    pictures = pq.read_table(dataset.data_file(row), columns=[key], filters=own)[key].combine_chunks()
    if not len(pictures):
        raise DataError(f"episode {row['episode_index']} has no frame {frame}")
    return decode_png(pictures.field("bytes")[0].as_buffer())
