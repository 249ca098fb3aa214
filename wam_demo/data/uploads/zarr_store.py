"""zarr replay buffers as diffusion policy and UMI lay them out, as a folder or a .zarr.zip."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.data.uploads.contracts import Camera, Description, Numbers, RecordedEpisode, TimedImage
from wam_demo.data.uploads.damage import refused_as
from wam_demo.data.uploads.detect import open_tree
from wam_demo.data.uploads.stills import as_rgb, check_size, picture_shape
from wam_demo.data.uploads.summary import check_length, check_numbers, length_notes, summarise
from wam_demo.data.uploads.tree import Tree
from wam_demo.errors import InvalidInputError
from wam_demo.limits import EPISODES, UPLOAD_BYTES
from wam_demo.types import CONTROL_HZ, Image

CODECS = frozenset({
    "blosc", "zstd", "lz4", "zlib", "gzip", "bz2", "lzma", "shuffle", "delta", "bytes", "crc32c", "transpose",
    "bitround", "fixedscaleoffset", "imagecodecs_jpegxl", "imagecodecs_jpeg2k",
})  # fmt: skip
"""Compressors that only unpack numbers."""
UMI_HZ = 60.0
_CHUNK_BYTES = 256 * 2**20
_NUMERIC = re.compile(r"[<>|]?[biuf][1-8]|bool|u?int(8|16|32|64)|float(16|32|64)")
_METADATA = (".zarray", "zarr.json", ".zmetadata")


class ZarrReader:
    """A replay buffer: arrays under ``data`` over all frames, ``meta/episode_ends``.

    Args:
        path: Folder or zip archive.
    """

    def __init__(self, path: Path) -> None:
        tree = open_tree(path)
        _check_metadata(tree)
        _register_image_codecs()
        import zarr
        from zarr.storage import LocalStore, ZipStore

        store = LocalStore(path, read_only=True) if path.is_dir() else ZipStore(path, read_only=True)
        with refused_as("the zarr store is not readable"):
            root: Any = zarr.open_group(store, mode="r", path=getattr(tree, "top", ""), use_consolidated=False)
            data = root.get("data", root)
            self._arrays = {name: array for name, array in data.arrays() if array.ndim and array.shape[0]}
            self._ends = _episode_ends(root, self._arrays)
        frames = int(self._ends[-1])
        aligned = {name: array for name, array in self._arrays.items() if array.shape[0] >= frames}
        self._images = {name: a for name, a in aligned.items() if picture_shape(a.shape[1:]) is not None}
        self._signals = [n for n, a in aligned.items() if n not in self._images and np.prod(a.shape[1:]) <= 512]
        if not self._images:
            raise InvalidInputError("the zarr store holds no images: no (T, H, W, 3) array over all frames")
        self._fps = _fps(root, aligned)

    def describe(self) -> Description:
        """See `Reader`."""
        _, values = self.numbers(0)
        cameras = [Camera(n, *check_size(*(picture_shape(a.shape[1:]) or (0, 0)))) for n, a in self._images.items()]
        starts = np.concatenate([[0], self._ends[:-1]])
        lengths = (self._ends - starts).tolist()
        episodes = [RecordedEpisode(str(i), int(length)) for i, length in enumerate(lengths)]
        notes = length_notes({name: array.shape[0] for name, array in self._arrays.items()}, int(self._ends[-1]))
        signals = [summarise(name, rows) for name, rows in values.items()]
        return Description("zarr", self._fps, cameras, signals, episodes, notes=notes)

    def numbers(self, episode: int) -> tuple[NDArray[np.float64], Mapping[str, Numbers]]:
        """See `Reader`."""
        first, last = self._bounds(episode)
        values = {}
        for name in self._signals:
            rows = np.asarray(self._read(name, slice(first, last)), np.float32).reshape(last - first, -1)
            values[name] = check_numbers(name, rows)
        return np.arange(last - first) / self._fps, values

    def images(self, episode: int, camera: str, start: float) -> Iterator[TimedImage]:
        """See `Reader`."""
        first, last = self._bounds(episode)
        for number in range(max(0, int(start * self._fps) - 1), last - first):
            yield number / self._fps, partial(self._image, camera, first + number)

    def _image(self, camera: str, frame: int) -> Image:
        return as_rgb(np.asarray(self._read(camera, frame)))

    def _read(self, name: str, where: Any) -> Any:
        with refused_as(f"the zarr array {name[:60]!r} is damaged"):
            return self._arrays[name][where]

    def _bounds(self, episode: int) -> tuple[int, int]:
        return int(self._ends[episode - 1]) if episode else 0, int(self._ends[episode])


def _episode_ends(root: Any, arrays: Mapping[str, Any]) -> NDArray[np.int64]:
    if "meta/episode_ends" in root:
        ends = np.asarray(root["meta/episode_ends"][:]).astype(np.int64).reshape(-1)
    else:
        lengths = [a.shape[0] for a in arrays.values() if picture_shape(a.shape[1:]) is not None]
        ends = np.asarray([min(lengths)] if lengths else [], np.int64)
    if len(ends) == 0 or ends[0] < 1 or (np.diff(ends) < 1).any():
        raise InvalidInputError("the zarr store holds no episodes with frames: see meta/episode_ends")
    check_length(int(np.diff(ends, prepend=0).max()))
    if len(ends) > EPISODES:
        raise InvalidInputError(f"the zarr store holds {len(ends)} episodes, more than {EPISODES}")
    return ends


def _fps(root: Any, arrays: Mapping[str, Any]) -> float:
    for name in ("fps", "frequency", "control_freq"):
        value = root.attrs.get(name)
        if isinstance(value, (int, float)) and 0.1 <= value <= 1000:
            return float(value)
    return UMI_HZ if "robot0_gripper_width" in arrays else float(CONTROL_HZ)


def _check_metadata(tree: Tree) -> None:
    """Read every array's metadata as plain JSON first: only numbers, only codecs that unpack numbers."""
    for name in tree.names:
        if name.rsplit("/", 1)[-1] in _METADATA:
            with tree.open(name) as file, refused_as(f"the zarr metadata {name[:80]!r} is not readable"):
                _check_entry(name, json.loads(file.read(UPLOAD_BYTES)))


def _check_entry(name: str, entry: Mapping[str, Any]) -> None:
    for inner in (entry.get("metadata") or {}).values() if name.endswith(".zmetadata") else ():
        _check_entry(name, inner)
    kind = entry.get("dtype", entry.get("data_type"))
    if kind is None:
        return
    if not isinstance(kind, str) or not _NUMERIC.fullmatch(kind):
        raise InvalidInputError(
            f"the zarr array {name[:60]!r} holds {str(kind)[:40]!r}; only numbers are read, no objects"
        )
    codecs = [entry.get("compressor"), *(entry.get("filters") or []), *(entry.get("codecs") or [])]
    for codec in codecs:
        _check_codec(name, codec)
    chunks = entry.get("chunks") or entry["chunk_grid"]["configuration"]["chunk_shape"]
    unpacked = float(np.prod(np.asarray(chunks, float))) * np.dtype(kind).itemsize
    if unpacked > _CHUNK_BYTES or min(chunks, default=1) < 1:
        raise InvalidInputError(f"the zarr array {name[:60]!r} unpacks in pieces of more than {_CHUNK_BYTES >> 20} MB")


def _check_codec(name: str, codec: Mapping[str, Any] | None) -> None:
    if codec is None:
        return
    label = str(codec.get("id", codec.get("name")))
    if label not in CODECS:
        raise InvalidInputError(
            f"the zarr array {name[:60]!r} is packed with {label[:40]!r}; valid: {', '.join(sorted(CODECS))}"
        )


def _register_image_codecs() -> None:
    """The lossy codecs of UMI's buffers, by the names that it gave them."""
    import numcodecs
    from numcodecs.abc import Codec

    class Pictures(Codec):
        decoder = ""

        def __init__(self, **settings: Any) -> None:
            self.settings = settings

        def encode(self, buf: Any) -> Any:
            raise InvalidInputError("recordings are read only")

        def decode(self, buf: Any, out: Any = None) -> Any:
            import imagecodecs

            return getattr(imagecodecs, self.decoder)(bytes(buf), numthreads=1)

    for name in ("jpegxl", "jpeg2k"):
        entries = {"codec_id": f"imagecodecs_{name}", "decoder": f"{name}_decode"}
        numcodecs.register_codec(type(name, (Pictures,), entries))
