"""Which format a file or folder is in, judged by its content; its name may say anything."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from wam_demo.data.uploads.tree import FolderTree, Tree, ZipTree
from wam_demo.errors import InvalidInputError

FORMATS = ("mp4", "webm", "gif", "images", "hdf5", "mcap", "rosbag1", "rosbag2", "zarr", "lerobot")
"""Formats that are read."""
KNOWN = "mp4, webm, GIF, images, LeRobot, HDF5, MCAP, ROS bag, zarr"
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_HEAD_BYTES = 4096
_STARTS = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x89MCAP0\r\n", "mcap"),
    (b"#ROSBAG V2.0", "rosbag1"),
    (b"SQLite format 3\x00", "rosbag2"),
    (b"\x1aE\xdf\xa3", "webm"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\x89PNG\r\n\x1a\n", "images"),
    (b"\xff\xd8\xff", "images"),
)
_REFUSED = (
    *((bytes([0x80, version]), "a Python pickle; pickles can run programs") for version in range(2, 6)),
    (b"\x93NUMPY", "a bare numpy array"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "an audio file"),
    (b"fLaC", "an audio file"),
    (b"PAR1", "a single parquet file; a dataset is a folder or a zip of one"),
)
_PLAYLISTS = (b"ffconcat", b"#extm3u", b"<mpd", b"[playlist]", b"file '", b"#!rtsp", b"v=0\r\no=")
_MP4_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def detect(path: Path) -> str:
    """Name of the format, one of `FORMATS`.

    Raises:
        InvalidInputError: It is none of them; the message says what it looks like.
    """
    if path.is_dir():
        return _by_layout(FolderTree(path), "folder")
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise InvalidInputError("the file is empty")
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "images"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _by_layout(ZipTree(path), "zip archive")
    if head[4:8] in _MP4_ATOMS:
        return "mp4"
    raise InvalidInputError(f"the file is {_what_else(head)}; what is read: {KNOWN}")


def _what_else(head: bytes) -> str:
    for start, words in _REFUSED:
        if head.startswith(start):
            return words
    if any(mark in head[:1024].lower() for mark in _PLAYLISTS):
        return "a playlist that points to other files; those are never opened"
    if head.startswith(b"RIFF"):
        return "an AVI or WAV file; convert it to mp4"
    return "in no known format, whatever its name says"


def _by_layout(tree: Tree, kind: str) -> str:
    names = tree.names
    if not names:
        raise InvalidInputError(f"the {kind} is empty")
    if "meta/info.json" in names:
        return "lerobot"
    if names & {".zgroup", "zarr.json"}:
        return "zarr"
    if "metadata.yaml" in names:
        if kind != "folder":
            raise InvalidInputError("this is a zipped rosbag2 folder: give the .db3 or .mcap file in it")
        return "rosbag2"
    suffixes = {PurePosixPath(name).suffix.lower() for name in names}
    if suffixes & set(IMAGE_SUFFIXES):
        return "images"
    if ".npy" in suffixes:
        raise InvalidInputError("this is a numpy .npz archive, which may hold pickles and names no cameras; "
                                f"what is read: {KNOWN}")  # fmt: skip
    hint = "a LeRobot dataset (meta/info.json), a zarr store (.zgroup or zarr.json) or images"
    raise InvalidInputError(f"the {kind} is not a recording: it should hold {hint}")


def open_tree(path: Path) -> Tree:
    """The files of a dataset, from a folder or a zip archive."""
    return FolderTree(path) if path.is_dir() else ZipTree(path)
