"""What a reading child cannot do, tried through native code that no Python hook sees, and what it inherits."""

import json
import os
import re
import shutil
import site
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.fakes import recordings
from tests.fakes.waiting import eventually
from wam_demo.data.uploads import landlock, reader_process
from wam_demo.data.uploads.gate import ReaderGate
from wam_demo.data.uploads.reader_process import ReaderLimits, ReaderProcess

CHILD = """
import ctypes, json, os, sys
from wam_demo.data.uploads import child, landlock, registry, sandbox, seccomp

libc = ctypes.CDLL(None, use_errno=True)
layer, work, tcp, udp = sys.argv[1], os.fsencode(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

def address(port):
    return (2).to_bytes(2, "little") + port.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)

def connect():
    return libc.connect(libc.socket(2, 1, 0), address(tcp), 16)

def send():
    return libc.sendto(libc.socket(2, 2, 0), b"told", 4, 0, address(udp), 16)

def fork():
    pid = libc.fork()
    if pid == 0:
        os._exit(0)
    return pid

def path(name):
    return work + b"/" + name

TRIED = {
    "tcp": connect,
    "udp": send,
    "raise the memory limit": lambda: libc.setrlimit(9, (ctypes.c_uint64 * 2)(2**62, 2**62)),
    "name lookup": lambda: -abs(libc.getaddrinfo(b"localhost", None, None, ctypes.byref(ctypes.c_void_p()))),
    "fork": fork,
    "system": lambda: -(libc.system(b"true") != 0),
    "read another file": lambda: libc.open(path(b"secret"), 0),
    "read the passwords": lambda: libc.open(b"/etc/passwd", 0),
    "create": lambda: libc.open(path(b"new"), os.O_CREAT | os.O_WRONLY, 0o600),
    "truncate": lambda: libc.truncate(path(b"secret"), 0),
    "delete": lambda: libc.unlink(path(b"secret")),
    "rename": lambda: libc.rename(path(b"secret"), path(b"moved")),
    "link": lambda: libc.link(path(b"secret"), path(b"linked")),
    "symbolic link": lambda: libc.symlink(path(b"secret"), path(b"pointer")),
    "folder": lambda: libc.mkdir(path(b"folder"), 0o700),
    "mode": lambda: libc.chmod(path(b"secret"), 0o777),
    "signal": lambda: libc.kill(os.getppid(), 0),
}

class Reader:
    def describe(self):
        results = {name: attempt() for name, attempt in TRIED.items()}
        results["user"] = os.geteuid()
        return type("Told", (), {"document": lambda _: results})()

registry.open_reader = lambda path: Reader()
if layer == "seccomp":
    landlock.restrict = lambda _: False
if layer == "landlock":
    seccomp.restrict = lambda: False
child.main()
"""
ALL = {
    "tcp", "udp", "name lookup", "fork", "system", "read another file", "read the passwords", "create", "truncate",
    "delete", "rename", "link", "symbolic link", "folder", "mode", "signal", "raise the memory limit",
}  # fmt: skip
HELD = {
    "both": ALL,
    "seccomp": ALL - {"read another file", "read the passwords", "name lookup"},  # localhost is looked up in a file
    "landlock": ALL - {"udp", "fork", "system", "mode"},
}


@pytest.fixture
def work():
    """A folder that everybody may write to, so that only the kernel's bounds are left."""
    folder = Path(tempfile.mkdtemp())
    (folder / "secret").write_text("untouched")
    (folder / "secret").chmod(0o666)
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def listeners():
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        for listener in (tcp, udp):
            listener.bind(("127.0.0.1", 0))
            listener.setblocking(False)
        tcp.listen()
        yield tcp, udp


def has_libseccomp():
    import ctypes

    try:
        return bool(ctypes.CDLL("libseccomp.so.2"))
    except OSError:
        return False


@pytest.mark.parametrize("layer", HELD)
def test_native_code_is_refused_by_the_kernel(layer, work, listeners, tmp_path):
    if layer != "landlock" and not has_libseccomp():
        pytest.skip("libseccomp.so.2 is not installed: Python's audit hook alone refuses sockets and programs")
    if layer != "seccomp" and landlock.abi() < 6:
        pytest.skip(f"this kernel has Landlock ABI {landlock.abi()}; signals are bounded from 6 on")
    tcp, udp = listeners
    request = {"action": "describe", "path": str(recordings.gif(tmp_path / "a.gif")), "cpu_seconds": 20}
    ports = [str(listener.getsockname()[1]) for listener in listeners]
    finished = subprocess.run(
        [sys.executable, "-c", CHILD, layer, work, *ports],
        input=json.dumps(request) + "\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    results = json.loads(finished.stdout)["description"]
    user = results.pop("user")
    assert results.keys() == ALL
    assert {name for name, result in results.items() if result < 0} >= HELD[layer], results
    assert (work / "secret").read_text() == "untouched"
    assert {path.name for path in work.iterdir()} == {"secret"}
    with pytest.raises(BlockingIOError):
        tcp.accept()
    if layer != "landlock":
        with pytest.raises(BlockingIOError):
            udp.recv(10)
    if layer != "seccomp" and os.geteuid() == 0 and may_become_nobody():
        assert user != 0


def test_a_child_does_not_learn_the_servers_secrets(monkeypatch, tmp_path):
    for name in ("WAM_DEMO_TOKEN", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "PYTHONSTARTUP"):
        monkeypatch.setenv(name, "hunter2")
    told = {}
    popen = subprocess.Popen

    def watched(*arguments, **options):
        started = popen(*arguments, **options)
        eventually(lambda: any(environment(started.pid)))  # empty while the child is being replaced by its program
        told.update(entry.split("=", 1) for entry in environment(started.pid) if "=" in entry)
        return started

    monkeypatch.setattr(reader_process.subprocess, "Popen", watched)
    request = {"action": "describe", "path": recordings.gif(tmp_path / "a.gif")}
    with ReaderProcess(request, 20, ReaderLimits(), gate=ReaderGate()) as child:
        child.message()
    assert "hunter2" not in told.values()
    assert told["HOME"] != os.environ["HOME"]
    assert told["PATH"] == os.environ["PATH"]
    assert told["PYTHONUSERBASE"] == site.getuserbase()  # packages of this user are found all the same


def may_become_nobody():
    """Whether root holds the capabilities to change its user and group and to read files of others afterwards."""
    held = int(re.search(r"CapEff:\s*(\w+)", Path("/proc/self/status").read_text())[1], 16)
    return bool(held & 1 << 6 and held & 1 << 7 and held & 0b110)


def environment(pid):
    return Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
