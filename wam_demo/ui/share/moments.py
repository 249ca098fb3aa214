"""What one session showed, step by step, small enough to keep: a clip is drawn from it when somebody asks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from wam_demo.runtime import SessionView, Watcher
from wam_demo.types import FUTURE_STEPS, Image, Vector
from wam_demo.ui.live.ghost import planned_way
from wam_demo.ui.live.words import OUTCOME_WORDS, event_marks
from wam_demo.ui.share.pairs import PairRecorder

AHEAD = 8
"""Control steps ahead of the imagined moment that a clip shows."""
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 90]


@dataclass(frozen=True)
class ClipMoment:
    """One control step as the page showed it, ``front`` only.

    Attributes:
        step: Control step.
        now: (256, 256, 3) as JPEG.
        imagined: (H, W, 3) uint8, `AHEAD` steps after ``imagined_at``.
        imagined_at: Control step from which it was imagined.
        attention: (gh, gw) of the newest plan, over the picture of ``answered``.
        answered: Control step of the observation that the plan answers.
        error: (H, W) float32, difference of imagined and actual.
        plan: (N, 2) the planned path of the tool in the picture, 0..1; empty without one.
        instruction: As the policy saw it.
        events: What has disturbed the attempt so far.
    """

    step: int
    now: bytes
    imagined: Image | None
    imagined_at: int | None
    attention: Vector | None
    answered: int | None
    error: Vector | None
    plan: Vector
    instruction: str
    events: tuple[str, ...]


@dataclass
class ClipEpisode:
    """One attempt.

    Attributes:
        task: Task name.
        policy: Policy name.
        seed: Of the reset.
        moments: By control step.
        title: How it ended, for people; empty while it runs.
        success: Whether it was done.
        detail: One line about the end.
    """

    task: str
    policy: str
    seed: int
    moments: dict[int, ClipMoment] = field(default_factory=dict)
    title: str = ""
    success: bool = False
    detail: str = ""


class ClipRecorder(Watcher):
    """Keeps the present attempt of one session, the one before, and the newest twin or dream.

    Attributes:
        name: The page asks for its clips under it; cannot be guessed.
        pairs: Keeps twins and dreams.
    """

    def __init__(self) -> None:
        self.name = secrets.token_urlsafe(12)
        self.pairs = PairRecorder()
        self._episodes: list[ClipEpisode] = []
        self._episode: int | None = None

    def on_view(self, view: SessionView) -> None:
        """A picture is there; one of each control step is kept."""
        if view.twin is not None or view.dream is not None:
            self.pairs.on_view(view)
            return
        if view.episode != self._episode:
            settings = view.settings
            self._episode = view.episode
            self._episodes = [*self._episodes[-1:], ClipEpisode(settings.task, settings.policy, settings.seed)]
        present = self._episodes[-1]
        if view.step not in present.moments:
            present.moments[view.step] = _moment(view, present.moments)
        if view.outcome is not None and not present.title:
            present.title = OUTCOME_WORDS[view.outcome.name]
            present.success, present.detail = view.outcome.name == "success", view.outcome.detail

    def episode(self, task: str, seed: int) -> ClipEpisode | None:
        """The newest attempt at a task from a seed; ``None`` if it is not kept."""
        return next((e for e in reversed(self._episodes) if (e.task, e.seed) == (task, seed) and e.moments), None)


def _moment(view: SessionView, before: Mapping[int, ClipMoment]) -> ClipMoment:
    imagination, error = view.imagination, view.prediction_errors.get(AHEAD)
    prediction = None if view.played is None else view.played.prediction
    index = FUTURE_STEPS.index(AHEAD)
    return ClipMoment(
        step=view.step,
        now=cv2.imencode(".jpg", cv2.cvtColor(view.frame, cv2.COLOR_RGB2BGR), _JPEG)[1].tobytes(),
        imagined=None if imagination is None else np.array(imagination.frames["front"][index]),
        imagined_at=None if imagination is None else imagination.step,
        attention=None if prediction is None else prediction.attention.get("front"),
        answered=None if view.played is None else view.played.prediction_step,
        error=None if error is None else error.maps.get("front"),
        plan=planned_way(view),
        instruction=view.instruction,
        events=tuple(mark["label"] for mark in event_marks(view.events, view.names)),
    )
