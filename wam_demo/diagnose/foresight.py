"""Imagined against actual: keeps past imaginations and compares each with its moment when it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from wam_demo.errors import WamDemoError
from wam_demo.types import FUTURE_STEPS, Image, Observation, Vector

IMAGINE_EVERY_STEPS = 10
"""Control steps between two imaginations; a later answer makes the pause longer, never shorter."""
MEMORY_STEPS = 100
"""Control steps of which the pictures are kept, so that a late imagination can still be compared."""

Futures = list[Mapping[str, Image]]
Submit = Callable[[Observation], "Future[Futures]"]


@dataclass(frozen=True)
class Imagination:
    """What was imagined at one step.

    Attributes:
        step: Control step of the observation it was imagined from.
        frames: (4, H, W, 3) uint8 by camera, `FUTURE_STEPS` after ``step``.
        milliseconds: From asking to answer.
    """

    step: int
    frames: Mapping[str, Image]
    milliseconds: float


@dataclass(frozen=True)
class Surprise:
    """How far one imagined moment lay from the actual one.

    Attributes:
        made: Control step at which it was imagined.
        at: Control step that it was imagined for.
        error: Mean absolute difference over pixels, colours and cameras, 0..1.
        maps: (H, W) float32 by camera: mean absolute difference over colours, 0..1.
    """

    made: int
    at: int
    error: float
    maps: Mapping[str, Vector]


@dataclass
class _Asked:
    step: int
    future: Future[Futures]
    submitted: float = field(default_factory=time.perf_counter)
    answered: float | None = None


class Foresight:
    """Asks for imaginations at a low rate and compares each with what really came.

    Args:
        submit: Asks for an imagination and returns at once; ``None`` for a policy without one.
        every: Control steps between two requests.
    """

    def __init__(self, submit: Submit | None, every: int = IMAGINE_EVERY_STEPS) -> None:
        self._submit = submit
        self._every = every
        self._asked: _Asked | None = None
        self._next = 0
        self._seen: dict[int, Mapping[str, Image]] = {}
        self._open: list[tuple[int, int, Imagination]] = []  # (due step, horizon, imagination)
        self.latest: Imagination | None = None
        self.surprises: dict[int, Surprise] = {}
        self.errors: dict[int, list[tuple[int, float]]] = {steps: [] for steps in FUTURE_STEPS}
        self.fault: str | None = None

    def observe(self, step: int, observation: Observation) -> None:
        """Take in control step ``step``: collect an answer, compare what is due, ask for the next."""
        self._seen[step] = observation.images
        self._seen.pop(step - MEMORY_STEPS, None)
        self._collect()
        self._compare(step)
        if self._submit is not None and self._asked is None and step >= self._next:
            self._ask(step, observation, self._submit)

    def close(self) -> None:
        """Withdraw the imagination that was asked for last."""
        if self._asked is not None:
            self._asked.future.cancel()
            self._asked = None

    def _ask(self, step: int, observation: Observation, submit: Submit) -> None:
        asked = _Asked(step, submit(observation))

        def note_time(_: Future[Futures]) -> None:
            asked.answered = time.perf_counter()

        asked.future.add_done_callback(note_time)
        self._asked = asked
        self._next = step + self._every

    def _collect(self) -> None:
        asked = self._asked
        if asked is None or not asked.future.done():
            return
        self._asked = None
        if asked.future.cancelled():
            return
        error = asked.future.exception()
        self.fault = None if error is None else _one_line(error)
        if error is None:
            elapsed = (asked.answered or time.perf_counter()) - asked.submitted
            frames = asked.future.result()[0]
            self.latest = Imagination(asked.step, frames, 1e3 * elapsed)
            self._open += [(asked.step + ahead, ahead, self.latest) for ahead in FUTURE_STEPS]

    def _compare(self, step: int) -> None:
        """Compare what is due; moments that passed while the answer was on its way count too."""
        due = [entry for entry in self._open if entry[0] <= step]
        self._open = [entry for entry in self._open if entry[0] > step]
        for at, ahead, imagination in due:
            if at not in self._seen:
                continue
            surprise = compare(imagination, ahead, at, self._seen[at])
            self.surprises[ahead] = surprise
            self.errors[ahead].append((at, surprise.error))


def compare(imagination: Imagination, ahead: int, at: int, actual: Mapping[str, Image]) -> Surprise:
    """Compare one imagined moment with the actual images.

    Args:
        imagination: What was imagined.
        ahead: Which of its frames, one of `FUTURE_STEPS`.
        at: Control step of ``actual``.
        actual: (H, W, 3) uint8 by camera; cameras that were not imagined are left out.
    """
    index = FUTURE_STEPS.index(ahead)
    maps = {
        camera: np.abs(frames[index].astype(np.float32) - actual[camera]).mean(-1) / 255.0
        for camera, frames in imagination.frames.items()
        if camera in actual
    }
    error = float(np.mean([image.mean() for image in maps.values()])) if maps else 0.0
    return Surprise(imagination.step, at, error, maps)


def _one_line(error: BaseException) -> str:
    text = str(error) if isinstance(error, WamDemoError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:200]
