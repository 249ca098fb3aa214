"""HDF5 as robomimic, LIBERO and ALOHA lay it out, with plain or encoded images."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

os.environ["HDF5_PLUGIN_PRELOAD"] = "::"  # no filter libraries from disk
import h5py
import numpy as np
from numpy.typing import NDArray

from wam_demo.data.uploads.contracts import Camera, Description, Numbers, RecordedEpisode, TimedImage
from wam_demo.data.uploads.stills import as_rgb, check_size, decode_still, image_size, is_still, picture_shape
from wam_demo.data.uploads.summary import check_length, check_numbers, length_notes, summarise
from wam_demo.errors import InvalidInputError
from wam_demo.limits import EPISODES, IMAGE_PIXELS
from wam_demo.types import Image

LAYOUT_HZ = {"robomimic": 20.0, "libero": 20.0, "aloha": 50.0, "other": 10.0}
"""Control rate [Hz] of a layout whose files do not say it."""
_MAX_ITEMS = 20_000
_MAX_DIM = 512
_NOT_PER_FRAME = ("states", "next_obs/", "compress_len")


class Hdf5Reader:
    """An HDF5 file with one or many episodes.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = h5py.File(path, "r")
        except (OSError, RuntimeError, ValueError):
            raise InvalidInputError("the HDF5 file is damaged or cut off") from None
        _check_links(self._file)
        self._episodes = _episodes(self._file)
        if not self._episodes:
            raise InvalidInputError("the HDF5 file holds no episodes: no data/demo_* groups and no observations")
        first = self._fields(0)
        self._images = {n: d for n, d in first.items() if _frame_size(d) is not None}
        self._signals = [n for n, d in first.items() if n not in self._images and _is_signal(d)]
        self._kept = {*self._images, *self._signals}
        if not self._images:
            raise InvalidInputError("the HDF5 file holds no images: no (T, H, W, 3) arrays and no encoded frames")
        self.layout = _layout(self._file, first)
        self._fps = _fps(self._file, self.layout)

    def describe(self) -> Description:
        """See `Reader`."""
        _, values = self.numbers(0)
        episodes = [
            RecordedEpisode(name.rsplit("/", 1)[-1] or "0", self._length(i), _instruction(self._file, self._file[name]))
            for i, name in enumerate(self._episodes)
        ]
        cameras = [Camera(name, *check_size(*(_frame_size(array) or (0, 0)))) for name, array in self._images.items()]
        signals = [summarise(name, rows) for name, rows in values.items()]
        rows = {name: array.shape[0] for name, array in self._fields(0).items() if name in self._kept}
        notes = length_notes(rows, self._length(0))
        return Description("hdf5", self._fps, cameras, signals, episodes, self.layout, notes)

    def numbers(self, episode: int) -> tuple[NDArray[np.float64], Mapping[str, Numbers]]:
        """See `Reader`."""
        length, fields = self._length(episode), self._fields(episode)
        values = {}
        for name in self._signals:
            if name in fields and fields[name].shape[0] >= length and _is_signal(fields[name]):
                rows = np.asarray(fields[name][:length], np.float32).reshape(length, -1)
                values[name] = check_numbers(name, rows)
        return np.arange(length) / self._fps, values

    def images(self, episode: int, camera: str, start: float) -> Iterator[TimedImage]:
        """See `Reader`."""
        dataset = self._fields(episode).get(camera)
        if dataset is None or _frame_size(dataset) is None:
            raise InvalidInputError(f"episode {episode} has no images of {camera[:60]!r}")
        for number in range(max(0, int(start * self._fps) - 1), self._length(episode)):
            yield number / self._fps, partial(_image, dataset, number)

    def _fields(self, episode: int) -> dict[str, h5py.Dataset]:
        """Arrays of an episode by their path inside it."""
        found: dict[str, h5py.Dataset] = {}

        def visit(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset) and item.ndim and not name.startswith(_NOT_PER_FRAME):
                found[name] = item

        self._file[self._episodes[episode]].visititems(visit)
        return {name: d for name, d in found.items() if "/next_obs/" not in f"/{name}"}

    def _length(self, episode: int) -> int:
        fields = self._fields(episode)
        lengths = [fields[name].shape[0] for name in self._images if name in fields]
        if not lengths or min(lengths) == 0:
            raise InvalidInputError(f"episode {self._episodes[episode][:60]!r} has no frames")
        return check_length(min(lengths))


def _check_links(file: h5py.File) -> None:
    """Refuse everything that makes HDF5 open another file."""
    pending: list[h5py.Group] = [file]
    count, seen = 0, {file.id.__hash__()}
    while pending:
        group = pending.pop()
        for name in group:
            count += 1
            if count > _MAX_ITEMS:
                raise InvalidInputError(f"the HDF5 file holds more than {_MAX_ITEMS} items")
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise InvalidInputError(f"the HDF5 file links to another file at {name[:60]!r}; those are never opened")
            if isinstance(link, h5py.SoftLink):
                continue  # what it points to is visited where it lies
            item = group[name]
            if isinstance(item, h5py.Dataset):
                _check_storage(name, item)
            elif isinstance(item, h5py.Group) and item.id.__hash__() not in seen:
                seen.add(item.id.__hash__())
                pending.append(item)


def _check_storage(name: str, dataset: h5py.Dataset) -> None:
    if dataset.external or dataset.is_virtual:
        raise InvalidInputError(f"the HDF5 array {name[:60]!r} lies in another file; those are never opened")
    chunk = np.prod(dataset.chunks, dtype=float) * dataset.dtype.itemsize if dataset.chunks else 0
    if chunk > 256 * 2**20:
        raise InvalidInputError(f"the HDF5 array {name[:60]!r} unpacks in pieces of {chunk / 2**20:.0f} MB")


def _episodes(file: h5py.File) -> list[str]:
    data = file.get("data")
    if isinstance(data, h5py.Group):
        names = [name for name in data if isinstance(data[name], h5py.Group)]
        names.sort(key=lambda name: [int(n) for n in re.findall(r"\d+", name)] or [0])
        if len(names) > EPISODES:
            raise InvalidInputError(f"the HDF5 file holds {len(names)} episodes, more than {EPISODES}")
        return [f"data/{name}" for name in names]
    return ["/"] if any(name in file for name in ("observations", "obs", "action", "actions")) else []


def _layout(file: h5py.File, fields: Mapping[str, h5py.Dataset]) -> str:
    if any(name.startswith("observations/") for name in fields):
        return "aloha"
    if "obs/ee_ori" in fields or "obs/ee_states" in fields or "problem_info" in getattr(file.get("data"), "attrs", {}):
        return "libero"
    return "robomimic" if "data" in file else "other"


def _fps(file: h5py.File, layout: str) -> float:
    for attributes in (file.attrs, getattr(file.get("data"), "attrs", {})):
        for name in ("fps", "control_freq", "frequency"):
            try:
                value = float(attributes[name])
            except (KeyError, TypeError, ValueError):
                continue
            if 0.1 <= value <= 1000:
                return value
    return LAYOUT_HZ[layout]


def _instruction(file: h5py.File, episode: h5py.Group) -> str:
    for attributes in (episode.attrs, getattr(file.get("data"), "attrs", {}), file.attrs):
        for name in ("language_instruction", "instruction", "task", "problem_info"):
            text = attributes.get(name)
            if isinstance(text, bytes):
                text = text.decode(errors="replace")
            if isinstance(text, str) and name == "problem_info":
                try:
                    text = json.loads(text).get("language_instruction", "")
                except (ValueError, AttributeError):
                    continue
            if isinstance(text, str) and text.strip(' "'):
                return text.strip(' "')[:500]
    return ""


def _frame_size(dataset: h5py.Dataset) -> tuple[int, int] | None:
    """Width and height of the frames of an array; ``None`` if it holds none."""
    if dataset.ndim == 4 and dataset.dtype.kind in "uf":
        return picture_shape(dataset.shape[1:])
    encoded = _encoded(dataset, 0) if dataset.shape[0] else None
    return None if encoded is None else image_size(encoded)


def _encoded(dataset: h5py.Dataset, number: int) -> bytes | None:
    """The encoded image of a frame: a padded row of bytes, a row of its own length, or a byte string."""
    rows = dataset.ndim == 2 and dataset.dtype == np.uint8 and dataset.shape[1] <= IMAGE_PIXELS * 3
    ragged = dataset.ndim == 1 and (h5py.check_vlen_dtype(dataset.dtype) == np.uint8 or dataset.dtype.kind == "S"
                                    or h5py.check_string_dtype(dataset.dtype) is not None)  # fmt: skip
    if not (rows or ragged):
        return None
    value = dataset[number]
    data = value if isinstance(value, bytes) else np.asarray(value, np.uint8).tobytes()
    return data if is_still(data) else None


def _image(dataset: h5py.Dataset, number: int) -> Image:
    encoded = _encoded(dataset, number)
    if encoded is not None:
        return decode_still(encoded)
    if dataset.ndim != 4:
        raise InvalidInputError(f"image {number} of {dataset.name[:60]!r} is damaged")
    return as_rgb(dataset[number])


def _is_signal(dataset: h5py.Dataset) -> bool:
    return dataset.ndim in (1, 2) and dataset.dtype.kind in "iufb" and np.prod(dataset.shape[1:]) <= _MAX_DIM
