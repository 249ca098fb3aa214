"""Files of a dataset that comes as a folder or as a zip of one: by name, read-only, inside, of bounded size."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from wam_demo.errors import InvalidInputError
from wam_demo.limits import ARCHIVE_BYTES, ARCHIVE_MEMBERS, UPLOAD_BYTES


class Tree(Protocol):
    """Files by relative name with forward slashes."""

    names: frozenset[str]

    def open(self, name: str) -> BinaryIO:
        """A seekable file; raises `InvalidInputError` when there is none of that name."""


class FolderTree:
    """A folder; what its links point to is not read.

    Args:
        root: The folder.
        byte_limit: Largest file that is opened.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.names = frozenset(_files_below(root))

    def open(self, name: str) -> BinaryIO:
        """See `Tree`."""
        _require(name, self.names)
        return (self._root / name).open("rb")


def _files_below(root: Path) -> Iterator[str]:
    pending, count = [root], 0
    while pending:
        for path in pending.pop().iterdir():
            count += 1
            if count > ARCHIVE_MEMBERS:
                raise InvalidInputError(f"the folder holds more than {ARCHIVE_MEMBERS} files")
            if path.is_symlink():
                raise InvalidInputError(f"{path.name[:80]!r} is a symbolic link; only plain files are read")
            if path.is_dir():
                pending.append(path)
            elif path.is_file():
                yield path.relative_to(root).as_posix()


class ZipTree:
    """A zip archive, read member by member; one common top folder is left out of the names.

    Args:
        path: The archive.

    Attributes:
        top: The common folder with its slash, or nothing.

    Raises:
        InvalidInputError: It is no zip, or has members that no dataset has: links, paths that lead
            out of it, encryption, more or larger files than the limits allow.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise InvalidInputError("the zip archive is damaged or cut off") from None
        members = [member for member in self._archive.infolist() if not member.is_dir()]
        _check_members(self._archive.infolist())
        self.top = _common_top([member.filename for member in members])
        self._members = {member.filename.removeprefix(self.top): member for member in members}
        self.names = frozenset(self._members)

    def open(self, name: str) -> BinaryIO:
        """See `Tree`; the member is unpacked into memory."""
        _require(name, self.names)
        member = self._members[name]
        if member.file_size > UPLOAD_BYTES:
            raise InvalidInputError(f"{name[:80]!r} unpacks to more than {UPLOAD_BYTES >> 20} MB")
        try:
            with self._archive.open(member) as packed:
                return io.BytesIO(packed.read(UPLOAD_BYTES + 1))
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError):
            raise InvalidInputError(f"{name[:80]!r} in the zip archive is damaged") from None


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > ARCHIVE_MEMBERS:
        raise InvalidInputError(f"the zip archive holds {len(members)} files, more than {ARCHIVE_MEMBERS}")
    for member in members:
        name = member.filename
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in name.split("/")[0]:
            raise InvalidInputError(f"the zip archive has a member that leads out of it: {name[:80]!r}")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InvalidInputError(f"the zip archive holds a symbolic link: {name[:80]!r}")
        if member.flag_bits & 1:
            raise InvalidInputError("the zip archive is encrypted")
    total = sum(member.file_size for member in members)
    if total > ARCHIVE_BYTES:
        raise InvalidInputError(f"the zip archive unpacks to {total >> 20} MB, more than {ARCHIVE_BYTES >> 20} MB")


def _common_top(names: list[str]) -> str:
    tops = {name.split("/", 1)[0] for name in names}
    if len(tops) == 1 and all("/" in name for name in names):
        top = tops.pop()
        # the one folder may itself be part of the layout
        return "" if top in ("meta", "data") else f"{top}/"
    return ""


def _require(name: str, names: frozenset[str]) -> None:
    if name not in names:
        raise InvalidInputError(f"the dataset lacks the file {name[:120]!r}")
