"""The safety gate: the only way from a command to a driver.

It does no input or output and has no clock of its own, so that every rule can be tested by itself. `tick` is called
at the driver's rate with what was measured and returns what to send; everything else is asked by clients in between.
It is not a safety-rated stop: it cannot act on a motor that does not obey, nor when its computer fails.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from time import perf_counter

import numpy as np

from bridge.command import CLOCK_SKEW_S, Command, Refusal
from bridge.driver import ArmLimits, Array, Kinematics, Reading
from bridge.lease import Lease
from bridge.limiter import Motion, allowed, at_rest, braked, braking_time, limited, towards
from bridge.target import Allowance, next_goal
from bridge.watches import CameraWatch, StallWatch
from wam_demo.robots.arm.wire import COMMAND_AGE_S, ArmStatus, Mode, State

TICK_S = 0.02
"""Period of the driver [s]."""
RAMP_S = 1.0
"""Time in which the speed limit rises to its full value after each arming and change of commander [s]."""
RAMP_FLOOR = 0.1
OUTSIDE_TOLERANCE = 0.03
"""A joint may rest this far outside its limits when the arm is armed [rad]."""
SCALE: dict[Mode, float] = {"dry": 1.0, "half": 0.5, "full": 1.0}
HOME_TOLERANCE = 2e-3

Log = Callable[[str, str], None]


class Gate:
    """Checks, limits and counts; see the module.

    Args:
        limits: What the arm is held to.
        kinematics: Of the arm.
        cameras: Those that have to be alive when a policy commands.
        log: Told of each change: its kind and one line.
    """

    def __init__(
        self, limits: ArmLimits, kinematics: Kinematics, cameras: tuple[str, ...] = (), log: Log = lambda *_: None
    ) -> None:
        self.limits, self.kinematics = limits, kinematics
        self.lease = Lease()
        self.motion: Motion = at_rest(limits.home)
        self.reading: Reading | None = None
        self._cameras, self._log = cameras, log
        self._state: State = "disconnected"
        self._mode: Mode = "dry"
        self._stopped = self._slack = False
        self._fault = self._why = ""
        self._epoch = self._number = 0
        self._goal: Array = self.motion.position
        self._deadline = self._ramp_from = 0.0
        self._commander = ""
        self._allowance = Allowance(0.0)
        self._camera_watch: CameraWatch | None = None
        self._stall_watch = StallWatch(limits)
        self._clamped: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._stops: Counter[str] = Counter()
        self._gate_ms: deque[float] = deque(maxlen=200)

    # What clients ask

    def status(self, now: float) -> ArmStatus:
        """Where the gate stands."""
        home = np.abs(self.motion.position - self.limits.home)[:-1].max() < HOME_TOLERANCE
        return ArmStatus(
            state=self._state,
            mode=self._mode,
            stopped=self._stopped,
            fault=self._fault,
            why=self._why,
            epoch=self._epoch,
            holder=self.lease.name(now),
            moving=self.motion.moving,
            at_home=bool(home),
            clamped=dict(self._clamped),
            refused=dict(self._refused),
            stops=dict(self._stops),
            gate_ms=round(median(self._gate_ms), 3) if self._gate_ms else 0.0,
        )

    def refuse(self, refusal: Refusal) -> Refusal:
        """Count a refusal; returns it, to be raised or answered."""
        self._refused[refusal.reason] += 1
        self._log("refused", f"{refusal.reason}: {refusal}")
        return refusal

    def take_lease(self, client: int, name: str, now: float) -> None:
        """Make a client the commander; whatever moved before stops. Raises `Refusal`."""
        changed = self.lease.holder(now) != client
        self.lease.take(client, name, now)
        if changed:
            self._halt("change of commander")
            self._log("lease", name)

    def leave(self, client: int) -> None:
        """A client is gone: if it commanded, the arm comes to rest."""
        if self.lease.release(client):
            self._halt("the commander left")

    def arm(self, client: int, mode: Mode, now: float) -> int:
        """Permit motion from the measured pose on; returns the epoch that commands have to name. Raises `Refusal`."""
        self.lease.require(client, now)
        for problem in self.problems(now, policy=False):
            raise problem
        if self.motion.moving:
            raise Refusal("state", "the arm is still coming to rest")
        assert self.reading is not None
        within = np.clip(self.reading.positions, self.limits.lower, self.limits.upper)
        self.motion, self._goal = at_rest(within), within
        self._epoch += 1
        self._number, self._mode, self._slack = 0, mode, False
        self._ramp_from, self._allowance = now, Allowance(now)
        self._stall_watch = StallWatch(self.limits)
        self._become("armed", "")
        return self._epoch

    def problems(self, now: float, policy: bool) -> list[Refusal]:
        """Why the arm cannot be armed now; empty if it can. With ``policy`` cameras count."""
        found = []
        if self._stopped:
            found.append(Refusal("stopped", "STOP is pressed: release it first"))
        if self._state in ("disconnected", "fault"):
            found.append(Refusal("state", self._fault or "the arm is not connected"))
        if self.reading is None:
            found.append(Refusal("state", "the arm has not been read yet"))
        else:
            over = np.maximum(self.limits.lower - self.reading.positions, self.reading.positions - self.limits.upper)
            if (worst := int(np.argmax(over[:-1]))) is not None and over[worst] > OUTSIDE_TOLERANCE:
                found.append(Refusal("state", f"joint {worst + 1} is {over[worst]:.2f} rad outside its limits"))
        if policy and self._camera_watch is not None and (stale := self._camera_watch.stale(now)) is not None:
            found.append(Refusal("camera", stale))
        return found

    def command(self, client: int, command: Command, now: float) -> Array:
        """Take one more part of an action; returns the (7,) motion that is applied. Raises `Refusal`."""
        began = perf_counter()
        self._admit(client, command, now)
        assert command.motion is not None
        assert self.reading is not None
        self._commanded(command, now)
        scale = SCALE[self._mode]
        motion, capped = self._allowance.take(command.motion[:6], now, scale)
        if capped:
            self._clamped["step"] += 1
        whole = np.append(motion, command.motion[6])
        start = self._goal if self._mode != "dry" else self.reading.positions
        goal = next_goal(start, self.reading.positions, whole, self.limits, self.kinematics, self._clamp)
        applied = goal.applied
        if self._mode == "dry":
            applied = np.append(np.zeros(6), self.reading.positions[-1])
        else:
            self._goal = goal.positions
        self._gate_ms.append(1e3 * (perf_counter() - began))
        return applied

    def go_home(self, client: int, command: Command, now: float) -> None:
        """One more step home; whoever sends no more of them stops the arm. Raises `Refusal`."""
        self._admit(client, command, now)
        if self._mode == "dry":
            raise Refusal("state", "a dry run sends nothing, not even home")
        self._commanded(command, now)
        self._goal = np.append(self.limits.home[:-1], self._goal[-1])

    def hold(self) -> None:
        """Come to rest and stay there; going on needs arming."""
        self._halt("hold")

    def stop(self) -> None:
        """STOP: come to rest, forget who commands, and refuse everything until it is released."""
        self._stopped = True
        self.lease.release()
        self._halt("STOP")

    def release_stop(self) -> None:
        """Let the arm be armed again; nothing of what was before goes on."""
        self._stopped = False
        self._log("stop released", "")

    def slacken(self) -> None:
        """Let go of the torque, once at rest; raises `Refusal` while moving."""
        if self.motion.moving:
            raise Refusal("state", "the arm is moving: hold it first")
        self._halt("torque released")
        self._slack = True

    # What the driver's side tells

    def connected(self, now: float) -> None:
        """The driver answers; a fault is over."""
        self._fault, self.reading = "", None
        self._camera_watch = CameraWatch(self._cameras, now) if self._cameras else None
        self._become("connected", "")

    def placed(self) -> None:
        """The arm stands elsewhere without having moved, as a simulator's does after its reset."""
        assert not self.motion.moving
        self._fault, self.reading = "", None
        if self._state != "disconnected":
            self._become("connected", "a new scene")

    def fail(self, fault: str) -> None:
        """The driver failed: latched until the arm is connected again."""
        if not self._fault:
            self._stops["fault"] += 1
            self._fault = fault
        self.motion = at_rest(self.motion.position)
        self._become("fault", fault)

    def tick(self, reading: Reading, now: float) -> Array | None:
        """One tick.

        Args:
            reading: What was measured now.
            now: Seconds that only grow.

        Returns:
            (n + 1,) positions to send; ``None``: nothing is sent.
        """
        if not (np.isfinite(reading.positions).all() and np.isfinite(reading.load).all()):
            self.fail("the driver measured NaN or infinity")
            return None
        self.reading = reading
        if self._camera_watch is not None:
            self._camera_watch.look(reading)
        if self._state in ("armed", "moving"):
            self._watch(reading, now)
        if self._state == "moving" and self._mode != "dry":
            self._advance(now)
        elif self.motion.moving:
            self.motion = braked(self.motion, self.limits, TICK_S)
        sends = self._state in ("armed", "moving", "holding", "fault") and self._mode != "dry"
        return self.motion.position if sends and not self._slack and self._epoch else None

    # Inside

    def _admit(self, client: int, command: Command, now: float) -> None:
        """Every check of a command before it may change anything; raises `Refusal`."""
        if self._stopped:
            raise Refusal("stopped", "STOP is pressed")
        self.lease.require(client, now)
        if not -CLOCK_SKEW_S <= now - command.sent <= COMMAND_AGE_S:
            raise Refusal("old", f"the command is {now - command.sent:.2f} s old")
        if command.epoch != self._epoch:
            raise Refusal("epoch", "the command belongs to motion before the last arming")
        if command.number <= self._number:
            raise Refusal("replayed", f"command {command.number} came before")
        if self._state not in ("armed", "moving"):
            raise Refusal("state", f"the arm is {self._state}: {self._why or self._fault or 'arm it first'}")
        watch = self._camera_watch if command.commander == "policy" else None
        if watch is not None and (stale := watch.stale(now)) is not None:
            raise Refusal("camera", stale)

    def _commanded(self, command: Command, now: float) -> None:
        """A command has been admitted."""
        if command.commander != self._commander and self._state == "moving":
            self._ramp_from = now
        self._commander = command.commander
        self._number = command.number
        self._deadline = now + COMMAND_AGE_S
        self._become("moving", "")

    def _watch(self, reading: Reading, now: float) -> None:
        """Bring the arm to rest where something is wrong."""
        if (stall := self._stall_watch.look(self.motion.position, reading, now)) is not None:
            self._fault = stall
            self._stops["fault"] += 1
            self._become("fault", stall)
        elif self._state == "moving" and self.lease.holder(now) is None:
            self._halt("the commander is silent")
        elif self._state == "moving" and now + braking_time(self.motion, self.limits) + TICK_S > self._deadline:
            self._halt("no command in time")
        elif self._state == "moving" and self._commander == "policy" and self._camera_watch is not None:
            stale = self._camera_watch.stale(now + braking_time(self.motion, self.limits) + TICK_S)
            if stale is not None:
                self._halt(stale, "camera")

    def _advance(self, now: float) -> None:
        """One tick towards the goal, within every limit and inside the workspace."""
        ramp = min(1.0, max(RAMP_FLOOR, (now - self._ramp_from) / RAMP_S))
        scale = SCALE[self._mode] * ramp
        low, high = allowed(self.motion, self.limits, TICK_S, scale)
        moved = towards(self.motion, self._goal, self.limits, TICK_S, scale)
        if np.any((moved.velocity >= high) & (high > 0) & (moved.position < self._goal)) or np.any(
            (moved.velocity <= low) & (low < 0) & (moved.position > self._goal)
        ):
            self._clamped["ramp" if ramp < 1 else "speed"] += 1
        if self._leaves_workspace(moved.position):
            self._clamped["workspace"] += 1
            moved = braked(self.motion, self.limits, TICK_S)
            self._goal = moved.position
        self.motion = limited(self.motion, moved.position, self.limits, TICK_S, scale)

    def _leaves_workspace(self, position: Array) -> bool:
        """Whether the commanded TCP would be outside the box, and further out than it is."""
        box = self.limits.workspace
        there, here = (self.kinematics.tcp(p[:-1])[0] for p in (position, self.motion.position))
        out, was = (float(np.maximum(box[0] - tcp, tcp - box[1]).max()) for tcp in (there, here))
        return out > 0.01 and out > was + 1e-9

    def _clamp(self, name: str) -> None:
        self._clamped[name] += 1

    def _halt(self, why: str, cause: str | None = None) -> None:
        """Come to rest; going on needs arming."""
        if self._state in ("armed", "moving"):
            self._stops[cause or why] += 1
            self._goal = self.motion.position
            self._become("holding", why)
        else:
            self._log("halt", why)

    def _become(self, state: State, why: str) -> None:
        if (state, why) != (self._state, self._why):
            self._log(state, why)
        self._state, self._why = state, why


def with_ticks(status: ArmStatus, ticks: int, late: int) -> ArmStatus:
    """The status with what the control thread counts."""
    return replace(status, ticks=ticks, late_ticks=late)
