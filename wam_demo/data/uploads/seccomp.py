"""System calls that the kernel refuses, set through libseccomp: no sockets, no programs, no changes to files."""

from __future__ import annotations

import ctypes
import errno
import os

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NOT_EQUAL, _MASKED_EQUAL = 1, 7
_CLONE_THREAD = 0x00010000
_AF_UNIX = 1

REFUSED = (
    "socket", "connect", "bind", "listen", "accept", "accept4", "sendmsg", "sendmmsg", "execve", "execveat", "fork",
    "vfork", "kill", "tkill", "pidfd_open", "pidfd_send_signal", "pidfd_getfd", "ptrace", "process_vm_readv",
    "process_vm_writev", "kcmp", "creat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat",
    "symlink", "symlinkat", "mkdir", "mkdirat", "rmdir", "mknod", "mknodat", "truncate", "ftruncate", "fallocate",
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes",
    "utimensat", "futimesat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
    "setxattrat", "removexattrat", "open_by_handle_at", "unshare", "setns", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "shmget",
    "msgget", "semget", "mq_open", "mq_unlink", "setrlimit", "setpriority", "personality",
)  # fmt: skip
"""Calls that fail whatever their arguments; those that need a capability fail without one anyway."""
_UNKNOWN = ("clone3", "openat2")
"""Calls whose arguments lie in memory, where no filter sees them: libraries fall back to the older ones."""


class _Argument(ctypes.Structure):
    _fields_ = [("index", ctypes.c_uint), ("compare", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


_CONDITIONAL = (
    ("clone", _Argument(0, _MASKED_EQUAL, _CLONE_THREAD, 0)),  # threads may be started, processes not
    ("socketpair", _Argument(0, _NOT_EQUAL, _AF_UNIX, 0)),  # event loops wake themselves through one
    ("sendto", _Argument(4, _NOT_EQUAL, 0, 0)),
    ("prlimit64", _Argument(2, _NOT_EQUAL, 0, 0)),
    *(("open", _Argument(1, _MASKED_EQUAL, flag, flag)) for flag in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC)),
    *(("openat", _Argument(2, _MASKED_EQUAL, flag, flag)) for flag in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC)),
)


def restrict() -> bool:
    """Refuse such calls to this thread and all it starts. Needs `no_new_privs`.

    Returns:
        Whether the kernel holds this: libseccomp is there and every rule was taken.
    """
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return False
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ALLOW)))
    if not rules:
        return False
    try:
        refused: list[tuple[str, int, _Argument | None]] = [(name, errno.EPERM, None) for name in REFUSED]
        refused += [(name, errno.ENOSYS, None) for name in _UNKNOWN]
        refused += [(name, errno.EPERM, argument) for name, argument in _CONDITIONAL]
        return all(_refuse(library, rules, *entry) for entry in refused) and library.seccomp_load(rules) == 0
    finally:
        library.seccomp_release(rules)


def _refuse(library: ctypes.CDLL, rules: ctypes.c_void_p, name: str, error: int, argument: _Argument | None) -> bool:
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number == -1:
        return True  # this libseccomp is older than the call
    count = 0 if argument is None else 1
    given = None if argument is None else ctypes.byref(argument)
    result = library.seccomp_rule_add_array(rules, ctypes.c_uint32(_ERRNO | error), number, count, given)
    return bool(result == 0)
