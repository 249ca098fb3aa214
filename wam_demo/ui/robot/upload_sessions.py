"""Recordings that visitors look at: one session per page, one job at a time, nothing of who has left."""

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
from wam_demo.diagnose.labelling import AskLabel, ClipLabels, label_starts
from wam_demo.diagnose.openloop import IMAGINE_EVERY
from wam_demo.diagnose.retouch import Retouch
from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.limits import RECORDING_IDLE_S, RECORDING_SESSIONS
from wam_demo.robots.clip import Clip
from wam_demo.robots.recording import Recording
from wam_demo.ui.robot.policies import OpenLoopPolicy, open_labeller
from wam_demo.ui.robot.preview import FirstFrame

_logger = logging.getLogger(__name__)


class _Stopped(Exception):
    """The page asked for something else, or left."""


@dataclass(eq=False)
class UploadSession:
    """What one page looks at.

    Attributes:
        folder: Everything of it on disk.
        path: The recording.
        description: What it holds.
        first_frame: What was read for the preview of the mapping.
        clip: The episode that was opened.
        policy: Name of the policy that answers.
        answers: By disturbance; the clean one first.
        labels: Which actions the clip shows; ``None`` until somebody asks.
        stage: ``empty``, ``found``, ``waiting``, ``opening``, ``running``, ``labelling``, ``ready`` or ``failed``.
        done: Steps of the stage that are done.
        fault: One line if it failed.
        version: Counts openings; a job of an earlier one stops.
        last_seen: When the page was last heard of, `time.monotonic`.
    """

    folder: Path
    path: Path | None = None
    title: str = ""
    description: Description | None = None
    first_frame: FirstFrame | None = None
    mapping: RobotMapping | None = None
    episode: int = 0
    policy: str = ""
    clip: Clip | None = None
    answers: dict[Retouch, Answers] = field(default_factory=dict)
    labels: ClipLabels | None = None
    stage: str = "empty"
    done: int = 0
    fault: str = ""
    version: int = 0
    last_seen: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)
    loaded: OpenLoopPolicy | None = None

    @property
    def visitor(self) -> str:
        """Key under which the page waits for its turn to read."""
        return self.folder.name

    def require_recording(self) -> tuple[Path, Description]:
        """The recording and what it holds; raises `InvalidInputError` when there is none."""
        if self.path is None or self.description is None:
            raise InvalidInputError("upload a recording first")
        return self.path, self.description

    def require_clip(self) -> Clip:
        """The opened episode; raises `InvalidInputError` when none is open yet."""
        if self.clip is None or self.clip.steps == 0:
            raise InvalidInputError("no episode is open yet")
        return self.clip

    def answer(self, retouch: Retouch) -> Answers:
        """The answers under a disturbance, begun when they are new."""
        clip, loaded = self.require_clip(), self.loaded
        assert loaded is not None, "a clip has a policy"
        if retouch not in self.answers:
            plan, imagine = loaded
            while len(self.answers) > 3:  # the clean one stays
                del self.answers[list(self.answers)[1]]
            folder = self.folder / f"futures-{self.version}-{secrets.token_hex(4)}"
            self.answers[retouch] = Answers(clip, retouch, plan, imagine, folder)
        return self.answers[retouch]


@dataclass(frozen=True)
class OpenRequest:
    """Which episode is opened, for which policy, and whether every step is answered or those that are looked at."""

    mapping: RobotMapping
    episode: int
    start: float
    stop: float | None
    policy: str
    answered: bool = True


class UploadSessions:
    """Keeps the sessions and works on one job at a time.

    Args:
        open_policy: Loads a policy.
        open_labeller: Loads one that labels.
        capacity: Sessions at a time.
        idle_s: A page that was not heard of for this long has left [s].
        root: Folder for everything on disk; a temporary one by default. Removed by `close`.
    """

    def __init__(
        self,
        open_policy: Callable[[str], OpenLoopPolicy],
        capacity: int = RECORDING_SESSIONS,
        idle_s: float = RECORDING_IDLE_S,
        root: Path | None = None,
        open_labeller: Callable[[str], AskLabel] = open_labeller,
    ) -> None:
        self._open_labeller = open_labeller
        self._open_policy, self._capacity, self._idle_s = open_policy, capacity, idle_s
        self.root = Path(root or tempfile.mkdtemp(prefix="wam-demo-recordings-"))
        self.root.mkdir(parents=True, exist_ok=True)
        self._sessions: dict[str, UploadSession] = {}
        self._lock = threading.Lock()
        self._jobs: Queue[tuple[UploadSession, int, Callable[[], None]] | None] = Queue()
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name="recordings", daemon=True),
            threading.Thread(target=self._reap, name="recordings-reaper", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def session(self, key: str) -> UploadSession:
        """The session of a page, new or known.

        Raises:
            InvalidInputError: The key is none, or every session is taken.
        """
        if not isinstance(key, str) or not 8 <= len(key) <= 64:
            raise InvalidInputError("the page did not say who it is; reload it")
        with self._lock:
            if key not in self._sessions:
                if len(self._sessions) >= self._capacity:
                    raise InvalidInputError(
                        f"all {self._capacity} places for recordings are taken; try again in a minute"
                    )
                folder = self.root / secrets.token_urlsafe(16)
                folder.mkdir()
                self._sessions[key] = UploadSession(folder)
            session = self._sessions[key]
            session.last_seen = time.monotonic()
            return session

    def put(self, session: UploadSession, path: Path, title: str, found: Description) -> None:
        """A new recording lies on the session; what was there is cleared away."""
        with session.lock:
            self._clear(session)
            session.path, session.title, session.description, session.stage = path, title, found, "found"
            session.first_frame = None

    def open(self, session: UploadSession, request: OpenRequest) -> None:
        """Take an episode out of the recording and answer all of it, in the background.

        Raises:
            InvalidInputError: No recording is there, or the request does not fit it.
        """
        with session.lock:
            request.mapping.validated(session.require_recording()[1])
            self._clear(session)
            session.mapping, session.episode, session.policy = request.mapping, request.episode, request.policy
            version = session.version
            self._queue(session, lambda: self._open(session, request, version))

    def run(self, session: UploadSession, retouch: Retouch) -> None:
        """Answer the whole clip under a disturbance, in the background."""
        with session.lock:
            session.answer(retouch)
            session.version += 1
            version = session.version
            self._queue(session, lambda: self._run(session, retouch, version))

    def label(self, session: UploadSession, policy: str) -> None:
        """Say which actions the whole clip shows, in the background.

        Raises:
            InvalidInputError: No episode is open, or it is too short for a label.
        """
        with session.lock:
            label_starts(session.require_clip().steps)
            session.version += 1
            version = session.version
            self._queue(session, lambda: self._label(session, policy, version))

    def stop(self, session: UploadSession) -> None:
        """Stop the session's job."""
        with session.lock:
            session.version += 1
            session.stage = "ready" if session.clip is not None and session.clip.steps else "found"

    def ahead_of(self, session: UploadSession) -> int:
        """Jobs that are worked on before this session's."""
        waiting = [entry for entry in list(self._jobs.queue) if entry is not None]
        mine = next((i for i, entry in enumerate(waiting) if entry[0] is session), 0)
        return mine + 1 if session.stage == "waiting" else 0

    def leave(self, key: str) -> None:
        """A page has gone: forget its session."""
        with self._lock:
            session = self._sessions.pop(key, None)
        if session is not None:
            with session.lock:
                self._clear(session)
            shutil.rmtree(session.folder, ignore_errors=True)

    @property
    def sessions(self) -> int:
        """Sessions that are taken."""
        return len(self._sessions)

    def close(self) -> None:
        """Stop the work and remove everything."""
        self._closed.set()
        for key in list(self._sessions):
            self.leave(key)
        self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout=5.0)
        shutil.rmtree(self.root, ignore_errors=True)

    def _clear(self, session: UploadSession) -> None:
        session.version += 1
        if session.clip is not None:
            session.clip.close()
        session.clip, session.answers, session.labels = None, {}, None
        session.fault, session.done, session.stage = "", 0, "found"

    def _queue(self, session: UploadSession, work: Callable[[], None]) -> None:
        session.stage, session.done, session.fault = "waiting", 0, ""
        self._jobs.put((session, session.version, work))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            session, version, work = job
            if session.version != version:
                continue
            try:
                work()
                self._settle(session, version, "ready", "")
            except _Stopped:
                continue
            except WamDemoError as error:
                self._settle(session, version, "failed", " ".join(str(error).split()))
            except Exception as error:
                _logger.exception("a recording could not be worked on")
                self._settle(session, version, "failed", f"the work on it failed: {type(error).__name__}")

    def _settle(self, session: UploadSession, version: int, stage: str, fault: str) -> None:
        if session.version == version:
            session.stage, session.fault = stage, fault

    def _open(self, session: UploadSession, request: OpenRequest, version: int) -> None:
        session.loaded = self._open_policy(request.policy)
        session.stage = "opening"
        arguments = (
            *session.require_recording(),
            request.mapping,
            request.episode,
            request.start,
            request.stop,
            session.visitor,
        )
        with Recording(*arguments) as recording:
            clip = Clip(session.folder / f"clip-{version}", recording)
            with session.lock:
                if session.version != version:
                    clip.close()
                    raise _Stopped
                session.clip = clip
            clip.load(recording, lambda: session.version == version)
        if request.answered:
            self._run(session, Retouch(), version)

    def _run(self, session: UploadSession, retouch: Retouch, version: int) -> None:
        on_step = self._begin(session, "running", version)
        session.answer(retouch).run(IMAGINE_EVERY, on_step)

    def _label(self, session: UploadSession, policy: str, version: int) -> None:
        on_label = self._begin(session, "labelling", version)
        session.labels = ClipLabels(session.require_clip(), self._open_labeller(policy))
        session.labels.run(on_label)

    def _begin(self, session: UploadSession, stage: str, version: int) -> Callable[[], None]:
        """A stage begins; returns what counts its steps, and stops the job once the page wants something else."""
        session.stage, session.done = stage, 0

        def on_step() -> None:
            if session.version != version:
                raise _Stopped
            session.done += 1

        if session.version != version:
            raise _Stopped
        return on_step

    def _reap(self) -> None:
        while not self._closed.wait(min(5.0, self._idle_s / 4)):
            oldest = time.monotonic() - self._idle_s
            for key in [k for k, session in list(self._sessions.items()) if session.last_seen < oldest]:
                self.leave(key)
