"""What a session records: episode after episode, each with a count-down and a verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wam_demo.data.plan import FIRST_SEED
from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.limits import RECORD_COUNTDOWN_S
from wam_demo.runtime.contracts import Outcome, RecordingView, Settings
from wam_demo.runtime.recorder import Recorder, Verdict, free_bytes
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.types import Observation, StepRecord


def unevaluated(seed: int) -> int:
    """A seed whose scene no evaluation has, so that nobody is trained on what they are judged by."""
    return seed if seed >= FIRST_SEED else seed + FIRST_SEED


class SessionRecording(Subscriber):
    """The recording of one session; used in its thread.

    Args:
        folder: Where datasets are kept; ``None`` where nothing may be recorded.
        now: Seconds that only grow.
    """

    def __init__(self, folder: Path | None, now: Callable[[], float]) -> None:
        self._folder = folder
        self._now = now
        self._recorder: Recorder | None = None
        self._auto = True
        self._starts = 0.0
        self._free_gb = 0.0
        self.awaits_verdict = False
        """The episode has ended and nobody has said how."""
        self.fault = ""
        """Why recording stopped, once, if it did."""

    @property
    def active(self) -> bool:
        """Whether episodes are recorded."""
        return self._recorder is not None

    def open(self, name: str, auto: bool, first: Observation) -> str:
        """Record into a dataset from the next episode on; returns what lay there, in words.

        Args:
            name: Of the dataset.
            auto: Let the source's own judge decide how an episode ended.
            first: An observation of the source.

        Raises:
            InvalidInputError: Nothing may be recorded here.
            DataError: It cannot be recorded into.
        """
        if self._folder is None:
            raise InvalidInputError("this server keeps no recordings: run the app on your own machine")
        self.close()
        self._recorder, self._auto = Recorder(self._folder / name, first), auto
        return str(self._recorder.found)

    def begin(self, settings: Settings, source: str) -> float:
        """An episode begins after a count-down; one that was running is dropped. Returns the seconds to wait."""
        assert self._recorder is not None, "opened before"
        self._recorder.begin(settings.task, settings.seed, source, settings.policy)
        self._free_gb = free_bytes(self._recorder.root) / 1e9
        self.awaits_verdict = False
        self._starts = self._now() + RECORD_COUNTDOWN_S
        return RECORD_COUNTDOWN_S

    def on_step(self, record: StepRecord) -> None:
        """One frame; a disk that cannot take it ends the recording."""
        if self._recorder is None:
            return
        self._starts = min(self._starts, self._now())
        try:
            self._recorder.on_step(record)
        except (OSError, WamDemoError) as error:
            self.fault = f"recording stopped: {error}"
            self._recorder.close()
            self._recorder = None

    def ended(self, outcome: Outcome) -> None:
        """The source has come to an end: the judge's word, or wait for the person's."""
        if self._recorder is None or not self._recorder.running:
            return
        if self._auto and outcome.name != "unscored":
            self._recorder.end(Verdict(outcome.name == "success", "judge", outcome.name))
        else:
            self.awaits_verdict = True

    def judge(self, success: bool) -> int | None:
        """A person says how the running episode went; returns its index, ``None`` if it has no frame.

        Raises:
            InvalidInputError: Nothing is being recorded.
        """
        if self._recorder is None or not self._recorder.running:
            raise InvalidInputError("no episode is being recorded")
        self.awaits_verdict = False
        return self._recorder.end(Verdict(success, "person", "success" if success else "failure"))

    def close(self) -> str:
        """Leave the dataset, keeping what is running; returns what it holds, in words. Idempotent."""
        recorder, self._recorder, self.awaits_verdict = self._recorder, None, False
        if recorder is None:
            return ""
        recorder.end(Verdict())
        recorder.close()
        return f"{recorder.episodes} episodes in {recorder.root.name}"

    def view(self) -> RecordingView | None:
        """What a person sees; ``None`` while nothing is recorded."""
        recorder = self._recorder
        if recorder is None:
            return None
        left = max(0.0, self._starts - self._now()) if not recorder.frames else 0.0
        state = "verdict" if self.awaits_verdict else "counting" if left > 0 else "recording"
        return RecordingView(
            recorder.root.name, state, left, recorder.frames, recorder.episodes, self._auto, round(self._free_gb, 1)
        )
