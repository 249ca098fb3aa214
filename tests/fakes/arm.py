"""A gantry for the gate's tests: three joints that are the TCP's coordinates, and a gripper. Time stands in a hand."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np

from bridge.arm import Arm
from bridge.command import Refusal
from bridge.driver import ArmLimits, Array, CameraFrame, DriverFault, Reading
from bridge.gate import TICK_S
from wam_demo.errors import SourceFault
from wam_demo.robots.arm.client import ArmClient
from wam_demo.robots.arm.source import ArmSource
from wam_demo.robots.arm.wire import decode, encode


class Hands:
    """A clock that a test moves."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Workbench:
    """An arm in this process whose time passes only while somebody sleeps; it is the transport of its clients.

    Attributes:
        client: Number of the client that asks.
    """

    def __init__(self, driver, log=None) -> None:
        self.clock, self.driver = Hands(), driver
        self.arm = Arm(driver, log, self.clock)
        self.client, self.dead = 1, False
        self._due = self.clock.now
        self.sleep(TICK_S)

    def source(self, mode="full", **options) -> ArmSource:
        return ArmSource(ArmClient(self, self.clock), mode, clock=self.clock, sleep=self.sleep, **options)

    def sleep(self, seconds: float) -> None:
        ends = self.clock.now + seconds
        while self._due <= ends + 1e-9:
            self.clock.now = max(self.clock.now, self._due)
            self._due += TICK_S
            self.arm.tick()
        self.clock.now = max(self.clock.now, ends)

    def exchange(self, request: bytes, timeout: float) -> bytes:
        if self.dead:
            raise SourceFault("the bridge is gone")
        answer = self.arm.answer(self.client, decode(request))
        if isinstance(answer, Future):
            self.sleep(TICK_S)
            try:
                answer.result(timeout=0)
                answer = {"status": self.arm.status().message()}
            except Refusal as refusal:
                answer = {"refused": refusal.reason, "text": str(refusal), "status": self.arm.status().message()}
        return encode(answer)

    def close(self) -> None:
        self.arm.leave(self.client)


def gantry_limits() -> ArmLimits:
    return ArmLimits(
        lower=np.array([-1.0, -1.0, 0.0, 0.0]),
        upper=np.array([1.0, 1.0, 1.0, 1.0]),
        velocity=np.array([1.0, 1.0, 1.0, 5.0]),
        acceleration=np.array([20.0, 20.0, 20.0, 100.0]),
        workspace=np.array([[-0.5, -0.5, 0.1], [0.5, 0.5, 0.8]]),
        home=np.array([0.0, 0.0, 0.4, 1.0]),
        stall_error=0.03,
    )


class GantryKinematics:
    def tcp(self, joints: Array) -> tuple[Array, Array]:
        return np.array(joints, np.float64), np.eye(3)

    def solve(self, joints: Array, position: Array, rotation: Array) -> Array:
        return np.array(position, np.float64)


class Gantry:
    """A driver that goes where it is sent at once, unless a fault is set.

    Attributes:
        sent: Everything that reached the motors: time and positions.
        broken: A line that the bus fails with.
        stuck: The joints stay where they are, under full load.
        frozen: The camera shows nothing new.
    """

    def __init__(self, cameras: tuple[str, ...] = ()) -> None:
        self.limits, self.kinematics, self.cameras = gantry_limits(), GantryKinematics(), cameras
        self.positions = self.limits.home.copy()
        self.sent: list[tuple[float, Array]] = []
        self.broken: str | None = None
        self.stuck = self.frozen = self.slack = self.closed = False
        self._frames: dict[str, CameraFrame] = {}

    def connect(self, now: float) -> None:
        self._require()

    def read(self, now: float) -> Reading:
        self._require()
        if not self.frozen:
            self._frames = {name: CameraFrame(np.zeros((4, 4, 3), np.uint8), now) for name in self.cameras}
        load = np.full(4, 0.9 if self.stuck else 0.0)
        return Reading(self.positions.copy(), load, self._frames)

    def send(self, positions: Array, now: float) -> None:
        self._require()
        assert np.isfinite(positions).all()
        self.sent.append((now, positions.copy()))
        if not self.stuck:
            self.positions = positions.copy()

    def release_torque(self) -> None:
        self.slack = True

    def close(self) -> None:
        self.closed = True

    def _require(self) -> None:
        if self.broken:
            raise DriverFault(self.broken)
