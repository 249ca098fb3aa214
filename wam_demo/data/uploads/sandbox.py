"""Limits of the child process that reads strangers' files: memory, processor time, no writing, no network."""

from __future__ import annotations

import resource
import sys
from typing import Any

from wam_demo.limits import DECODE_MEMORY_BYTES

_FORBIDDEN = ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork",
              "pickle.find_class", "ctypes.dlopen")  # fmt: skip
_OPEN_FILES = 128


def enter(cpu_seconds: int) -> None:
    """Give up what reading a file does not need; there is no way back.

    Args:
        cpu_seconds: Processor time after which the kernel ends the process.
    """
    _cap(resource.RLIMIT_AS, DECODE_MEMORY_BYTES)
    _cap(resource.RLIMIT_CPU, cpu_seconds)
    _cap(resource.RLIMIT_FSIZE, 0)
    _cap(resource.RLIMIT_CORE, 0)
    _cap(resource.RLIMIT_NOFILE, _OPEN_FILES)


def forbid() -> None:
    """From now on refuse to connect, to start programs and to unpickle; after the imports, which may do so."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(f"{event} is not allowed while a recording is read")


def _cap(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
