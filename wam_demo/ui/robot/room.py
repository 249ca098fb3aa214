"""Recordings that visitors look at: one desk per page, one job at a time, nothing of who has left."""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue

from wam_demo.data.uploads.contracts import Description
from wam_demo.data.uploads.mapping import RobotMapping
from wam_demo.diagnose.answers import Answers
from wam_demo.diagnose.openloop import IMAGINE_EVERY, Imagine, Plan
from wam_demo.diagnose.retouch import Retouch
from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.limits import RECORDING_DESKS, RECORDING_IDLE_S
from wam_demo.robots.clip import Clip
from wam_demo.robots.recording import Recording

_logger = logging.getLogger(__name__)

Brain = tuple[Plan, Imagine | None]
"""A policy as two calls: plans, and one future each (``None`` without imagination)."""


class _Stopped(Exception):
    """The page asked for something else, or left."""


@dataclass(eq=False)
class Desk:
    """What one page looks at.

    Attributes:
        folder: Everything of it on disk.
        path: The recording.
        found: What it holds.
        clip: The episode that was opened.
        policy: Name of the policy that answers.
        answers: By disturbance; the clean one first.
        stage: ``empty``, ``found``, ``waiting``, ``opening``, ``running``, ``ready`` or ``failed``.
        done: Steps of the stage that are done.
        fault: One line if it failed.
        version: Counts openings; a job of an earlier one stops.
        seen: When the page was last heard of, `time.monotonic`.
    """

    folder: Path
    path: Path | None = None
    title: str = ""
    found: Description | None = None
    mapping: RobotMapping | None = None
    episode: int = 0
    policy: str = ""
    clip: Clip | None = None
    answers: dict[Retouch, Answers] = field(default_factory=dict)
    stage: str = "empty"
    done: int = 0
    fault: str = ""
    version: int = 0
    seen: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)
    brain: Brain | None = None

    @property
    def visitor(self) -> str:
        """Key under which the page waits for its turn to read."""
        return self.folder.name

    def require_clip(self) -> Clip:
        """The opened episode; raises `InvalidInputError` when none is open yet."""
        if self.clip is None or self.clip.steps == 0:
            raise InvalidInputError("no episode is open yet")
        return self.clip

    def answer(self, retouch: Retouch) -> Answers:
        """The answers under a disturbance, begun when they are new."""
        clip, brain = self.require_clip(), self.brain
        assert brain is not None, "a clip has a brain"
        if retouch not in self.answers:
            plan, imagine = brain
            while len(self.answers) > 3:  # the clean one stays
                del self.answers[list(self.answers)[1]]
            folder = self.folder / f"futures-{self.version}-{secrets.token_hex(4)}"
            self.answers[retouch] = Answers(clip, retouch, plan, imagine, folder)
        return self.answers[retouch]


@dataclass(frozen=True)
class OpenRequest:
    """Which episode is opened, and for which policy."""

    mapping: RobotMapping
    episode: int
    start: float
    stop: float | None
    policy: str


class RobotRoom:
    """Keeps the desks and works on one job at a time.

    Args:
        open_brain: Loads a policy.
        places: Desks at a time.
        idle_s: A page that was not heard of for this long has left [s].
        root: Folder for everything on disk; a temporary one by default. Removed by `close`.
    """

    def __init__(
        self,
        open_brain: Callable[[str], Brain],
        places: int = RECORDING_DESKS,
        idle_s: float = RECORDING_IDLE_S,
        root: Path | None = None,
    ) -> None:
        self._open_brain, self._places, self._idle_s = open_brain, places, idle_s
        self.root = Path(root or tempfile.mkdtemp(prefix="wam-demo-recordings-"))
        self.root.mkdir(parents=True, exist_ok=True)
        self._desks: dict[str, Desk] = {}
        self._lock = threading.Lock()
        self._jobs: Queue[tuple[Desk, int, Callable[[], None]] | None] = Queue()
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name="recordings", daemon=True),
            threading.Thread(target=self._reap, name="recordings-reaper", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def desk(self, key: str) -> Desk:
        """The desk of a page, new or known.

        Raises:
            InvalidInputError: The key is none, or every desk is taken.
        """
        if not isinstance(key, str) or not 8 <= len(key) <= 64:
            raise InvalidInputError("the page did not say who it is; reload it")
        with self._lock:
            if key not in self._desks:
                if len(self._desks) >= self._places:
                    raise InvalidInputError(
                        f"all {self._places} places for recordings are taken; try again in a minute"
                    )
                folder = self.root / secrets.token_urlsafe(16)
                folder.mkdir()
                self._desks[key] = Desk(folder)
            desk = self._desks[key]
            desk.seen = time.monotonic()
            return desk

    def put(self, desk: Desk, path: Path, title: str, found: Description) -> None:
        """A new recording lies on the desk; what was there is cleared away."""
        with desk.lock:
            self._clear(desk)
            desk.path, desk.title, desk.found, desk.stage = path, title, found, "found"

    def open(self, desk: Desk, request: OpenRequest) -> None:
        """Take an episode out of the recording and answer all of it, in the background.

        Raises:
            InvalidInputError: No recording is there, or the request does not fit it.
        """
        with desk.lock:
            if desk.path is None or desk.found is None:
                raise InvalidInputError("upload a recording first")
            request.mapping.validated(desk.found)
            self._clear(desk)
            desk.mapping, desk.episode, desk.policy = request.mapping, request.episode, request.policy
            version = desk.version
            self._queue(desk, lambda: self._open(desk, request, version))

    def run(self, desk: Desk, retouch: Retouch) -> None:
        """Answer the whole clip under a disturbance, in the background."""
        with desk.lock:
            desk.answer(retouch)
            desk.version += 1
            version = desk.version
            self._queue(desk, lambda: self._run(desk, retouch, version))

    def stop(self, desk: Desk) -> None:
        """Stop the desk's job."""
        with desk.lock:
            desk.version += 1
            desk.stage = "ready" if desk.clip is not None and desk.clip.steps else "found"

    def ahead_of(self, desk: Desk) -> int:
        """Jobs that are worked on before this desk's."""
        waiting = [entry for entry in list(self._jobs.queue) if entry is not None]
        mine = next((i for i, entry in enumerate(waiting) if entry[0] is desk), 0)
        return mine + 1 if desk.stage == "waiting" else 0

    def leave(self, key: str) -> None:
        """A page has gone: forget its desk."""
        with self._lock:
            desk = self._desks.pop(key, None)
        if desk is not None:
            with desk.lock:
                self._clear(desk)
            shutil.rmtree(desk.folder, ignore_errors=True)

    @property
    def desks(self) -> int:
        """Desks that are taken."""
        return len(self._desks)

    def close(self) -> None:
        """Stop the work and remove everything."""
        self._closed.set()
        for key in list(self._desks):
            self.leave(key)
        self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout=5.0)
        shutil.rmtree(self.root, ignore_errors=True)

    def _clear(self, desk: Desk) -> None:
        desk.version += 1
        if desk.clip is not None:
            desk.clip.close()
        desk.clip, desk.answers, desk.fault, desk.done, desk.stage = None, {}, "", 0, "found"

    def _queue(self, desk: Desk, work: Callable[[], None]) -> None:
        desk.stage, desk.done, desk.fault = "waiting", 0, ""
        self._jobs.put((desk, desk.version, work))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            desk, version, work = job
            if desk.version != version:
                continue
            try:
                work()
                self._settle(desk, version, "ready", "")
            except _Stopped:
                continue
            except WamDemoError as error:
                self._settle(desk, version, "failed", " ".join(str(error).split()))
            except Exception as error:
                _logger.exception("a recording could not be worked on")
                self._settle(desk, version, "failed", f"the work on it failed: {type(error).__name__}")

    def _settle(self, desk: Desk, version: int, stage: str, fault: str) -> None:
        if desk.version == version:
            desk.stage, desk.fault = stage, fault

    def _open(self, desk: Desk, request: OpenRequest, version: int) -> None:
        desk.brain = self._open_brain(request.policy)
        desk.stage = "opening"
        assert desk.path is not None
        assert desk.found is not None
        arguments = (desk.path, desk.found, request.mapping, request.episode, request.start, request.stop, desk.visitor)
        with Recording(*arguments) as recording:
            clip = Clip(desk.folder / f"clip-{version}", recording)
            with desk.lock:
                if desk.version != version:
                    clip.close()
                    raise _Stopped
                desk.clip = clip
            clip.load(recording, lambda: desk.version == version)
        self._run(desk, Retouch(), version)

    def _run(self, desk: Desk, retouch: Retouch, version: int) -> None:
        desk.stage, desk.done = "running", 0

        def on_step() -> None:
            if desk.version != version:
                raise _Stopped
            desk.done += 1

        if desk.version != version:
            raise _Stopped
        desk.answer(retouch).run(IMAGINE_EVERY, on_step)

    def _reap(self) -> None:
        while not self._closed.wait(min(5.0, self._idle_s / 4)):
            oldest = time.monotonic() - self._idle_s
            for key in [k for k, desk in list(self._desks.items()) if desk.seen < oldest]:
                self.leave(key)
