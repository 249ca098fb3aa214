"""Compiled graphs and choices on disk, one folder for each network, machine and version of what computes it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from wam_demo.config import GRAPHS, PACKAGE
from wam_demo.policies.compute.graph import CompiledGraph, core, settings

KEPT = 6
"""Folders that are kept; the ones that were used last."""
_DIGEST_BYTES = 32
_log = logging.getLogger(__name__)


class GraphCache:
    """Keeps what was compiled and what was chosen; a file that is damaged or cannot be written is as good as none.

    Args:
        weights: SHA-256 of every checkpoint that the graphs are made of, by name.
        root: Where the folders lie.
    """

    def __init__(self, weights: Mapping[str, str], root: Path = GRAPHS) -> None:
        key = json.dumps({"weights": dict(weights), **_machine(), **_software()}, sort_keys=True)
        self.folder = root / hashlib.sha256(key.encode()).hexdigest()[:32]
        self._root = root

    def graph(self, variant: str, name: str, precision: str, compiled: Callable[[], CompiledGraph]) -> CompiledGraph:
        """The graph that was kept under this name, or a new one, which is kept."""
        path = self.folder / variant / f"{name}.blob"
        kept = _read(path)
        if kept is not None:
            try:
                return CompiledGraph.from_bytes(kept, precision)
            except RuntimeError as error:
                _log.warning("%s cannot be used and is made anew: %s", path, str(error).splitlines()[0])
        graph = compiled()
        self._write(path, graph.to_bytes())
        return graph

    def choice(self) -> str | None:
        """The variant that was the fastest when it was measured here."""
        content = _read(self.folder / "choice.json")
        return None if content is None else json.loads(content)["chosen"]

    def choose(self, name: str, milliseconds: Mapping[str, float]) -> None:
        """Keep a choice and what it rests on."""
        content = {"chosen": name, "milliseconds": dict(milliseconds)}
        self._write(self.folder / "choice.json", json.dumps(content, indent=1).encode())

    def _write(self, path: Path, content: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(hashlib.sha256(content).digest() + content)
            Path(file.name).replace(path)
            self._prune()
        except OSError as error:
            _log.warning("compiled graphs are not kept: %s", error)

    def _prune(self) -> None:
        os.utime(self.folder)
        folders = sorted(self._root.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        for folder in folders[KEPT:]:
            shutil.rmtree(folder, ignore_errors=True)


def _read(path: Path) -> bytes | None:
    """What was written, if it is there whole."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, content = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == digest else None


def _machine() -> dict[str, Any]:
    names = ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")
    return {**{name: core().get_property("CPU", name) for name in names}, "settings": settings("f32")}


def _software() -> dict[str, Any]:
    """Versions of the packages, and the code that the graphs are traced from."""
    digest = hashlib.sha256()
    for path in sorted((PACKAGE / "models").rglob("*.py")):
        digest.update(path.read_bytes())
    return {"openvino": version("openvino"), "torch": version("torch"), "code": digest.hexdigest()}
