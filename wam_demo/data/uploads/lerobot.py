"""LeRobotDataset v2.x and v3.x, as a folder or a zip of one, with videos or images in the parquet files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from wam_demo.data.uploads.contracts import Camera, Description, Numbers, RecordedEpisode, TimedImage
from wam_demo.data.uploads.detect import open_tree
from wam_demo.data.uploads.stills import check_size, decode_still
from wam_demo.data.uploads.summary import check_length, check_numbers, summarise
from wam_demo.data.uploads.tree import Tree
from wam_demo.data.uploads.video import VideoFile
from wam_demo.errors import InvalidInputError
from wam_demo.limits import EPISODES, UPLOAD_BYTES

PREFIX = "observation.images."
_INDEX = {"timestamp", "frame_index", "episode_index", "index", "task_index", "next.done"}
_BATCH = 32


class LeRobotReader:
    """A dataset of either version.

    Args:
        path: Folder or zip archive.
    """

    def __init__(self, path: Path) -> None:
        self._tree = open_tree(path)
        self._info = _json(self._tree, "meta/info.json")
        try:
            self.version = str(self._info["codebase_version"])
            self._fps = float(self._info["fps"])
            features = dict(self._info["features"])
            self._pictures = {n: f for n, f in features.items() if f["dtype"] in ("image", "video")}
            self._numeric = {n: f for n, f in features.items() if n not in _INDEX and _is_numeric(f)}
        except (KeyError, TypeError, ValueError):
            raise InvalidInputError("meta/info.json of the LeRobot dataset lacks version, fps or features") from None
        if not 0.1 <= self._fps <= 1000:
            raise InvalidInputError(f"the LeRobot dataset declares {self._fps:g} frames a second")
        if not self.version.startswith(("v2.", "v3.")):
            raise InvalidInputError(f"this is LeRobot {self.version[:20]}; valid: v2.1 and v3.0")
        if not self._pictures:
            raise InvalidInputError("the LeRobot dataset has no camera")
        self._layout = (_V3 if self.version.startswith("v3.") else _V2)(self._tree, self._info)
        if not self._layout.rows:
            raise InvalidInputError("the LeRobot dataset has no episodes")

    def describe(self) -> Description:
        """See `Reader`."""
        _, values = self.numbers(0)
        signals = [summarise(n, rows, _names(self._numeric[n].get("names"))) for n, rows in values.items()]
        episodes = [
            RecordedEpisode(str(row["episode_index"]), int(row["length"]), _task(row)) for row in self._layout.rows
        ]
        cameras = [Camera(_camera(name), *_size(feature)) for name, feature in self._pictures.items()]
        robot = str(self._info.get("robot_type") or "")[:60]
        return Description("lerobot", self._fps, cameras, signals, episodes, robot)

    def numbers(self, episode: int) -> tuple[NDArray[np.float64], Mapping[str, Numbers]]:
        """See `Reader`."""
        length = check_length(int(self._layout.rows[episode]["length"]))
        with self._layout.open_data(episode) as file:
            present = pq.read_schema(file).names
            columns = [name for name in self._numeric if name in present]
            file.seek(0)
            own = [("episode_index", "==", self._layout.index(episode))]
            table = pq.read_table(file, columns=[*columns, "episode_index"], filters=own)
        if len(table) == 0:
            raise InvalidInputError(f"episode {episode} of the LeRobot dataset has no rows")
        if len(table) != length:
            raise InvalidInputError(f"episode {episode} declares {length} frames and holds {len(table)}")
        values = {name: check_numbers(name, _rows(table[name], length)) for name in columns}
        return np.arange(len(table)) / self._fps, values

    def images(self, episode: int, camera: str, start: float) -> Iterator[TimedImage]:
        """See `Reader`."""
        key = next((name for name in self._pictures if _camera(name) == camera), None)
        if key is None:
            raise InvalidInputError(f"the LeRobot dataset has no camera {camera[:60]!r}")
        if self._pictures[key]["dtype"] == "image":
            return self._stored(episode, key, start)
        return self._filmed(episode, key, start)

    def _filmed(self, episode: int, key: str, start: float) -> Iterator[TimedImage]:
        name, begin = self._layout.video(episode, key)
        with self._tree.open(name) as file:
            end = begin + (int(self._layout.rows[episode]["length"]) - 0.5) / self._fps
            for seconds, load in VideoFile(file, "mp4", whole=False).frames(start + begin, origin=0.0):
                if seconds > end:
                    return
                if seconds >= begin - 0.5 / self._fps:
                    yield max(0.0, seconds - begin), load

    def _stored(self, episode: int, key: str, start: float) -> Iterator[TimedImage]:
        number = 0
        with self._layout.open_data(episode) as file:
            for batch in pq.ParquetFile(file).iter_batches(_BATCH, columns=[key, "episode_index"]):
                wanted = batch["episode_index"].to_numpy() == self._layout.index(episode)
                for row in np.nonzero(wanted)[0]:
                    if (number + 1) / self._fps > start:
                        yield number / self._fps, partial(_embedded, batch[key][int(row)].as_py())
                    number += 1


class _V2:
    """Where an episode lies in version 2; ``rows`` has one mapping per episode."""

    def __init__(self, tree: Tree, info: Mapping[str, Any]) -> None:
        self._tree, self._info = tree, info
        self.rows = self._read_rows()
        if len(self.rows) > EPISODES:
            raise InvalidInputError(f"the LeRobot dataset holds {len(self.rows)} episodes, more than {EPISODES}")

    def index(self, episode: int) -> int:
        """The dataset's own number of the n-th episode."""
        return int(self.rows[episode]["episode_index"])

    def open_data(self, episode: int) -> Any:
        """The parquet file with the episode's frames."""
        return self._tree.open(self._path("data_path", episode))

    def video(self, episode: int, key: str) -> tuple[str, float]:
        """File with the episode's video, and where in it the episode begins [s]."""
        return self._path("video_path", episode, video_key=key), 0.0

    def _path(self, template: str, episode: int, **more: str) -> str:
        index = self.index(episode)
        try:
            size = max(1, int(self._info.get("chunks_size") or 1000))
        except (TypeError, ValueError, OverflowError):
            raise InvalidInputError("chunks_size of the LeRobot dataset is no number") from None
        return _fill(str(self._info.get(template)), episode_chunk=index // size, episode_index=index, **more)

    def _read_rows(self) -> Sequence[Mapping[str, Any]]:
        with self._tree.open("meta/episodes.jsonl") as file:
            lines = file.read(UPLOAD_BYTES).decode(errors="replace").splitlines()
        try:
            rows = [json.loads(line) for line in lines if line.strip()]
            return [{**row, "length": int(row["length"]), "episode_index": int(row["episode_index"])} for row in rows]
        except (ValueError, KeyError, TypeError):
            raise InvalidInputError("meta/episodes.jsonl of the LeRobot dataset is not readable") from None


class _V3(_V2):
    def open_data(self, episode: int) -> Any:
        row = self.rows[episode]
        place = {"chunk_index": int(row["data/chunk_index"]), "file_index": int(row["data/file_index"])}
        return self._tree.open(_fill(str(self._info.get("data_path")), **place))

    def video(self, episode: int, key: str) -> tuple[str, float]:
        row = self.rows[episode]
        try:
            place = {part: int(row[f"videos/{key}/{part}"]) for part in ("chunk_index", "file_index")}
            begin = float(row[f"videos/{key}/from_timestamp"])
        except (KeyError, TypeError, ValueError):
            raise InvalidInputError(f"the LeRobot dataset does not say where the video of {key[:60]!r} lies") from None
        return _fill(str(self._info.get("video_path")), video_key=key, **place), begin

    def _read_rows(self) -> Sequence[Mapping[str, Any]]:
        files = sorted(name for name in self._tree.names if name.startswith("meta/episodes/"))
        rows: list[Mapping[str, Any]] = []
        for name in files:
            with self._tree.open(name) as file:
                columns = [c for c in pq.read_schema(file).names if not c.startswith("stats/")]
                file.seek(0)
                rows += pq.read_table(file, columns=columns).to_pylist()
        if any("length" not in row or "episode_index" not in row for row in rows):
            raise InvalidInputError("meta/episodes of the LeRobot dataset lacks lengths")
        return rows


def _json(tree: Tree, name: str) -> dict[str, Any]:
    with tree.open(name) as file:
        try:
            content = json.loads(file.read(UPLOAD_BYTES))
        except ValueError:
            raise InvalidInputError(f"{name} of the LeRobot dataset is not JSON") from None
    if not isinstance(content, dict):
        raise InvalidInputError(f"{name} of the LeRobot dataset is not an object")
    return content


def _fill(template: str, **values: Any) -> str:
    """Fill in a path of info.json; nothing but its plain placeholders is understood."""
    try:
        if any(mark in template for mark in (".__", "[", "!", "..")):
            raise ValueError
        return template.format(**values)
    except (ValueError, KeyError, IndexError, AttributeError):
        raise InvalidInputError(f"the LeRobot dataset names its files in an unknown way: {template[:80]!r}") from None


def _rows(column: pa.ChunkedArray, length: int) -> Numbers:
    """(T, D) float32 of a column of numbers or of lists of them."""
    flat = column.combine_chunks()
    while pa.types.is_list(flat.type) or pa.types.is_fixed_size_list(flat.type) or pa.types.is_large_list(flat.type):
        if flat.null_count or len(pc.unique(pc.list_value_length(flat))) > 1:
            raise InvalidInputError("a column of the LeRobot dataset has rows of different lengths")
        flat = flat.flatten()
    return flat.to_numpy(zero_copy_only=False).astype(np.float32).reshape(length, -1)


def _embedded(value: Any) -> Any:
    data = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(data, bytes):
        raise InvalidInputError("the LeRobot dataset refers to images outside its files")
    return decode_still(data)


def _is_numeric(feature: Mapping[str, Any]) -> bool:
    kind = str(feature["dtype"])
    return kind.startswith(("float", "int", "uint", "bool")) and int(np.prod(feature["shape"])) <= 512


def _size(feature: Mapping[str, Any]) -> tuple[int, int]:
    shape = [int(side) for side in feature["shape"]]
    if len(shape) != 3:
        raise InvalidInputError("a camera of the LeRobot dataset has no width and height")
    height, width = shape[1:] if shape[0] in (1, 3) and shape[2] not in (1, 3) else shape[:2]
    return check_size(width, height)


def _camera(name: str) -> str:
    return name.removeprefix(PREFIX)


def _names(names: Any) -> list[str]:
    """Names of dimensions, which LeRobot writes as a list, a list of lists, or a mapping to lists."""
    if isinstance(names, Mapping):
        names = list(names.values()) if all(isinstance(v, list) for v in names.values()) else list(names)
    flat: list[str] = []
    for entry in names or []:
        flat += map(str, entry) if isinstance(entry, list) else [str(entry)]
    return flat


def _task(row: Mapping[str, Any]) -> str:
    tasks = row.get("tasks")
    return str(tasks[0])[:500] if isinstance(tasks, (list, tuple)) and tasks else ""
