"""A policy that watches a camera: it imagines, attends and plans, and nothing executes the plan."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace

from wam_demo.diagnose.foresight import Foresight, Imagination, Surprise
from wam_demo.errors import WamDemoError
from wam_demo.robots.camera import CameraSource, Frame, FrameBox, square
from wam_demo.runtime.contracts import Planner
from wam_demo.types import CONTROL_HZ, Image, Observation, Prediction

PICTURE_SIZE = 256
"""Side [px] of the picture that people see."""
GAP_STEPS = 20
"""After a pause this long [control steps] what was imagined before is not compared with what comes."""
TICK_S = 0.05
"""How often a camera that delivers nothing is looked at."""
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
        surprises: By steps ahead, the newest comparison of imagined and actual.
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
    surprises: Mapping[int, Surprise] | None = None
    rate_hz: float = 0.0
    age_s: float = 0.0
    notice: str = ""


class Watching:
    """Predicts on the newest frame, as fast as the policy answers, on a thread of its own.

    Args:
        source: Makes observations of frames.
        frames: The camera.
        planner: Plans and imagines.
        show: Called with each new view, in the watching thread.
    """

    def __init__(
        self, source: CameraSource, frames: FrameBox, planner: Planner, show: Callable[[WatchView], None]
    ) -> None:
        self._source = source
        self._frames = frames
        self._planner = planner
        self._show = show
        self._view = WatchView()
        self._foresight = Foresight(planner.imagine)
        self._answered: deque[float] = deque(maxlen=RATE_WINDOW)
        self._began, self._step = time.monotonic(), -1
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
        last = 0
        try:
            while not self._closing.is_set():
                frame = self._frames.wait_for(last, TICK_S)
                last = frame.number if frame is not None else last
                self._guarded(frame)
        finally:
            self._foresight.close()

    def _guarded(self, frame: Frame | None) -> None:
        """Whatever fails becomes one line for the person, and the next frame is tried."""
        notice = self._frames.fault() or ""
        try:
            if frame is not None and not notice:
                self._look(frame)
                return
        except WamDemoError as error:
            notice = " ".join(str(error).split())
        except Exception as error:
            _log.exception("watching")
            notice = f"the policy could not look at this frame ({type(error).__name__})"
        self._complain(notice)

    def _complain(self, notice: str) -> None:
        """Say that nothing new can be shown, and why; or that it can again."""
        if notice != self._view.notice:
            self._answered.clear()
            self._publish(notice=notice, rate_hz=0.0)

    def _look(self, frame: Frame) -> None:
        observation = self._source.seen({"front": frame})
        prediction = self._await(self._planner.submit(observation))
        if prediction is None:
            return
        step = int((frame.received - self._began) * CONTROL_HZ)
        self._remember(step, observation)
        self._answered.append(time.monotonic())
        self._publish(
            number=self._view.number + 1,
            step=step,
            frame=square(frame.image, PICTURE_SIZE),
            observation=observation,
            prediction=prediction,
            imagination=self._foresight.latest,
            surprises=dict(self._foresight.surprises),
            rate_hz=_rate(self._answered),
            age_s=time.monotonic() - frame.received,
            notice=self._foresight.fault or "",
        )

    def _await(self, future: Future[Prediction]) -> Prediction | None:
        """The answer, or ``None`` when the stream is closed first."""
        while not self._closing.is_set():
            try:
                return future.result(timeout=TICK_S)
            except FutureTimeoutError:
                if future.done():
                    raise
                self._complain(self._frames.fault() or "")
        future.cancel()
        return None

    def _remember(self, step: int, observation: Observation) -> None:
        """Let this picture stand for the control steps since the last, so that every imagined moment finds one."""
        if self._step < 0 or step - self._step > GAP_STEPS:
            self._foresight.close()
            self._foresight = Foresight(self._planner.imagine)
            self._step = step - 1
        for passed in range(self._step + 1, step + 1):
            self._foresight.observe(passed, observation)
        self._step = max(self._step, step)

    def _publish(self, **changes: object) -> None:
        self._view = replace(self._view, **changes)  # type: ignore[arg-type]
        self._show(self._view)


def _rate(times: Sequence[float] | deque[float]) -> float:
    return (len(times) - 1) / max(1e-3, times[-1] - times[0]) if len(times) > 1 else 0.0
