"""A policy that watches a camera: it imagines, attends and plans, and nothing executes the plan."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from wam_demo.errors import PolicyFault, SourceFault, WamDemoError
from wam_demo.robots.camera import CameraSource, square
from wam_demo.robots.simulator import PICTURE_SIZE
from wam_demo.runtime.agents import AwaitingAgent
from wam_demo.runtime.contracts import Planner
from wam_demo.runtime.loop import Loop
from wam_demo.runtime.monitor import Imagination, PredictionError, PredictionMonitor
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.types import Image, Observation, Prediction, StepRecord

RATE_WINDOW = 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WatchView:
    """What a watching policy shows now; the newest one replaces all before.

    Attributes:
        number: Counts predictions.
        step: Time of the frame in control steps (0.1 s) since the stream began.
        frame: (256, 256, 3) uint8: the camera, as far as the policy sees it. ``None`` before the first.
        observation: What the policy saw.
        prediction: What it answered; ``None`` before its first answer.
        imagination: The newest one.
        prediction_errors: By steps ahead, the newest comparison of imagined and actual.
        rate_hz: Predictions a second, lately.
        age_s: From the frame's arrival to its prediction [s].
        notice: One line for the person; empty when all is well.
    """

    number: int = 0
    step: int = 0
    frame: Image | None = None
    observation: Observation | None = None
    prediction: Prediction | None = None
    imagination: Imagination | None = None
    prediction_errors: Mapping[int, PredictionError] | None = None
    rate_hz: float = 0.0
    age_s: float = 0.0
    notice: str = ""


class Watching(Subscriber):
    """Predicts on the newest frame, as fast as the policy answers, on a thread of its own.

    Args:
        source: The camera, as ``front``.
        planner: Plans and imagines.
        show: Called with each new view, in the watching thread.
        now: Seconds that only grow, as the source's own.
    """

    def __init__(
        self,
        source: CameraSource,
        planner: Planner,
        show: Callable[[WatchView], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._show = show
        self._now = now
        self._view = WatchView()
        self._monitor = PredictionMonitor(planner.imagine)
        self._loop = Loop(source, AwaitingAgent(planner.submit, self._meanwhile), [self._monitor, self])
        self._answered: deque[float] = deque(maxlen=RATE_WINDOW)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watching", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def instruct(self, text: str) -> None:
        """Tell the policy something else from the next frame on. Thread-safe."""
        self._source.instruction = text

    def close(self) -> None:
        """End the thread. Idempotent."""
        self._closing.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self.look()
        finally:
            self._loop.close()

    def look(self) -> None:
        """Answer one frame; whatever fails becomes one line for the person, and the next frame is tried."""
        try:
            self._loop.advance()
        except WamDemoError as error:
            self._complain(" ".join(str(error).split()))
        except Exception as error:
            _log.exception("watching")
            self._complain(f"the policy could not look at this frame ({type(error).__name__})")

    def on_step(self, record: StepRecord) -> None:
        """An answer is there."""
        frame = self._source.frames["front"]
        self._answered.append(self._now())
        self._publish(
            number=self._view.number + 1,
            step=record.step,
            frame=square(frame.image, PICTURE_SIZE),
            observation=record.observation,
            prediction=record.prediction,
            imagination=self._monitor.latest,
            prediction_errors=dict(self._monitor.newest),
            rate_hz=self._rate(),
            age_s=self._now() - frame.received,
            notice=self._monitor.fault or "",
        )

    def _meanwhile(self) -> None:
        """A policy that hangs does not hide a dead camera, nor keep a stream that is closed."""
        if self._closing.is_set():
            raise PolicyFault("the stream is closed")
        try:
            self._source.check()
            self._complain("")
        except SourceFault as fault:
            self._complain(str(fault))

    def _complain(self, notice: str) -> None:
        """Say that nothing new can be shown, and why; or that it can again."""
        if notice != self._view.notice and not self._closing.is_set():
            self._answered.clear()
            self._publish(notice=notice, rate_hz=0.0)

    def _rate(self) -> float:
        times = self._answered
        return (len(times) - 1) / max(1e-3, times[-1] - times[0]) if len(times) > 1 else 0.0

    def _publish(self, **changes: object) -> None:
        self._view = replace(self._view, **changes)  # type: ignore[arg-type]
        self._show(self._view)
