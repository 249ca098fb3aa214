"""Fine-tuning from the page: one run at a time, in a process of its own, which this module's owner ends."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wam_demo.config import TUNING
from wam_demo.errors import InvalidInputError
from wam_demo.policies.tuned import check_name, register_tuned
from wam_demo.runfolder import ask_to_stop, progress

MOST_MINUTES = 120.0
_NICE = 10
"""The page and its policies go first."""
_GRACE_S = 5.0


@dataclass(frozen=True)
class Lesson:
    """What is to be learnt.

    Attributes:
        policy: That learns on.
        data: Folder of the recordings.
        episodes: Of them.
        name: Of the new policy.
        minutes: Of training.
    """

    policy: str
    data: Path
    episodes: Sequence[int]
    name: str
    minutes: float


class Teaching:
    """Runs ``wam_demo tune`` and says how far it is; what it leaves is a policy of this process at once.

    Args:
        runs: Folder of the runs; that of the newest one stays.
        command: How the command line of this package is called.
        learnt: Called when weights were published.
    """

    def __init__(
        self,
        runs: Path = TUNING / "runs",
        command: Sequence[str] = (sys.executable, "-m", "wam_demo"),
        learnt: Callable[[], Any] = register_tuned,
    ) -> None:
        self._runs, self._command, self._learnt = runs, tuple(command), learnt
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        self._lesson: Lesson | None = None
        self._folder = runs
        self._fault = ""
        self._cancelled = False

    @property
    def running(self) -> bool:
        """Whether somebody is being taught."""
        return self._watcher is not None and self._watcher.is_alive()

    def start(self, lesson: Lesson) -> None:
        """Begin.

        Raises:
            InvalidInputError: Another run goes on, or the name is not usable.
        """
        check_name(lesson.name)
        with self._lock:
            if self.running:
                raise InvalidInputError("a policy is being taught already: stop it or wait")
            shutil.rmtree(self._runs, ignore_errors=True)
            self._folder = self._runs / f"{lesson.name}-{secrets.token_hex(3)}"
            self._folder.mkdir(parents=True)
            self._lesson, self._fault, self._cancelled = lesson, "", False
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    self._arguments(lesson), stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
                )
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)
            self._watcher = threading.Thread(target=self._watch, args=[self._process], name="teaching", daemon=True)
            self._watcher.start()

    def state(self) -> dict[str, Any]:
        """JSON-ready: ``stage``, one of nothing, what the run reports, ``done``, ``stopped`` and ``failed``."""
        if self._lesson is None:
            return {"stage": ""}
        told = {**progress(self._folder), "name": self._lesson.name, "policy": self._lesson.policy}
        if self.running:
            return {"stage": "starting", **told}
        ended = "failed" if self._fault else "stopped" if self._cancelled else "done"
        return {**told, "stage": ended, "fault": self._fault, "result": self._result()}

    def stop(self) -> None:
        """End the training soon and keep what was learnt."""
        if self.running:
            ask_to_stop(self._folder)

    def cancel(self) -> None:
        """End the run and drop what was learnt."""
        with self._lock:
            if self.running and self._process is not None:
                self._cancelled = True
                self._end(self._process)

    def close(self) -> None:
        """End what runs."""
        self.cancel()
        if self._watcher is not None:
            self._watcher.join(2 * _GRACE_S)

    @property
    def _log(self) -> Path:
        return self._folder / "log.txt"

    def _arguments(self, lesson: Lesson) -> list[str]:
        chosen = ",".join(map(str, lesson.episodes))
        options = {"--policy": lesson.policy, "--data": lesson.data, "--episodes": chosen, "--name": lesson.name}
        options |= {"--minutes": lesson.minutes, "--out": self._folder}
        return [*self._command, "tune", *(str(part) for pair in options.items() for part in pair)]

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        if code == 0:
            self._learnt()
        elif not self._cancelled:
            self._fault = self._last_words() or f"the training ended with code {code}"

    def _last_words(self) -> str:
        lines = [line for line in self._log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1].removeprefix("error: ")[:300] if lines else ""

    def _result(self) -> dict[str, Any] | None:
        """What the run found out about itself; ``None`` for one that did not come to its end."""
        try:
            return dict(json.loads((self._folder / "results.json").read_text()))
        except FileNotFoundError:
            return None

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """With everything that it started."""
        for signalled in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signalled)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S)
                return
