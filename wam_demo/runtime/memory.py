"""Giving memory back to the system: glibc keeps what many short-lived threads have freed, unless it is told."""

from __future__ import annotations

import ctypes
import sys

ARENAS = 2
"""Heaps that the threads of the process share; by default each core has eight."""
_M_ARENA_MAX = -8


def use_few_arenas(count: int = ARENAS) -> bool:
    """Let all threads share a few heaps; call it before there are many threads. Returns whether that could be set."""
    libc = _glibc()
    return libc is not None and bool(libc.mallopt(_M_ARENA_MAX, count))


def trim() -> None:
    """Give free memory back; does nothing where the C library is not glibc."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") and hasattr(libc, "mallopt") else None
