"""One arm: a driver behind its gate. Requests come in from any thread, the driver is touched by one only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from bridge.command import Refusal, read_command
from bridge.driver import CameraFrame, Driver, DriverFault, Scene
from bridge.gate import TICK_S, Gate, with_ticks
from bridge.ringlog import RingLog
from wam_demo.robots.arm.wire import MODES, ArmStatus

STATE_JOINTS = 7
"""Joint angles in an observation's state; an arm of fewer has zeros."""


class Arm:
    """Answers requests and drives.

    Args:
        driver: Connected by the first tick.
        log: Where the last minute is kept; ``None``: nowhere.
        clock: Seconds that only grow.
    """

    def __init__(self, driver: Driver, log: RingLog | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._driver, self._ringlog = driver, log
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[tuple[Callable[[], None], Future[None]]] = SimpleQueue()
        self._gate = Gate(driver.limits, driver.kinematics, driver.cameras, self._note)
        self._report: dict[str, Any] = {}
        self._frames: Mapping[str, CameraFrame] = {}
        self._ticks = self._late = 0
        self._failed = False
        self._requests = {
            "status": self._status,
            "observe": self._observe,
            "lease": self._lease,
            "arm": self._arm,
            "command": self._command,
            "home": self._home,
            "hold": lambda client, message, now: self._gate.hold(),
            "stop": lambda client, message, now: self._gate.stop(),
            "release_stop": lambda client, message, now: self._gate.release_stop(),
            "check": self._check,
        }

    # Requests

    def answer(self, client: int, message: Mapping[str, Any]) -> dict[str, Any] | Future[None]:
        """One answer, or the future of a job for the control thread; never raises for a bad request."""
        now, kind = self.clock(), message.get("kind")
        with self._lock:
            self._gate.lease.heard(client, now)
            try:
                job = self._job(client, kind, message, now)
                if job is not None:
                    return job
                if kind not in self._requests:
                    raise Refusal("malformed", f"unknown request {str(kind)[:40]!r}")
                content = self._requests[str(kind)](client, message, now) or {}
            except Refusal as refusal:
                self._gate.refuse(refusal)
                content = {"refused": refusal.reason, "text": str(refusal)}
            return {**content, "status": self._now(now).message()}

    def leave(self, client: int) -> None:
        """A client is gone."""
        with self._lock:
            self._gate.leave(client)

    def status(self) -> ArmStatus:
        """Where it stands."""
        with self._lock:
            return self._now(self.clock())

    def stop(self) -> None:
        """STOP, from inside the process."""
        with self._lock:
            self._gate.stop()

    def _job(self, client: int, kind: object, message: Mapping[str, Any], now: float) -> Future[None] | None:
        """What only the control thread may do: it touches the driver."""
        if kind == "connect":
            return self._queue(self._connect)
        if kind == "slacken":
            self._gate.slacken()
            return self._queue(self._driver.release_torque)
        if kind in ("reset", "inject"):
            driver = self._driver
            if not isinstance(driver, Scene):
                raise Refusal("malformed", "only a simulated arm has scenes and faults to set")
            if kind == "inject":
                fault, on = str(message.get("fault")), bool(message.get("on"))
                return self._queue(lambda: driver.inject(fault, on))
            self._gate.lease.require(client, now)
            if self._gate.motion.moving:
                raise Refusal("state", "the arm is moving: hold it first")
            seed = message.get("seed")
            if isinstance(seed, bool) or not isinstance(seed, int):
                raise Refusal("malformed", "a scene needs a whole seed")
            self._gate.hold()
            return self._queue(lambda: self._reset(driver, seed))
        return None

    def _queue(self, job: Callable[[], None]) -> Future[None]:
        future: Future[None] = Future()
        self._jobs.put((job, future))
        return future

    def _status(self, client: int, message: Mapping[str, Any], now: float) -> None:
        """Nothing but the status that every answer has."""

    def _check(self, client: int, message: Mapping[str, Any], now: float) -> dict[str, Any]:
        problems = self._gate.problems(now, policy=True)
        return {
            "problems": [{"reason": problem.reason, "text": str(problem)} for problem in problems],
            "workspace": self._gate.limits.workspace,
        }

    def _lease(self, client: int, message: Mapping[str, Any], now: float) -> None:
        self._gate.take_lease(client, str(message.get("name", "somebody"))[:40], now)

    def _arm(self, client: int, message: Mapping[str, Any], now: float) -> dict[str, Any]:
        mode = message.get("mode")
        if mode not in MODES:
            raise Refusal("malformed", f"a mode is one of {', '.join(MODES)}")
        return {"epoch": self._gate.arm(client, mode, now)}

    def _command(self, client: int, message: Mapping[str, Any], now: float) -> dict[str, Any]:
        return {"applied": self._gate.command(client, read_command(message), now).astype(np.float32)}

    def _home(self, client: int, message: Mapping[str, Any], now: float) -> None:
        self._gate.go_home(client, read_command(message, home=True), now)

    def _observe(self, client: int, message: Mapping[str, Any], now: float) -> dict[str, Any]:
        reading = self._gate.reading
        if reading is None:
            raise Refusal("state", "the arm has not been read yet")
        position, rotation = self._gate.kinematics.tcp(reading.positions[:-1])
        joints = np.zeros(STATE_JOINTS)
        joints[: len(reading.positions) - 1] = reading.positions[:-1]
        state = np.concatenate([position, rotation[:, :2].T.ravel(), reading.positions[-1:], joints])
        return {
            "state": state.astype(np.float32),
            "commanded": self._gate.motion.position.astype(np.float32),
            "time": now,
            "images": {name: frame.image for name, frame in self._frames.items()},
            "captured": {name: frame.captured for name, frame in self._frames.items()},
            "report": self._report,
        }

    # The control thread

    def tick(self, late: bool = False) -> None:
        """One tick: do what was queued, measure, ask the gate, send."""
        self._ticks += 1
        self._late += late
        now = self.clock()
        if self._ticks == 1:
            self._queue(self._connect)
        self._do_jobs()
        with self._lock:
            dead = self._gate.status(now).state == "disconnected" or self._failed
        if dead:
            return
        try:
            reading = self._driver.read(now)
            with self._lock:
                if isinstance(self._driver, Scene):
                    self._report = self._driver.report()
                self._frames = reading.frames
                out = self._gate.tick(reading, now)
                if self._ringlog is not None:
                    self._ringlog.write(now, "tick", out, reading.positions)
            if out is not None:
                self._driver.send(out, now)
        except DriverFault as error:
            self._fail(str(error))
        except Exception as error:
            self._fail(f"the driver broke: {type(error).__name__}: {error}")

    def run(self, stopping: Callable[[], bool]) -> None:
        """Tick at the driver's rate until ``stopping``; then come to rest and close."""
        due = self.clock()
        try:
            while not stopping() or self._comes_to_rest():
                wait = due - self.clock()
                if wait > 0:
                    time.sleep(wait)
                late = -wait > TICK_S / 2
                due = self.clock() + TICK_S if late else due + TICK_S
                self.tick(late)
        finally:
            self.close()

    def close(self) -> None:
        """Close driver and log. Idempotent."""
        self._driver.close()
        if self._ringlog is not None:
            self._ringlog.close()

    # Inside

    def _comes_to_rest(self) -> bool:
        with self._lock:
            if self._gate.status(self.clock()).state == "moving":
                self._gate.stop()
            return self._gate.motion.moving and not self._failed

    def _now(self, now: float) -> ArmStatus:
        return with_ticks(self._gate.status(now), self._ticks, self._late)

    def _do_jobs(self) -> None:
        while True:
            try:
                job, future = self._jobs.get_nowait()
            except Empty:
                return
            try:
                job()
                future.set_result(None)
            except DriverFault as error:
                self._fail(str(error))
                future.set_exception(Refusal("driver", str(error)))
            except ValueError as error:
                future.set_exception(Refusal("malformed", str(error)))

    def _connect(self) -> None:
        now = self.clock()
        self._driver.connect(now)
        self._failed = False
        with self._lock:
            self._gate.connected(now)

    def _reset(self, scene: Scene, seed: int) -> None:
        scene.reset(seed)
        self._failed = False
        with self._lock:
            self._report = scene.report()
            self._gate.placed()

    def _fail(self, fault: str) -> None:
        self._failed = True
        with self._lock:
            self._gate.fail(fault)

    def _note(self, kind: str, text: str) -> None:
        """The gate's changes go into the log; it is called with the lock held."""
        if self._ringlog is not None:
            reading = self._gate.reading
            measured = None if reading is None else reading.positions
            self._ringlog.write(self.clock(), kind, self._gate.motion.position, measured, text)
