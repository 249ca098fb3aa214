"""Open loop on a recording: planned against recorded actions, imagined against recorded future."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.diagnose.domain import AHEAD, domain_verdict
from wam_demo.diagnose.imagination import psnr
from wam_demo.policies.receding import PlayedStep
from wam_demo.robots.recording import RecordedStep, RecordingSource
from wam_demo.runtime.loop import Loop
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, FUTURE_STEPS, Image, Observation, Prediction, Vector

DIMENSIONS = ("x_m", "y_m", "z_m", "rx_rad", "ry_rad", "rz_rad", "gripper")
"""Names of the seven numbers of an action, with their units."""
IMAGINE_EVERY = 10
"""Control steps between two imaginations, as in the live view."""
BATCH = 8

Plan = Callable[[Sequence[Observation]], list[Prediction]]
Imagine = Callable[[Sequence[Observation]], list[Mapping[str, Image]]]
"""One future of each observation, (4, H, W, 3) uint8 by camera."""


@dataclass
class OpenLoopScores:
    """Collects errors by step ahead; units as in `DIMENSIONS`, displacement in metres, PSNR in dB."""

    absolute: NDArray[np.float64] = field(default_factory=lambda: np.zeros((CHUNK_STEPS, ACTION_DIM)))
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros((CHUNK_STEPS, ACTION_DIM), np.int64))
    distance: NDArray[np.float64] = field(default_factory=lambda: np.zeros(CHUNK_STEPS))
    distances: NDArray[np.int64] = field(default_factory=lambda: np.zeros(CHUNK_STEPS, np.int64))
    psnr: dict[int, list[float]] = field(default_factory=lambda: {ahead: [] for ahead in FUTURE_STEPS})
    copied: dict[int, list[float]] = field(default_factory=lambda: {ahead: [] for ahead in FUTURE_STEPS})

    def add_plan(self, planned: Vector, recorded: Vector) -> None:
        """Compare a plan (16, 7) with the actions recorded from its step on, (up to 16, 7) with NaN where unknown."""
        count = min(len(recorded), CHUNK_STEPS)
        error = np.abs(planned[:count] - recorded[:count])
        self.absolute[:count] += np.nan_to_num(error)
        self.counts[:count] += np.isfinite(error)
        apart = displacement_error(planned, recorded)
        self.distance[:count] += np.nan_to_num(apart)
        self.distances[:count] += np.isfinite(apart)

    def add_future(self, ahead: int, imagined: Mapping[str, Image], actual: Mapping[str, Image],
                   last: Mapping[str, Image]) -> None:  # fmt: skip
        """Compare imagined pictures with those recorded ``ahead`` steps later, and with repeating the ``last`` ones."""
        shared = [camera for camera in imagined if camera in actual]
        self.psnr[ahead].append(float(np.mean([psnr(imagined[c], actual[c]) for c in shared])))
        self.copied[ahead].append(float(np.mean([psnr(last[c], actual[c]) for c in shared])))

    def document(self) -> dict[str, Any]:
        """JSON-serialisable means by step ahead; ``None`` for what the recording does not allow to compare."""
        by_dimension = {name: _by_step(self.absolute[:, i], self.counts[:, i]) for i, name in enumerate(DIMENSIONS)}
        return {
            "action_error_by_step": _by_step(self.distance, self.distances),
            "action_error_by_dimension": {name: errors for name, errors in by_dimension.items() if errors},
            "psnr_by_step": _means(self.psnr),
            "psnr_copy_last_by_step": _means(self.copied),
            "domain": domain_verdict(self.psnr[AHEAD], self.copied[AHEAD]),
            "plans": int(self.counts[0].max()),
            "imaginations": len(self.psnr[FUTURE_STEPS[0]]),
        }


def displacement_error(planned: Vector, recorded: Vector) -> NDArray[np.float64]:
    """Distance [m] between planned and recorded TCP after 1, 2, ... steps; NaN where that is not known."""
    count = min(len(recorded), CHUNK_STEPS)
    apart = np.cumsum(planned[:count, :3].astype(np.float64) - recorded[:count, :3], axis=0)
    return np.linalg.norm(apart, axis=1)


def _by_step(total: NDArray[np.float64], counts: NDArray[np.int64]) -> dict[str, float] | None:
    if not counts.any():
        return None
    return {str(k + 1): float(total[k] / counts[k]) for k in range(CHUNK_STEPS) if counts[k]}


def _means(values: Mapping[int, Sequence[float]]) -> dict[str, float] | None:
    means = {str(ahead): float(np.mean(measured)) for ahead, measured in values.items() if measured}
    return means or None


@dataclass(frozen=True)
class AnsweredStep:
    """One control step of a recording with what a policy made of it.

    Attributes:
        moment: What was recorded.
        prediction: The policy's answer.
        future: (4, H, W, 3) uint8 by camera, where it imagined.
    """

    moment: RecordedStep
    prediction: Prediction
    future: Mapping[str, Image] | None = None


def judge(
    moments: Iterable[RecordedStep],
    plan: Plan,
    imagine: Imagine | None = None,
    every: int = IMAGINE_EVERY,
    batch: int = BATCH,
) -> Iterator[AnsweredStep]:
    """Let a policy answer every control step of a recording, in batches.

    Args:
        moments: Control steps in order.
        plan: Answers observations.
        imagine: Samples one future each; ``None`` for a policy without imagination.
        every: Control steps between two imaginations.
        batch: Control steps in one call.
    """
    source = RecordingSource(moments)
    loop = Loop(source, _BatchAgent(source, plan, batch))
    while not source.finished:
        moment = source.now
        record = loop.advance()
        assert record.prediction is not None
        imagined = imagine([moment.observation])[0] if imagine and moment.step % every == 0 else None
        yield AnsweredStep(moment, record.prediction, imagined)


class _BatchAgent:
    """Answers the present and the following control steps in one call; nothing that it does changes what comes.

    Args:
        source: Of the loop.
        plan: Answers observations.
        batch: Control steps in one call.
    """

    wait_steps = 0

    def __init__(self, source: RecordingSource, plan: Plan, batch: int) -> None:
        self._source, self._plan, self._batch = source, plan, batch
        self._answers: deque[Prediction] = deque()

    def act(self, step: int, observation: Observation) -> PlayedStep:
        """The first action of the answer to this control step."""
        if not self._answers:
            self._answers.extend(self._plan([each.observation for each in self._source.upcoming(self._batch)]))
        prediction = self._answers.popleft()
        return PlayedStep(np.asarray(prediction.chunk.actions[0], np.float32), prediction, step, 0)

    def close(self) -> None:
        """Nothing is under way."""


def score(
    answered: Iterable[AnsweredStep], actions: Vector, on_step: Callable[[], None] = lambda: None
) -> OpenLoopScores:
    """Score what a policy made of a recording; only the pictures of open imaginations are held.

    Args:
        answered: Control steps in order.
        actions: (steps, 7) recorded, NaN where unknown.
        on_step: Called after each control step.
    """
    scores = OpenLoopScores()
    waiting: deque[AnsweredStep] = deque()
    for entry in answered:
        step, actual = entry.moment.step, recorded_images(entry.moment)
        scores.add_plan(np.asarray(entry.prediction.chunk.actions), actions[step : step + CHUNK_STEPS])
        for earlier in waiting:
            _compare(scores, earlier, step, actual)
        while waiting and waiting[0].moment.step + FUTURE_STEPS[-1] <= step:
            waiting.popleft()
        if entry.future is not None:
            waiting.append(entry)
        on_step()
    return scores


def recorded_images(moment: RecordedStep) -> dict[str, Image]:
    """(128, 128, 3) pictures by camera, without the grey one that stands for a missing camera."""
    return {camera: moment.observation.images[camera] for camera in moment.recorded}


def _compare(scores: OpenLoopScores, earlier: AnsweredStep, step: int, actual: Mapping[str, Image]) -> None:
    ahead = step - earlier.moment.step
    if ahead in FUTURE_STEPS and earlier.future is not None:
        index = FUTURE_STEPS.index(ahead)
        imagined = {camera: frames[index] for camera, frames in earlier.future.items()}
        scores.add_future(ahead, imagined, actual, earlier.moment.observation.images)


def policy_calls(policy: Any, imagines: bool) -> tuple[Plan, Imagine | None]:
    """A loaded policy as the two calls of `judge`, with fixed noise; ``imagines`` as in its `PolicySpec`."""
    from wam_demo.policies.checks import predict

    def plan(observations: Sequence[Observation]) -> list[Prediction]:
        return predict(policy, observations, [0] * len(observations))

    def imagine(observations: Sequence[Observation]) -> list[Mapping[str, Image]]:
        return [samples[0] for samples in policy.imagine(observations, samples=1, seed=0)]

    return plan, imagine if imagines else None
