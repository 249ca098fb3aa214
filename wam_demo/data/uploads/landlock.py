"""Landlock, the kernel's own list of files a process may open (Linux 5.13): what is not named is not there."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

# Numbers of linux/landlock.h; the system calls have the same numbers on every architecture.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION_FLAG, _PATH_RULE = 1, 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_TCP = 0b11
_SCOPES = 0b11
"""Abstract Unix sockets and signals."""
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Rights on files by ABI: so many low bits; newer kernels have those of the last."""


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64)]


class _Below(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def abi() -> int:
    """Version that the kernel offers; 0 without Landlock."""
    return max(0, _call(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))


def restrict(readable: Iterable[Path]) -> bool:
    """Let this thread and all it starts read below some paths and do nothing else with files, nor connect by TCP.

    Needs `no_new_privs`. TCP is refused from ABI 4 on, signals to others from ABI 6 on.

    Returns:
        Whether the kernel holds this.
    """
    version = abi()
    if not version:
        return False
    rules = _Ruleset((1 << _FILE_RIGHTS[min(version, 5)]) - 1, _TCP if version >= 4 else 0, _SCOPES * (version >= 6))
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _call(_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow(ruleset, path)
        return _call(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0)) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there need not be read
    try:
        rule = _Below(_READ_FILE | (_READ_FOLDER if path.is_dir() else 0), opened)
        _call(_ADD, ctypes.c_int(ruleset), ctypes.c_int(_PATH_RULE), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(opened)


def _call(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None).syscall(ctypes.c_long(number), *arguments))
