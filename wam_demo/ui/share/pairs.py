"""What a twin or a dream showed, two pictures a control step, small enough to keep."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from wam_demo.runtime import SessionView
from wam_demo.runtime.contracts import TwinView
from wam_demo.types import CONTROL_HZ, Image
from wam_demo.ui.live.words import event_marks

KEPT_STEPS = 600
"""Control steps of which a clip is made at most, the newest ones."""
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 90]


@dataclass(frozen=True)
class PairMoment:
    """One control step.

    Attributes:
        pictures: (H, W, 3) as JPEG each.
        line: What is said of it.
    """

    pictures: tuple[bytes, bytes]
    line: str


@dataclass
class PairClip:
    """Two pictures side by side over time.

    Attributes:
        task: Task name.
        policy: Policy name.
        instruction: As the policy saw it.
        titles: Of the two.
        kind: ``twin``, ``both`` or ``dream``.
        moments: By control step.
    """

    task: str
    policy: str
    instruction: str
    titles: tuple[str, str]
    kind: str
    moments: dict[int, PairMoment] = field(default_factory=dict)


class PairRecorder:
    """Keeps the newest twin or dream of one session.

    Attributes:
        clip: It; ``None`` before the first.
    """

    def __init__(self) -> None:
        self.clip: PairClip | None = None
        self._shown: tuple[object, ...] = ()

    def on_view(self, view: SessionView) -> None:
        """A picture of a twin or a dream is there; one of each control step is kept."""
        twin, settings = view.twin, view.settings
        titles, kind = ("Imagined, front", "Imagined, wrist"), "dream"
        step, forked = view.step, 0
        if twin is not None:
            titles, kind = twin_titles(twin), "both" if twin.dream else "twin"
            step, forked = twin.step, twin.forked
        shown = (view.episode, forked, *titles)
        clip = self.clip
        if clip is None or shown != self._shown or step < max(clip.moments, default=0):
            clip = self.clip = PairClip(settings.task, settings.policy, view.instruction, titles, kind)
            self._shown = shown
        if step not in clip.moments:
            clip.moments[step] = _moment(view, step)
            if len(clip.moments) > KEPT_STEPS:
                del clip.moments[min(clip.moments)]


def twin_titles(twin: TwinView) -> tuple[str, str]:
    """What the two sides of a twin are."""
    if twin.dream is None:
        return "Disturbed", "Undisturbed"
    return "Reality", "Dream, its own plans" if twin.dream == "own" else "Dream, same actions"


def _moment(view: SessionView, step: int) -> PairMoment:
    twin = view.twin
    if twin is None:
        images = view.observation.images
        assert view.dream is not None, "what is no twin is a dream"
        return PairMoment(_jpegs(images["front"], images["wrist"]), f"{view.dream.steps / CONTROL_HZ:.1f} s dreamt")
    said = [f"{step / CONTROL_HZ:.1f} s"]
    if twin.divergences:
        newest = twin.divergences[-1]
        said.append(f"tools {100 * newest.tool:.1f} cm apart")
        if newest.picture is not None:
            said.append(f"pictures differ by {newest.picture:.3f}")
    marks = dict.fromkeys(mark["label"] for mark in event_marks(twin.events, twin.names))
    return PairMoment(_jpegs(*twin.frames), " · ".join([*said, *marks]))


def _jpegs(first: Image, second: Image) -> tuple[bytes, bytes]:
    return _jpeg(first), _jpeg(second)


def _jpeg(picture: Image) -> bytes:
    return cv2.imencode(".jpg", cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR), _JPEG)[1].tobytes()
