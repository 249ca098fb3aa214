"""What the Arm tab does with the arm: one session for the whole app, since there is one arm."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from wam_demo.errors import InvalidInputError, SourceFault, WamDemoError
from wam_demo.evaluate.grid.trials import Trials, Verdict
from wam_demo.evaluate.report.write import write_report
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.limits import ARM_PAGE_S
from wam_demo.robots.arm.calibration import camera_poses, load_mounts
from wam_demo.robots.arm.client import ArmAddress, ArmClient
from wam_demo.robots.arm.preflight import preflight
from wam_demo.robots.arm.source import ArmSource
from wam_demo.robots.arm.wire import Mode
from wam_demo.robots.camera import square
from wam_demo.runtime import Planner
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.types import StepRecord, Vector
from wam_demo.ui.arm.cameras import CameraCalibration, drawn
from wam_demo.ui.shared.timeline import planned_path

CHART_STEPS = 100
PICTURE_SIZE = 480
"""Side of the picture of the tab [px]."""
ALPHA = 0.05
"""Level of the any-time test that ends a comparison early."""


@dataclass
class TrialState:
    """What the page shows of the trials: a line, how many there are, and whether a verdict is waited for."""

    line: str = ""
    running: bool = False
    number: int = 0
    total: int = 0
    asks: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    report: str = ""


class _Chart(Subscriber):
    """Commanded and applied speed of the TCP along x, y and z [cm a step]."""

    def __init__(self) -> None:
        self.rows: deque[tuple[list[float], list[float]]] = deque(maxlen=CHART_STEPS)
        self.plan: Vector | None = None
        """(N, 3) where the newest plan leads the TCP from where it is [m]; ``None`` without a plan."""

    def on_step(self, record: StepRecord) -> None:
        commanded = record.commanded if record.commanded is not None else record.action
        one, other = ([round(100 * float(v), 2) for v in row[:3]] for row in (commanded, record.action))
        self.rows.append((one, other))
        self.plan = None
        if record.prediction is not None and record.index is not None:
            ahead = record.prediction.chunk.actions[record.index :]
            self.plan = planned_path(ahead, record.observation.state[:3])[:, :3]


class ArmSession:
    """Connects to the bridge, runs trials on a thread of its own, and stops the arm when its page is gone.

    Args:
        address: Of the bridge.
        open_planner: Gives the planner of a policy.
        out: Where the trials' folders go.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        address: ArmAddress,
        open_planner: Callable[[str, ArmSource], Planner],
        out: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self._open_planner, self._out, self._clock = open_planner, out, clock
        self._client: ArmClient | None = None
        self._source: ArmSource | None = None
        self._thread: threading.Thread | None = None
        self._chart = _Chart()
        self._calibration = CameraCalibration()
        self._workspace: Vector | None = None
        self._trials = TrialState()
        self._verdict: Verdict | None = None
        self._answered, self._ending = threading.Event(), threading.Event()
        self._heard = clock()

    def state(self) -> dict[str, Any]:
        """Everything that the page shows; a sign of life of the page."""
        self._heard = self._clock()
        try:
            status = asdict(self._watch("status"))
            fault = ""
        except SourceFault as error:
            status, fault = {}, str(error)
        chart = list(self._chart.rows)
        return {"status": status, "bridge": fault, "trials": asdict(self._trials), "chart": chart}

    def picture(self) -> bytes:
        """JPEG of the front camera, with workspace and plan; raises `SourceFault` without one."""
        import cv2

        client = self._connected()
        answer = client.ask("observe")
        if self._workspace is None:
            self._workspace = client.ask("check")["workspace"]
        image = answer["images"].get("front")
        if image is None:
            raise SourceFault("the arm has no camera called front")
        pose = camera_poses(answer, load_mounts()).get("front")
        image = drawn(square(image, PICTURE_SIZE), pose, self._workspace, self._chart.plan)
        return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()

    def calibrate(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """One more picture of the board, see `CameraCalibration.take`."""
        return self._calibration.take(self._connected(), question)

    def forget_camera(self, camera: str) -> None:
        """Its calibration is no longer used."""
        self._calibration.forget(camera)

    def where(self) -> dict[str, Any]:
        """The TCP [cm] and the names of the cameras."""
        answer = self._connected().ask("observe")
        position = [round(100 * float(value), 1) for value in answer["state"][:3]]
        return {"position": position, "cameras": list(answer["images"])}

    def preflight(self) -> list[dict[str, Any]]:
        """The list before anything moves."""
        return [asdict(item) for item in preflight(self._connected())]

    def ask(self, kind: str) -> None:
        """``stop``, ``release_stop``, ``hold``, ``slacken`` or ``connect``."""
        if kind in ("stop", "hold"):
            self._ending.set()
        self._connected().ask(kind, 20.0 if kind in ("slacken", "connect") else 1.0)

    def home(self) -> None:
        """Go home at half speed, unless trials are under way."""
        self._require_idle()
        self._start(self._go_home)

    def begin(self, spec: GridSpec, mode: Mode, instruction: str) -> None:
        """Begin trials; raises `InvalidInputError` while others run."""
        self._require_idle()
        problems = [item for item in self.preflight() if item["needed"] and not item["ok"]]
        if problems:
            raise InvalidInputError(f"{problems[0]['name']}: {problems[0]['detail']}")
        self._start(lambda: self._play(spec, mode, instruction))

    def judge(self, success: bool, note: str) -> None:
        """What the person says of the trial; ends one that still runs."""
        self._verdict = Verdict(success, note)
        self._answered.set()

    def close(self) -> None:
        """Stop the trials and leave. Idempotent."""
        self._ending.set()
        self._answered.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
        if self._client is not None:
            self._client.close()

    # Inside

    def _connected(self) -> ArmClient:
        if self._client is None:
            self._client = ArmClient.connect(self.address)
        return self._client

    def _watch(self, kind: str) -> Any:
        client = self._connected()
        try:
            client.ask(kind)
        except SourceFault:
            client.close()
            self._client = None
            raise
        return client.status

    def _require_idle(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            raise InvalidInputError("the arm is busy: stop it first")

    def _start(self, work: Callable[[], None]) -> None:
        self._ending.clear()
        self._trials = TrialState(running=True, line="getting ready")
        self._chart.rows.clear()
        self._chart.plan = None
        self._thread = threading.Thread(target=self._guarded, args=[work], name="arm", daemon=True)
        self._thread.start()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except WamDemoError as error:
            self._trials.line = str(error)
        finally:
            self._trials.running = self._trials.asks = False
            self._chart.plan = None

    def _go_home(self) -> None:
        with ArmClient.connect(self.address) as client:
            ArmSource(client, "half", name="Arm tab").reset(0)
        self._trials.line = "at home"

    def _play(self, spec: GridSpec, mode: Mode, instruction: str) -> None:
        out = self._out / time.strftime("%Y%m%d-%H%M%S")
        source = ArmSource.connect(self.address, mode, instruction, "Arm tab")
        with closing(source), Trials(source, spec, out, self._open_planner) as trials:
            self._trials.total = spec.total
            for trial in trials.order():
                if self._ending.is_set():
                    break
                self._answered.clear()
                self._verdict = None
                self._trials.number, self._trials.line = trial.number, f"trial {trial.number} of {spec.total}"
                record = trials.play(trial, lambda ok: self._judged(source, ok), self._interrupted, (self._chart,))
                self._trials.counts[record.outcome] = self._trials.counts.get(record.outcome, 0) + 1
                if trials.decided(ALPHA):
                    self._trials.line = "decided by the any-time test"
                    break
            if trials.records:
                self._trials.report = str(write_report(out, videos=0).html)
        if not self._trials.line.startswith("decided"):
            self._trials.line = "stopped" if self._ending.is_set() else "done"

    def _interrupted(self) -> bool:
        if self._clock() - self._heard > ARM_PAGE_S:
            self._ending.set()
            with suppress(SourceFault):
                self._connected().ask("stop")
        return self._ending.is_set() or self._answered.is_set()

    def _judged(self, source: ArmSource, success: bool) -> Verdict:
        """A simulated task judges itself; otherwise the person does, and resets the scene."""
        if self._verdict is None and source.is_judged:
            return Verdict(success)
        self._trials.asks = self._verdict is None
        self._trials.line = "success (S) or failure (F)? Then reset the scene"
        while self._verdict is None and not self._ending.is_set():
            self._answered.wait(0.1)
        self._trials.asks = False
        return self._verdict or Verdict(False, "stopped")
