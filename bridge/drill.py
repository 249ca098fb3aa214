"""Fault drills: everything that may go wrong while an arm moves, on a simulated arm in simulated time.

Each drill brings the arm into motion, lets something go wrong, and then looks at what reached the driver: nothing
invalid, at rest in time, and nothing more until somebody arms the arm anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bridge.arm import Arm
from bridge.driver import Array, CameraFrame, Driver, Reading, Scene
from bridge.gate import RAMP_S, TICK_S
from bridge.watches import CAMERA_AGE_S
from wam_demo.robots.arm.wire import COMMAND_AGE_S

REST_TOLERANCE = 1e-6
"""A target that changes by less stands still [rad]."""
Message = dict[str, Any]


class _Recorder:
    """Between gate and driver: keeps what was sent, and adds a camera that can freeze."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.limits, self.kinematics = driver.limits, driver.kinematics
        self.cameras: tuple[str, ...] = ("drill",)
        self.sent: list[tuple[float, Array]] = []
        self.frozen = False
        self.measured = driver.limits.home
        self._frame = CameraFrame(np.zeros((2, 2, 3), np.uint8), 0.0)

    def connect(self, now: float) -> None:
        self._driver.connect(now)

    def read(self, now: float) -> Reading:
        reading = self._driver.read(now)
        self.measured = reading.positions
        if not self.frozen:
            self._frame = CameraFrame(self._frame.image, now)
        return Reading(reading.positions, reading.load, {"drill": self._frame})

    def send(self, positions: Array, now: float) -> None:
        self.sent.append((now, positions.copy()))
        self._driver.send(positions, now)

    def release_torque(self) -> None:
        self._driver.release_torque()

    def close(self) -> None:
        self._driver.close()


class Drill:
    """One arm in motion and a clock in the hand.

    Args:
        driver: Simulated, without cameras of its own.
        seed: Of the scene and of the direction of motion.
    """

    def __init__(self, driver: Driver, seed: int) -> None:
        assert isinstance(driver, Scene)
        self.scene = driver
        for fault in ("dropped_packets", "stuck_joint", "over_current", "bus_error", "unplugged"):
            driver.inject(fault, False)
        driver.reset(seed)
        self.driver = _Recorder(driver)
        self.now = 100.0
        self.arm = Arm(self.driver, clock=lambda: self.now)
        self.random = np.random.default_rng(seed)
        self.number, self.epoch = 0, 0
        self.last_valid = -np.inf
        self.refused: list[str] = []
        direction = self.random.normal(size=3)
        self.motion = np.zeros(7, np.float32)
        self.motion[:3] = 0.003 * direction / np.linalg.norm(direction)
        self.motion[2] = abs(self.motion[2])
        self.motion[6] = 1.0
        self.tick(3)

    def ask(self, kind: str, client: int = 1, **content: Any) -> Message:
        answer = self.arm.answer(client, {"kind": kind, **content})
        assert isinstance(answer, dict)
        if "refused" in answer:
            self.refused.append(answer["refused"])
        return answer

    def start(self) -> None:
        self.ask("lease", name="drill")
        self.epoch = int(self.ask("arm", mode="full")["epoch"])
        self.number = 0

    def command(self, motion: object = None, client: int = 1, **changes: Any) -> bool:
        """Send one; returns whether it was taken."""
        self.number += 1
        message = {"number": self.number, "epoch": self.epoch, "sent": self.now, "commander": "policy", **changes}
        answer = self.ask("command", client, motion=self.motion if motion is None else motion, **message)
        if "refused" not in answer:
            self.last_valid = self.now
        return "refused" not in answer

    def tick(self, count: int = 1) -> None:
        for _ in range(count):
            self.now += TICK_S
            self.arm.tick()

    def drive(self, seconds: float, **changes: Any) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.command(**changes)
            self.tick()

    def moving(self) -> None:
        """Arm and be well past the ramp, there and back."""
        self.start()
        self.drive(0.6)
        self.motion[:3] *= -1
        self.drive(0.6)

    def last_motion(self) -> float:
        """When the last target was sent that differs from the one before."""
        pairs = zip(self.driver.sent[1:], self.driver.sent, strict=False)
        return max((at for (at, new), (_, old) in pairs if np.abs(new - old).max() > REST_TOLERANCE), default=-np.inf)


def _bad(value: Callable[[Drill], object]) -> Callable[[Drill], None]:
    def act(drill: Drill) -> None:
        for _ in range(20):
            assert not drill.command(value(drill)), "it was taken"
            drill.tick()

    return act


def _injected(fault: str) -> Callable[[Drill], None]:
    def act(drill: Drill) -> None:
        drill.scene.inject(fault, True)
        for _ in range(150):
            if not drill.command():
                break
            drill.tick()

    return act


def _dropped(drill: Drill) -> None:
    drill.scene.inject("dropped_packets", True)
    drill.drive(0.5)


def _frozen(drill: Drill) -> None:
    drill.driver.frozen, froze = True, drill.now
    while drill.command():
        drill.tick()
    drill.tick(10)
    assert drill.last_motion() - froze <= CAMERA_AGE_S, "it moved on without a camera"


def _two(drill: Drill) -> None:
    for _ in range(10):
        assert "refused" in drill.ask("lease", 2, name="second"), "two leases"
        drill.number -= 1
        assert not drill.command(client=2), "the second commander was obeyed"


def _replayed(drill: Drill) -> None:
    for number in range(1, 20):
        drill.number = number - 1
        assert not drill.command(), "an old packet was taken"
        drill.tick()


def _aged(drill: Drill) -> None:
    for _ in range(10):
        assert not drill.command(sent=drill.now - 0.2), "a late packet was taken"
        drill.tick()


def _stopped(drill: Drill) -> None:
    drill.ask("stop", 2)
    drill.last_valid = min(drill.last_valid, drill.now)
    drill.tick(10)
    drill.ask("release_stop", 2)
    for _ in range(16):
        assert not drill.command(), "the chunk that waited went on"
        drill.tick()


def _far(again: bool) -> Callable[[Drill], None]:
    def act(drill: Drill) -> None:
        drill.tick(20)
        if again:
            drill.ask("hold")
        drill.start()
        before = drill.driver.measured  # the ramp begins there, not at the target that the servos sagged from
        count = len(drill.driver.sent)
        for _ in range(5):
            drill.command(np.array([3, -3, 3, 2, 2, 2, 1], np.float32))
            drill.tick()
        targets = [before, *(positions for _, positions in drill.driver.sent[count:])]
        fastest = np.max(np.abs(np.diff(targets, axis=0)) / TICK_S / drill.driver.limits.velocity)
        assert fastest <= 0.1 / RAMP_S + 0.05, f"{fastest:.0%} of full speed within 0.1 s"

    return act


DRILLS: Mapping[str, Callable[[Drill], None]] = {
    "NaN": _bad(lambda drill: np.full(7, np.nan, np.float32)),
    "infinity": _bad(lambda drill: np.array([np.inf, 0, 0, 0, 0, 0, 1], np.float32)),
    "wrong shape": _bad(lambda drill: np.zeros(int(drill.random.choice([0, 3, 6, 8])), np.float32)),
    "wrong type": _bad(lambda drill: drill.random.choice(["left", "", "7"]).item()),
    "inference stalls for 10 s": lambda drill: drill.tick(500),
    "worker dies, tab closed": lambda drill: drill.arm.leave(1),
    "network gone": lambda drill: drill.tick(150),
    "camera freezes": _frozen,
    "packets to the motors dropped": _dropped,
    "joint stuck": _injected("stuck_joint"),
    "over-current": _injected("over_current"),
    "bus error": _injected("bus_error"),
    "unplugged": _injected("unplugged"),
    "two commanders": _two,
    "old packets replayed": _replayed,
    "packets late by 0.2 s": _aged,
    "stop released while a chunk waits": _stopped,
    "first target far after start": _far(again=False),
    "first target far after reset": _far(again=True),
}


@dataclass(frozen=True)
class DrillResult:
    """How often one drill was passed, and what broke it first, as one line."""

    name: str
    passed: int
    runs: int
    fault: str | None = None


def run_drills(driver: Driver, runs: int = 20) -> list[DrillResult]:
    """Every drill on a simulated arm, each from ``runs`` seeds; the driver stays open."""
    results = []
    for name, act in DRILLS.items():
        faults = [fault for seed in range(runs) if (fault := _run(driver, act, seed)) is not None]
        results.append(DrillResult(name, runs - len(faults), runs, faults[0] if faults else None))
    return results


def _run(driver: Driver, act: Callable[[Drill], None], seed: int) -> str | None:
    drill = Drill(driver, seed)
    try:
        drill.moving()
        assert drill.last_motion() > drill.now - 2 * TICK_S, "it did not move"
        act(drill)
        drill.tick(15)
        late = drill.last_motion() - drill.last_valid
        assert late <= COMMAND_AGE_S + 1e-6, f"it moved until {late:.3f} s after the last valid command"
        before = drill.last_motion()
        for _ in range(50):
            assert not drill.command(), "a command was taken without arming"
            drill.tick()
        assert drill.last_motion() == before, "motion began without arming"
        _require_within(drill)
    except AssertionError as error:
        return str(error)
    return None


def _require_within(drill: Drill) -> None:
    limits, targets = drill.driver.limits, np.array([positions for _, positions in drill.driver.sent])
    assert np.isfinite(targets).all(), "something that is not finite was sent"
    within = (targets >= limits.lower) & (targets <= limits.upper)
    assert within.all(), "a target outside the limits was sent"
    speeds = np.abs(np.diff(targets, axis=0)) / TICK_S
    assert (speeds <= limits.velocity + 1e-6).all(), "a speed above the limit was sent"
