"""A connected arm as a source: what its bridge measures is observed, what is applied goes through its gate."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np

from wam_demo.errors import InvalidInputError, SourceFault
from wam_demo.robots.arm.calibration import Mount, camera_poses, load_mounts
from wam_demo.robots.arm.client import SLOW_ANSWER_S, ArmAddress, ArmClient, ArmRefusal
from wam_demo.robots.arm.wire import CONTROL_S, SUBSTEPS, Mode
from wam_demo.robots.camera import square
from wam_demo.robots.source import Clock
from wam_demo.types import ACTION_DIM, CONTROL_HZ, IMAGE_SIZE, CameraPose, Event, Image, Observation, Vector

PICTURE_SIZE = 256
"""Side [px] of the picture that people see."""
HOMING_S = 20.0
"""Longest way home [s]."""
READ_S = 5.0
"""Longest wait for the first reading and for pictures [s]."""
REST_S = 1.0
"""Longest wait for the arm to come to rest [s]."""
POLL_S = 0.02
LATE_S = 0.02
"""A control step that begins this much late moves those after it, instead of hurrying them [s]."""
GREY = np.full((PICTURE_SIZE, PICTURE_SIZE, 3), 110, np.uint8)


class ArmSource:
    """Implements `Source`, `Watchable`, `Guarded`, `Judged`, `Calibrated` and `Disturbable`; used in one thread.

    One action becomes `SUBSTEPS` commands over its control step, so that the gate hears from the commander often
    enough to stop soon after it falls silent. A loop that stalls sends nothing, and the arm stops.

    Whatever the gate refuses is a `SourceFault`, and the arm holds: `resume` goes on from where it stands, `reset`
    from its home, each with a new plan. Of the disturbances only new words are possible.

    Args:
        client: Closed by `close`.
        mode: Speed: ``dry`` sends nothing to the motors.
        instruction: What the policy is asked to do, unless a simulated arm knows its own.
        name: Who commands, for others to see.
        mounts: Calibration by camera name.
        clock: The machine's monotonic seconds.
        sleep: Waits.
    """

    clock: Clock = "real"

    def __init__(
        self,
        client: ArmClient,
        mode: Mode = "full",
        instruction: str = "",
        *,
        name: str = "wam_demo",
        mounts: Mapping[str, Mount] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.client = client
        self.mode = mode
        self.instruction = instruction
        self.commander: Literal["policy", "person"] = "policy"
        """Who decides: ``policy`` needs living cameras, ``person`` does not."""
        self.events: list[Event] = []
        """Words that were said in this episode."""
        self.gate_ms: list[float] = []
        """Round trips of this episode's commands [ms]."""
        self._name, self._mounts = name, mounts or {}
        self._now, self._sleep = clock, sleep
        self._began = self._step_began = clock()
        self._pending: tuple[Vector, Vector] | None = None
        self._parts, self._part, self._sent = 1, 0, 0
        self._said = instruction
        self._answer: Mapping[str, Any] = {}
        self._picture: Image = GREY

    @classmethod
    def connect(cls, address: ArmAddress, mode: Mode, instruction: str = "", name: str = "wam_demo") -> Self:
        """The arm behind the bridge at an address, with its calibrated cameras; it stands until `reset`.

        Raises:
            SourceFault: No bridge answers there.
            DataError: The calibration cannot be read.
        """
        mounts = load_mounts()
        return cls(ArmClient.connect(address), mode, instruction, name=name, mounts=mounts)

    # Source

    def reset(self, seed: int) -> Observation:
        """Come to rest, go home, and arm anew; a simulated arm draws the scene of the seed.

        Raises:
            SourceFault: STOP is pressed, a fault is latched, or home is not reached.
        """
        self._pending = None
        self.client.ask("hold")
        self._rest()
        self.client.ask("lease", name=self._name)
        self._until(self._is_read, READ_S, "the arm is not read")
        if self._ask_observation()["report"]:
            self.client.ask("reset", SLOW_ANSWER_S, seed=int(seed))
            self._wait_for_frames()
        elif self.mode != "dry":
            self._go_home()
        self.client.arm(self._name, self.mode)
        self._began = self._step_began = self._now()
        self.gate_ms, self.events = [], []
        return self._look()

    def resume(self) -> None:
        """Arm it again where it stands; the time that it stood does not count. Raises `SourceFault`."""
        self._pending = None
        self.client.ask("hold")
        self._rest()
        self.client.arm(self._name, self.mode)
        stood = self._now() - self._step_began
        self._began, self._step_began = self._began + stood, self._step_began + stood

    def observe(self) -> Observation:
        """What is measured now, not before the next control step is due."""
        wait = self._step_began + CONTROL_S - self._now()
        if wait > 0 and self._answer:
            self._sleep(wait)
        return self._look()

    def apply(self, action: Vector) -> Vector:
        """One control step; returns the (7,) motion that the gate let through and the arm can follow."""
        self.begin(action)
        return self.finish()

    def close(self) -> None:
        """Let the arm come to rest and leave."""
        self.client.close()

    # Watchable

    def picture(self) -> Image:
        """(256, 256, 3) of ``front``."""
        return self._picture

    def begin(self, action: Vector, parts: int = 2) -> None:
        """First of ``parts`` equal parts of an action."""
        motion = np.array(action, np.float32)
        if motion.shape == (ACTION_DIM,):
            motion[:6] /= SUBSTEPS
        due, now = self._step_began + CONTROL_S, self._now()
        self._step_began = due if due <= now < due + LATE_S else now
        self._pending = (motion, np.zeros(ACTION_DIM, np.float32))
        self._parts, self._part, self._sent = parts, 0, 0
        self.proceed()

    def proceed(self) -> None:
        """One part more."""
        self._part += 1
        self._send_until(-(-SUBSTEPS * self._part // self._parts))

    def finish(self) -> Vector:
        """The rest of it, spread over the control step."""
        assert self._pending is not None, "begin comes first"
        self._send_until(SUBSTEPS)
        applied = self._pending[1]
        self._pending = None
        return applied

    # Judged

    @property
    def is_judged(self) -> bool:
        """Whether the arm is a simulated one that knows its task."""
        return bool(self._report)

    @property
    def success(self) -> bool:
        """Whether a simulated arm has done its task; a person judges a real one."""
        return bool(self._report.get("success"))

    @property
    def fault(self) -> str | None:
        """What is wrong with the simulation; what is wrong with the arm, its gate answers to the next command."""
        return self._report.get("fault")

    @property
    def unscored(self) -> str:
        """A person judges a real arm, and one that was told something else than its task."""
        if self.is_judged and not self._said:
            return ""
        return "a person judges what an arm was told"

    def goal_distance(self) -> float | None:
        """How far a simulated arm is from done [m]."""
        return self._report.get("goal_distance")

    # Calibrated

    def camera_poses(self) -> Mapping[str, CameraPose]:
        """Of the cameras that were calibrated; a simulated arm knows its own."""
        return camera_poses(self._answer, self._mounts)

    # Disturbable

    names: Mapping[str, str] = {}

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """New words; raises `InvalidInputError` for everything else."""
        if kind != "language":
            raise InvalidInputError("an arm is disturbed by hand: only its words can be changed here")
        self._said = str(parameters.get("text", ""))
        self.instruction = self._said or self._report.get("instruction", "")
        self.events.append(Event(int((self._now() - self._began) * CONTROL_HZ), kind, dict(parameters)))
        return self.events[-1]

    def schedule(self, events: Sequence[Event]) -> None:
        """Words to begin with; raises `InvalidInputError` for other disturbances."""
        for event in events:
            self.disturb(event.kind, event.parameters)

    def pick(self, camera: str, u: float, v: float) -> str | None:
        """What lies in front of an arm is not known."""
        return None

    def ground_point(self, camera: str, u: float, v: float) -> None:
        """Where a table is, is not known."""

    # Inside

    @property
    def _report(self) -> Mapping[str, Any]:
        return self._answer.get("report", {})

    def _send_until(self, count: int) -> None:
        """Send commands up to this many of the step, each when it is due."""
        while self._sent < count:
            wait = self._step_began + self._sent * CONTROL_S / SUBSTEPS - self._now()
            if wait > 0:
                self._sleep(wait)
            self._send()
            self._sent += 1

    def _send(self) -> None:
        assert self._pending is not None
        motion, total = self._pending
        began = self._now()
        applied = self.client.command(motion, self.commander)
        self.gate_ms.append(1e3 * (self._now() - began))
        total[:6] += applied[:6]
        total[6] = applied[6]

    def _look(self) -> Observation:
        answer = self._ask_observation()
        pictures = {name: square(image, PICTURE_SIZE) for name, image in answer["images"].items()}
        images = {name: square(picture, IMAGE_SIZE) for name, picture in pictures.items()}
        images = {"front": GREY[::2, ::2], "wrist": GREY[::2, ::2], **images}
        self._picture = pictures.get("front", GREY)
        self.instruction = self._said or self._report.get("instruction", "")
        poses = dict(self.camera_poses()) or None
        return Observation(images, answer["state"].copy(), self.instruction, answer["time"] - self._began, poses)

    def _ask_observation(self) -> Mapping[str, Any]:
        self._answer = self.client.ask("observe")
        return self._answer

    def _is_read(self) -> bool:
        try:
            return bool(self._ask_observation())
        except ArmRefusal:
            return False

    def _rest(self) -> None:
        self._until(lambda: not self.client.ask("status")["status"]["moving"], REST_S, "the arm does not come to rest")

    def _wait_for_frames(self) -> None:
        def seen() -> bool:
            try:
                return not self.client.ask("check")["problems"]
            except ArmRefusal:
                return False

        self._until(seen, READ_S, "the arm is not ready")

    def _go_home(self) -> None:
        self.client.arm(self._name, self.mode)
        self._until(lambda: self.client.step_home().at_home, HOMING_S, "the arm does not reach its home")
        self.client.ask("hold")
        self._rest()

    def _until(self, reached: Callable[[], bool], seconds: float, otherwise: str) -> None:
        ends = self._now() + seconds
        while not reached():
            if self._now() > ends:
                status = self.client.status
                raise SourceFault(f"{otherwise}: {status.fault or status.why or status.state}")
            self._sleep(POLL_S)
