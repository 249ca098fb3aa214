"""The app as a Space runs it: packages of requirements.txt alone, an unprivileged user, two cores, read-only code."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from wam_demo.config import ROOT

NOBODY = 65534
CORES = "0,1"


@dataclass
class Space:
    """A running app.

    Attributes:
        url: Where it answers.
        log: What it has written.
        state: Where it keeps what visitors leave.
        process: Of the app.
    """

    url: str
    log: Path
    state: Path
    process: subprocess.Popen


@contextmanager
def space() -> Iterator[Space]:
    """Start the app; everything is gone at the end of the block."""
    home = Path(tempfile.mkdtemp(prefix="space-"))
    home.chmod(0o755)
    try:
        python = _interpreter(home / "python")
        _packages(home / "packages")
        _code(home / "code")
        state = home / "state"
        for folder in (state, home / "home"):
            folder.mkdir(mode=0o777)
            folder.chmod(0o777)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        environment = {
            "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(home / "home"), "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(home / "packages"), "PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1",
            "SPACE_ID": "someone/something", "WAM_DEMO_STATE": str(state), "GRADIO_SERVER_PORT": str(port),
            "HF_HUB_OFFLINE": "1",
        }  # fmt: skip
        command = [*_unprivileged(), "taskset", "-c", CORES, str(python), "app.py"]
        log = home / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(command, cwd=home / "code", env=environment, stdout=file, stderr=file)
        try:
            yield Space(f"http://127.0.0.1:{port}/", log, state, process)
        finally:
            process.terminate()
            process.wait(timeout=60)
    finally:
        subprocess.run(["chmod", "-R", "u+w", home], check=True)
        shutil.rmtree(home)


def _unprivileged() -> list[str]:
    """In front of a command; whoever is no administrator already needs nothing."""
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []


def _interpreter(folder: Path) -> Path:
    """This Python without what is installed in it, where everybody may read it."""
    base = Path(sys.base_prefix)
    left_out = shutil.ignore_patterns("site-packages", "test", "__pycache__", "share", "include")
    shutil.copytree(base, folder, ignore=left_out, symlinks=True)
    return folder / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"


def _code(folder: Path) -> None:
    """What the repository holds; nobody may write there."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, tracked.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    subprocess.run(["chmod", "-R", "a+rX,a-w", folder], check=True)


def _packages(folder: Path) -> None:
    """Links to the distributions of requirements.txt and to what those need, in the versions that it names."""
    folder.mkdir()
    for found in _closure((ROOT / "requirements.txt").read_text().split()).values():
        for name in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            link = folder / name
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(name))).resolve())


def _closure(pinned: list[str]) -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    wanted = [Requirement(line) for line in pinned]
    while wanted:
        requirement = wanted.pop()
        name, extras = canonicalize_name(requirement.name), requirement.extras or {""}
        here = found.get(name)
        if here is None:
            here = found[name] = distribution(requirement.name)
        elif extras == {""}:
            continue
        assert requirement.specifier.contains(here.version, prereleases=True), f"{requirement}, not {here.version}"
        needs = [Requirement(text) for text in here.requires or ()]
        wanted += [n for n in needs if n.marker is None or any(n.marker.evaluate({"extra": e}) for e in extras)]
    return found
