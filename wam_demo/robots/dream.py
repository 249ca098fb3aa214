"""A dream as a source: pictures from a world model, the pose from the arm's kinematics, nothing from a simulator."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from wam_demo.errors import InvalidInputError, SourceFault, WamDemoError
from wam_demo.policies.dreaming import ANCHOR_STEPS, Doubt, DreamAnchor, Dreamer, DreamFrame, DreamMotion
from wam_demo.robots.source import Clock
from wam_demo.sim.integrator import ArmState, IntegratedArm
from wam_demo.sim.rotation import logarithm, of_columns
from wam_demo.types import CONTROL_HZ, POLICY_CAMERAS, CameraPose, Image, Observation, Vector

if TYPE_CHECKING:
    from wam_demo.models.geometry import CalibratedCamera, Calibration

PICTURE_SIZE = 256
"""Side [px] of the picture that people see."""
AskDream = Callable[[DreamMotion], Future[DreamFrame]]
"""Asks for the frame after a motion, e.g. `InferenceEngine.submit_dream`."""


@dataclass(frozen=True)
class DreamState:
    """A whole dream.

    Attributes:
        arm: Where the arm stands.
        anchor: What the next frames are imagined from.
        since: Control steps since the anchor.
        observation: The newest one.
        doubt: The worst so far.
    """

    arm: ArmState
    anchor: DreamAnchor
    since: int
    observation: Observation
    doubt: Doubt | None


class DreamSource:
    """Implements `Source`, `Watchable`, `Forkable`, `Calibrated`, `Promptable` and `Doubtful`; nothing is judged or
    disturbed here.

    Every control step is imagined at 10 Hz: the frame after the motion since the anchor, which is the frame that was
    imagined every `ANCHOR_STEPS` steps. Frames follow from the first observation and the actions alone.

    Args:
        start: Where the dream begins; pictures of `POLICY_CAMERAS`, a state and an instruction.
        ask: Imagines.
        calibration: Of the cameras that are imagined.

    Raises:
        InvalidInputError: The observation lacks a camera, or its state is not finite.
    """

    clock: Clock = "simulated"

    def __init__(self, start: Observation, ask: AskDream, calibration: Calibration) -> None:
        missing = [camera for camera in POLICY_CAMERAS if camera not in start.images]
        if missing:
            raise InvalidInputError(f"a dream begins with pictures of {', '.join(POLICY_CAMERAS)}: no {missing[0]}")
        if not np.isfinite(start.state).all():
            raise InvalidInputError("a dream begins with a pose that is known: the state is not finite")
        images = {camera: start.images[camera] for camera in POLICY_CAMERAS}
        self._start, self._ask, self._calibration = replace(start, images=images), ask, calibration
        self._arm = IntegratedArm(start.state)
        self._first = self._arm.snapshot()
        self._asked: tuple[ArmState, Vector, Future[DreamFrame]] | None = None
        self._begin()

    def _begin(self) -> None:
        self._arm.restore(self._first)
        self._observation = self._start
        self._picture: Image | None = None
        self._anchor, self._since = DreamAnchor(self._start), 0
        self._doubt: Doubt | None = None

    # Source and Watchable

    def reset(self, seed: int) -> Observation:
        """Back to where the dream began, whatever the seed: it follows from the actions alone."""
        self._withdraw()
        self._begin()
        return self._observation

    def observe(self) -> Observation:
        """The newest imagined pictures, with the pose that the actions lead to."""
        return self._observation

    def picture(self) -> Image:
        """(256, 256, 3) view of ``front``, as it is imagined."""
        picture = self._picture
        if picture is None:
            front = self._observation.images["front"]
            picture = cv2.resize(front, (PICTURE_SIZE, PICTURE_SIZE), interpolation=cv2.INTER_CUBIC)
            self._picture = picture
        return picture

    def begin(self, action: Vector, parts: int = 2) -> None:
        """Move the arm and ask for the next frame; raises `InvalidInputError` for an action that is not one."""
        self._withdraw()
        before = self._arm.snapshot()
        applied = self._arm.apply(action)
        motion = DreamMotion(self._anchor, self._displacement(applied), self._since + 1)
        self._asked = (before, applied, self._ask(motion))

    def proceed(self) -> None:
        """Nothing: there is one picture a control step."""

    def finish(self) -> Vector:
        """Wait for the frame; returns the (7,) action as limits and reach let it through.

        Raises:
            SourceFault: It did not come, or is not usable; the arm stands where it stood.
        """
        assert self._asked is not None, "begin comes first"
        _, applied, asked = self._asked
        try:
            frame = asked.result()
        except WamDemoError as error:
            self._withdraw()
            raise SourceFault(f"the dream stands still: {error}") from error
        self._asked = None
        self._take(frame)
        return applied

    def apply(self, action: Vector) -> Vector:
        """One whole control step."""
        self.begin(action)
        return self.finish()

    def close(self) -> None:
        """Withdraw what was asked. Idempotent."""
        self._withdraw()

    # Forkable

    def snapshot(self) -> DreamState:
        """The whole dream."""
        return DreamState(self._arm.snapshot(), self._anchor, self._since, self._observation, self._doubt)

    def restore(self, state: DreamState) -> None:
        """Go on from there."""
        self._withdraw()
        self._arm.restore(state.arm)
        self._anchor, self._since, self._observation = state.anchor, state.since, state.observation
        self._picture, self._doubt = None, state.doubt

    def digest(self) -> str:
        """16 hexadecimal digits."""
        observation = self._observation
        pictures = b"".join(observation.images[camera].tobytes() for camera in POLICY_CAMERAS)
        return hashlib.sha256(observation.state.tobytes() + pictures).hexdigest()[:16]

    # Calibrated, Promptable and Doubtful

    def camera_poses(self) -> Mapping[str, CameraPose]:
        """Where the imagined cameras stand: ``front`` beside the table, ``wrist`` on the hand."""
        state = self._arm.state.astype(np.float64)
        hand = of_columns(state[3:9])
        return {
            "front": _posed(self._calibration.front, np.zeros(3), np.eye(3)),
            "wrist": _posed(self._calibration.wrist, state[:3], hand),
        }

    def prompt(self, text: str) -> None:
        """What the policy is asked to do from now on; it is also what the world model reads from the next anchor on."""
        self._observation = replace(self._observation, instruction=text)

    @property
    def doubt(self) -> Doubt | None:
        """The worst of any anchor so far: what went wrong once is gone on from."""
        return self._doubt

    def _displacement(self, applied: Vector) -> Vector:
        """(7,) motion since the anchor, and the opening as commanded."""
        here, anchor = self._arm.state.astype(np.float64), self._anchor.observation.state.astype(np.float64)
        turn = logarithm(of_columns(here[3:9]) @ of_columns(anchor[3:9]).T)
        return np.array([*(here[:3] - anchor[:3]), *turn, applied[-1]], np.float32)

    def _take(self, frame: DreamFrame) -> None:
        """A frame has come."""
        before = self._observation
        cameras = None if before.cameras is None else self.camera_poses()
        time = before.time + 1 / CONTROL_HZ
        self._observation = Observation(frame.images, self._arm.state, before.instruction, time, cameras)
        self._picture = None
        self._since += 1
        if frame.doubt is not None and (self._doubt is None or frame.doubt.amount > self._doubt.amount):
            self._doubt = frame.doubt
        if self._since == ANCHOR_STEPS:
            self._anchor, self._since = DreamAnchor(self._observation, frame.latents, frame.memory), 0

    def _withdraw(self) -> None:
        """Forget a step that was begun: the arm stands where it stood."""
        if self._asked is not None:
            before, _, asked = self._asked
            asked.cancel()
            self._arm.restore(before)
            self._asked = None


def at_once(dreamer: Dreamer) -> AskDream:
    """Asks a policy in the caller's thread."""

    def ask(motion: DreamMotion) -> Future[DreamFrame]:
        future: Future[DreamFrame] = Future()
        try:
            future.set_result(dreamer.dream(motion))
        except WamDemoError as error:
            future.set_exception(error)
        return future

    return ask


def _posed(camera: CalibratedCamera, position: NDArray, rotation: NDArray) -> CameraPose:
    """A camera on a frame that stands there."""
    mount = np.array(camera.rotation).reshape(3, 3)
    place = position + rotation @ np.array(camera.position)
    return CameraPose(place.astype(np.float32), (rotation @ mount).astype(np.float32), camera.half)
