"""What the child process that reads strangers' files gives up: memory, time, privileges, files, network, programs."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from pathlib import Path
from typing import Any

import wam_demo
from wam_demo.data.uploads import landlock, seccomp
from wam_demo.limits import DECODE_MEMORY_BYTES

_FORBIDDEN = ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork",
              "pickle.find_class", "ctypes.dlopen")  # fmt: skip
_OPEN_FILES = 128
_NICE = 10
"""Live views go first."""
_NOBODY = 65534
_NO_NEW_PRIVS, _KEEP_CAPABILITIES = 38, 8
_CAPABILITY_VERSION_3 = 0x20080522
_MAY_READ = (1 << 2, 1 << 1)
"""Capabilities that open files of others: to read and search, and the wider one that containers grant."""
_SYSTEM_FILES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/localtime",
                 "/usr/share/zoneinfo", "/dev/null", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo",
                 "/sys/devices/system/cpu")  # fmt: skip


def enter(upload: Path, cpu_seconds: int) -> None:
    """Give up what reading a file does not need; there is no way back. Call it before any thread is started.

    Args:
        upload: The file or folder that may be read; beyond it only what Python and its libraries consist of.
        cpu_seconds: Processor time after which the kernel ends the process.
    """
    _cap(resource.RLIMIT_AS, DECODE_MEMORY_BYTES)
    _cap(resource.RLIMIT_CPU, cpu_seconds, grace=1)  # SIGXCPU tells the parent why
    _cap(resource.RLIMIT_FSIZE, 0)
    _cap(resource.RLIMIT_CORE, 0)
    _cap(resource.RLIMIT_NOFILE, _OPEN_FILES)
    os.nice(_NICE)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
        bounded = landlock.restrict([upload, *_own_files()])
        if os.geteuid() == 0:
            _drop_root(bounded)
        seccomp.restrict()


def forbid() -> None:
    """From now on refuse to connect, to start programs and to unpickle; after the imports, which may do so."""
    sys.addaudithook(_refuse)


def _own_files() -> list[Path]:
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *map(str, wam_demo.__path__)}
    packages = {path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")}
    libraries = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep))
    return [Path(path) for path in (*folders, *packages, *libraries, *_SYSTEM_FILES)]


def _drop_root(bounded: bool) -> None:
    """Become nobody, or else stay root without capabilities.

    Args:
        bounded: Landlock bounds what is read; nobody then keeps the capability to read the server's own files.
    """
    library = ctypes.CDLL(None)
    header, held = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    library.capget(header, held)  # twice effective, permitted, inheritable: low and high half
    kept = next((capability for capability in _MAY_READ if held[1] & capability), 0) if bounded else 0
    if kept:
        library.prctl(_KEEP_CAPABILITIES, 1, 0, 0, 0)
        try:
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        except OSError:  # a container may not let go of its user
            kept = 0
    library.capset(header, (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(f"{event} is not allowed while a recording is read")


def _cap(kind: int, value: int, grace: int = 0) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value + grace if hard == resource.RLIM_INFINITY else min(value + grace, hard)))
