"""Imagined against actual: the executed plan is imagined, and each imagined moment compared when it comes."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from wam_demo.errors import WamDemoError
from wam_demo.policies.engine import Futures
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS, ActionChunk, Image, Observation, Prediction, StepRecord, Vector

EVERY_STEPS = 4, 10
"""Control steps between two imaginations where the machine has the time, which is every plan, and where it has not."""
BUSY_SHARE = 0.5
"""Imaginations may be on their way for this share of the time; they come as often as that allows."""
MEMORY_STEPS = 100
"""Control steps of which observations are kept, so that a late imagination can still be compared."""
PAUSE_STEPS = 20
"""After a pause this long [control steps] what was imagined before is not compared with what comes."""


class Imagine(Protocol):
    """Asks what a plan leads to and returns at once, e.g. `InferenceEngine.submit_imagination`."""

    def __call__(self, observation: Observation, /, *, chunk: ActionChunk | None) -> Future[Futures]:
        """From an observation; without a plan, the policy's own."""


@dataclass(frozen=True)
class Imagination:
    """What was imagined of one plan.

    Attributes:
        step: Control step at which its first action is executed; frames are counted from here.
        frames: (4, H, W, 3) uint8 by camera, `FUTURE_STEPS` after ``step``.
        milliseconds: From asking to answer.
    """

    step: int
    frames: Mapping[str, Image]
    milliseconds: float


@dataclass(frozen=True)
class PredictionError:
    """How far one imagined moment lay from the actual one.

    Attributes:
        made: Control step from which it was imagined.
        at: Control step that it was imagined for.
        error: Mean absolute difference over pixels, colours and cameras, 0..1.
        maps: (H, W) float32 by camera: mean absolute difference over colours, 0..1.
    """

    made: int
    at: int
    error: float
    maps: Mapping[str, Vector]


@dataclass
class _Request:
    step: int
    future: Future[Futures]
    submitted: float = field(default_factory=time.perf_counter)
    answered: float | None = None


class PredictionMonitor(Subscriber):
    """Lets a policy imagine the plan that is executed, at a low rate, and compares it with what really came.

    A plan is imagined as soon as it is executed, from the observation that it answers, and its frames are
    counted from its first action: while an arm waits for its first plan, nothing that was planned happens.
    Where no plan is known (a replay), the policy imagines its own.

    Args:
        imagine: ``None`` for a policy that does not.
        every: Control steps between two requests; measured by default, see `steps_between`. A late answer or plan
            makes the pause longer.

    Attributes:
        latest: The newest imagination of the episode.
        newest: By steps ahead, the newest comparison.
        history: By steps ahead, (control step, error) of every comparison of the episode.
        fault: Why the last imagination did not come, as one line.
    """

    def __init__(self, imagine: Imagine | None, every: int | None = None) -> None:
        self._imagine = imagine
        self._every = every
        self._request: _Request | None = None
        self._forget()

    def _forget(self) -> None:
        self.on_close()
        self._asked = self._next = 0
        self._step: int | None = None
        self._plan_step: int | None = None
        self._observations: dict[int, Observation] = {}
        self._open: list[tuple[int, int, Imagination]] = []  # (due step, steps ahead, imagination)
        self.latest: Imagination | None = None
        self.newest: dict[int, PredictionError] = {}
        self.history: dict[int, list[tuple[int, float]]] = {steps: [] for steps in FUTURE_STEPS}
        self.fault: str | None = None

    def on_reset(self, observation: Observation) -> None:
        """Nothing of the episode before is compared with this one."""
        self._forget()

    def on_step(self, record: StepRecord) -> None:
        """Take in a control step: collect an answer, compare what is due, ask for the next."""
        self._remember(record.step, record.observation)
        self.collect()
        self._compare(record.step)
        if self._imagine is not None and self._request is None and record.step >= self._next:
            self._ask(record, self._imagine)
        self._plan_step = record.prediction_step

    def prepare(self, observation: Observation, prediction: Prediction) -> bool:
        """Imagine the first plan before its first action; returns whether the answer, or a fault, is there."""
        if self._imagine is None or self.latest is not None or self.fault is not None:
            return True
        if self._request is None:
            self._submit(0, self._imagine(observation, chunk=prediction.chunk), 0)
        self.collect()
        return self.latest is not None or self.fault is not None

    def on_close(self) -> None:
        """Withdraw the imagination that was asked for last."""
        if self._request is not None:
            self._request.future.cancel()
            self._request = None

    def _remember(self, step: int, observation: Observation) -> None:
        """Keep an observation; in real time it also stands for the control steps that were passed over."""
        if self._step is not None and step - self._step > PAUSE_STEPS:
            self._forget()
        for passed in range(step if self._step is None else min(step, self._step + 1), step + 1):
            self._observations[passed] = observation
        for old in [old for old in self._observations if old <= step - MEMORY_STEPS]:
            del self._observations[old]
        self._step = step

    def _ask(self, record: StepRecord, imagine: Imagine) -> None:
        if record.index is None:  # the arm holds: nothing that was planned happens
            return
        if record.prediction is None or record.prediction_step is None:
            begun, observation, chunk = record.step, record.observation, None
        elif record.prediction_step != self._plan_step:
            begun = record.step - record.index
            observation = self._observations.get(record.prediction_step, record.observation)
            chunk = record.prediction.chunk
        else:  # under way already: the next plan is imagined when its execution begins
            return
        self._submit(begun, imagine(observation, chunk=chunk), record.step)

    def _submit(self, begun: int, future: Future[Futures], step: int) -> None:
        request = _Request(begun, future)

        def note_time(_: Future[Futures]) -> None:
            request.answered = time.perf_counter()

        request.future.add_done_callback(note_time)
        self._request = request
        self._asked = step
        self._next = step + (self._every or EVERY_STEPS[1])

    def collect(self) -> None:
        """Take in an answer that has come; also while nothing moves."""
        request = self._request
        if request is None or not request.future.done():
            return
        self._request = None
        if request.future.cancelled():
            return
        error = request.future.exception()
        self.fault = None if error is None else _one_line(error)
        if error is None:
            elapsed = (request.answered or time.perf_counter()) - request.submitted
            self._next = self._asked + (self._every or steps_between(elapsed))
            frames = request.future.result()[0]
            self.latest = Imagination(request.step, frames, 1e3 * elapsed)
            self._open += [(request.step + ahead, ahead, self.latest) for ahead in FUTURE_STEPS]

    def _compare(self, step: int) -> None:
        """Compare what is due; moments that passed while the answer was on its way count too."""
        due = [entry for entry in self._open if entry[0] <= step]
        self._open = [entry for entry in self._open if entry[0] > step]
        for at, ahead, imagination in due:
            if at in self._observations:
                self.newest[ahead] = compare(imagination, ahead, at, self._observations[at].images)
                self.history[ahead].append((at, self.newest[ahead].error))


def steps_between(answer_s: float) -> int:
    """Control steps from one imagination to the next, if the last one took so long to come [s]."""
    fastest, slowest = EVERY_STEPS
    return min(max(fastest, math.ceil(CONTROL_HZ * answer_s / BUSY_SHARE)), slowest)


def compare(imagination: Imagination, ahead: int, at: int, actual: Mapping[str, Image]) -> PredictionError:
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
    return PredictionError(imagination.step, at, error, maps)


def _one_line(error: BaseException) -> str:
    text = str(error) if isinstance(error, WamDemoError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:200]
