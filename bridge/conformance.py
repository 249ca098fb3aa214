"""What every driver has to keep, as checks that any driver can be put through; it moves the arm by 0.05 rad."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bridge.driver import ArmLimits, Driver, Reading
from bridge.gate import TICK_S
from bridge.limiter import at_rest, towards

MOVE_RAD = 0.05
SETTLE_S = 1.5
FIRST_FRAME_S = 5.0
BRAKING_S = 0.05
"""Longest time to stop from full speed [s]: a commander is given up early enough to be at rest in time."""
CALL_S = 0.1
"""Longest call of a driver [s]."""


@dataclass(frozen=True)
class RuleResult:
    """One rule and what broke it, as one line; ``None``: it is kept."""

    rule: str
    fault: str | None


def check_driver(
    driver: Driver, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> list[RuleResult]:
    """Put a driver through every rule; it is closed at the end.

    Args:
        driver: Not yet connected, its arm free to move.
        clock: Seconds that only grow.
        sleep: Waits.
    """
    session = _Session(driver, clock, sleep)
    results = []
    try:
        for rule in (limits, connects, reads, holds, moves, kinematics, frames, closes):
            try:
                rule(session)
                fault = None
            except Exception as error:
                fault = " ".join(str(error).split()) or type(error).__name__
            results.append(RuleResult((rule.__doc__ or "").rstrip("."), fault))
    finally:
        driver.close()
    return results


class _Session:
    def __init__(self, driver: Driver, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.driver, self.clock, self.sleep = driver, clock, sleep

    def read(self) -> Reading:
        began = time.perf_counter()
        reading = self.driver.read(self.clock())
        _require(time.perf_counter() - began < CALL_S, "a reading took more than 0.1 s")
        return reading

    def drive(self, goal: np.ndarray, seconds: float) -> Reading:
        """To a goal, as the gate would."""
        motion = at_rest(np.clip(self.read().positions, self.driver.limits.lower, self.driver.limits.upper))
        for _ in range(round(seconds / TICK_S)):
            reading = self.read()
            motion = towards(motion, goal, self.driver.limits, TICK_S)
            self.driver.send(motion.position, self.clock())
            self.sleep(TICK_S)
        return reading


def limits(session: _Session) -> None:
    """Limits are finite, ordered, and hold the home pose."""
    arm: ArmLimits = session.driver.limits
    arrays = (arm.lower, arm.upper, arm.velocity, arm.acceleration, arm.home)
    _require(all(array.shape == arm.home.shape and np.isfinite(array).all() for array in arrays), "shapes differ")
    _require(bool((arm.lower < arm.upper).all() and (arm.lower <= arm.home).all()), "lower, home, upper in order")
    _require(bool((arm.home <= arm.upper).all() and (arm.velocity > 0).all()), "home below upper, velocity above 0")
    _require(bool((arm.acceleration > 0).all()), "acceleration above 0")
    _require((arm.lower[-1], arm.upper[-1]) == (0, 1), "the gripper goes from 0 to 1")
    braking = float(np.max(arm.velocity / arm.acceleration))
    _require(braking <= BRAKING_S, f"at full speed it takes {braking:.3f} s to stop; {BRAKING_S} s is the most")
    tcp = session.driver.kinematics.tcp(arm.home[:-1])[0]
    _require(bool((tcp > arm.workspace[0]).all() and (tcp < arm.workspace[1]).all()), "home is in the workspace")


def connects(session: _Session) -> None:
    """Connecting does not move the arm, twice neither."""
    session.driver.connect(session.clock())
    before = session.read().positions
    session.sleep(0.2)
    session.driver.connect(session.clock())
    moved = np.abs(session.read().positions - before)[:-1].max()
    _require(bool(moved < 0.02), f"it moved by {moved:.3f} rad")


def reads(session: _Session) -> None:
    """A reading has the limits' shape, is finite, and its load is a share."""
    reading, shape = session.read(), session.driver.limits.home.shape
    _require(reading.positions.shape == shape and reading.load.shape == shape, "positions or load of another shape")
    _require(bool(np.isfinite(reading.positions).all() and np.isfinite(reading.load).all()), "NaN or infinity")
    _require(bool((reading.load >= 0).all() and (reading.load <= 1.5).all()), "load is not a share of the rated one")


def holds(session: _Session) -> None:
    """Sent where it stands, it stays there."""
    start = np.clip(session.read().positions, session.driver.limits.lower, session.driver.limits.upper)
    after = session.drive(start, 0.5).positions
    moved = np.abs(after - start)[:-1].max()
    _require(bool(moved < 0.03), f"it moved by {moved:.3f} rad")


def moves(session: _Session) -> None:
    """Every joint reaches a goal 0.05 rad away to 0.02 rad."""
    limits = session.driver.limits
    start = np.clip(session.read().positions, limits.lower, limits.upper)
    up = start + MOVE_RAD <= limits.upper
    goal = np.where(up, start + MOVE_RAD, start - MOVE_RAD)
    goal[-1] = start[-1]
    error = np.abs(session.drive(goal, SETTLE_S).positions - goal)[:-1]
    session.drive(start, SETTLE_S)
    _require(bool(error.max() < 0.02), f"joint {int(np.argmax(error)) + 1} ended {error.max():.3f} rad away")


def kinematics(session: _Session) -> None:
    """The kinematics find a pose that they computed, to 1 mm."""
    home = session.driver.limits.home[:-1]
    position, rotation = session.driver.kinematics.tcp(home)
    found = session.driver.kinematics.tcp(session.driver.kinematics.solve(home + 0.03, position, rotation))[0]
    error = float(np.linalg.norm(found - position))
    _require(error < 1e-3, f"{1e3 * error:.1f} mm away")


def frames(session: _Session) -> None:
    """Every camera delivers pictures (H, W, 3) uint8 with times that grow."""
    first = dict(_until_all(session))
    session.sleep(0.3)
    for name, frame in _until_all(session).items():
        image = frame.image
        _require(image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3, f"{name} is no uint8 picture")
        _require(frame.captured <= session.clock() + 1e-3, f"{name} comes from the future")
        _require(frame.captured > first[name].captured, f"{name} has shown nothing new for 0.3 s")


def closes(session: _Session) -> None:
    """It closes, twice as well."""
    session.driver.close()
    session.driver.close()


def _until_all(session: _Session) -> dict:
    began = session.clock()
    while True:
        found = session.read().frames
        if all(name in found for name in session.driver.cameras):
            return {name: found[name] for name in session.driver.cameras}
        missing = set(session.driver.cameras) - set(found)
        _require(session.clock() - began < FIRST_FRAME_S, f"no picture of {missing} within {FIRST_FRAME_S:g} s")
        session.sleep(TICK_S)


def _require(kept: bool, otherwise: str) -> None:
    if not kept:
        raise AssertionError(otherwise)
