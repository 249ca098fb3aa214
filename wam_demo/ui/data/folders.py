"""Where recordings lie: of one's own machine in one folder, of strangers on a public server each page's apart."""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from wam_demo.data.edit import recover
from wam_demo.errors import InvalidInputError

KEPT_S = 3600.0
"""A page on a public server that neither asked nor recorded for this long loses what it recorded [s]."""


class RecordingFolders:
    """Finds the folder of a page.

    Args:
        root: Holds all datasets, or one folder a page.
        public: Whether strangers share the server: a page then sees only what itself recorded, and `close`
            removes everything.
        now: Seconds, as file times count them.
    """

    def __init__(self, root: Path, public: bool, now: Callable[[], float] = time.time) -> None:
        self.root, self.public = root, public
        self._now = now
        self._heard: dict[Path, float] = {}
        self._lock = threading.Lock()
        for beside in root.glob(".*.before"):  # an edit that was cut short
            recover(root / beside.name.removeprefix(".").removesuffix(".before"))

    def of(self, page: object) -> Path:
        """The folder of a page, which may not exist yet; forgets those of pages that have gone.

        Raises:
            InvalidInputError: The page did not say who it is.
        """
        if not isinstance(page, str) or not 8 <= len(page) <= 64:
            raise InvalidInputError("the page did not say who it is; reload it")
        if not self.public:
            return self.root
        folder = self.root / hashlib.sha256(page.encode()).hexdigest()[:32]
        with self._lock:
            self._heard[folder] = self._now()
            for other, heard in list(self._heard.items()):
                if max(heard, _written(other)) < self._now() - KEPT_S:
                    del self._heard[other]
                    shutil.rmtree(other, ignore_errors=True)
        return folder

    def close(self) -> None:
        """Remove what strangers left; nothing on one's own machine."""
        if self.public:
            shutil.rmtree(self.root, ignore_errors=True)


def _written(folder: Path) -> float:
    """When an episode was last kept below a folder, as file times count; 0 without any."""
    return max((path.stat().st_mtime for path in folder.glob("*/meta/info.json")), default=0.0)
