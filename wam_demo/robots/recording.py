"""A recorded episode as a source: what was seen, and what was done, at the control rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from wam_demo.data.schema import poses_from
from wam_demo.data.uploads.contracts import CameraMapping, Description
from wam_demo.data.uploads.mapping import RobotMapping
from wam_demo.data.uploads.motion import actions, camera_poses, control_rows, states
from wam_demo.data.uploads.process import EpisodeStream, Selection, require_episode
from wam_demo.data.uploads.sampling import ticks
from wam_demo.errors import DataError, InvalidInputError
from wam_demo.robots.source import Clock
from wam_demo.types import CONTROL_HZ, IMAGE_SIZE, Image, Observation, Vector

SHOWN_SIZE = 256
"""Side of the pictures that a person sees [px]."""
GREY = 110
"""Level of the picture that stands for a camera the recording lacks."""


@dataclass(frozen=True)
class RecordedStep:
    """One control step of a recording.

    Attributes:
        step: From 0, at 10 Hz.
        observation: What a policy sees: (128, 128, 3) images, state, instruction, time.
        pictures: (256, 256, 3) uint8 of the same cameras, for people.
        action: (7,) float32 that was recorded; NaN where it is not known.
        recorded: Cameras that the recording really has; the others are grey.
    """

    step: int
    observation: Observation
    pictures: Mapping[str, Image]
    action: Vector
    recorded: tuple[str, ...] = ("front", "wrist")


class Recording:
    """One episode of a file, decoded in a child process while it is read; memory does not grow with its length.

    A context manager: the child process ends with it.

    Args:
        path: File or folder, in any format of `data.uploads`.
        description: From `describe`.
        mapping: How it is read; it is validated.
        episode: Index of the episode.
        start: Seconds from its beginning.
        stop: Seconds; ``None`` is its end.
        visitor: For whom it is read, see `ReaderGate.turn`.

    Attributes:
        steps: Control steps.
        frames: The recording's own frames in that range.
        states: (steps, 17) float32.
        actions: (steps, 7) float32, NaN where unknown.
        poses: (steps, 26) float32 where the cameras stand, see `flat_poses`; ``None`` where the recording does not say.

    Raises:
        InvalidInputError: The mapping does not fit, the range is empty, or the file is damaged.
    """

    def __init__(
        self,
        path: Path,
        description: Description,
        mapping: RobotMapping,
        episode: int = 0,
        start: float = 0.0,
        stop: float | None = None,
        visitor: str = "",
    ) -> None:
        self.mapping = mapping.validated(description)
        require_episode(description, episode)
        if not 0 <= start < (np.inf if stop is None else stop):
            raise InvalidInputError(f"the range {start:g} .. {stop if stop is not None else 'end'} s is empty")
        self._cameras = {"front": CameraMapping(mapping.front, mapping.front_turn, mapping.fit)}
        if mapping.wrist is not None:
            self._cameras["wrist"] = CameraMapping(mapping.wrist, mapping.wrist_turn, mapping.fit)
        speed = 1.0 if mapping.fps is None else mapping.fps / description.fps
        selection = Selection(
            list(self._cameras.values()), mapping.signals, episode, start, stop, speed, size=SHOWN_SIZE
        )
        self._stream = EpisodeStream(path, selection, visitor)
        at = ticks(float(self._stream.times[-1]), start, stop)
        self.steps = self._stream.steps
        if self.steps != len(at) or self.steps == 0:
            self._stream.close()
            raise InvalidInputError(
                f"the range from {start:g} s on is empty: the episode lasts {self._stream.times[-1]:.1f} s"
            )
        rows = control_rows(self._stream.times, at)
        times = self._stream.times
        self.frames = int(((times >= times[rows[0]]) & (times < at[-1] + 1 / CONTROL_HZ)).sum())
        self.states = states(self._stream.values, mapping, rows)
        self.actions = actions(self._stream.values, mapping, rows)
        self.poses = camera_poses(self._stream.values, mapping, rows)

    def moments(self) -> Iterator[RecordedStep]:
        """Every control step, once.

        Raises:
            InvalidInputError: The file turns out to be damaged further on.
        """
        for step, pictures in enumerate(self._stream.pictures()):
            yield self._moment(step, dict(zip(self._cameras, pictures, strict=True)))

    def _moment(self, step: int, pictures: dict[str, Image]) -> RecordedStep:
        pictures.setdefault("wrist", np.full((SHOWN_SIZE, SHOWN_SIZE, 3), GREY, np.uint8))
        images = {name: small(picture) for name, picture in pictures.items()}
        cameras = None if self.poses is None else poses_from(self.poses[step])
        observation = Observation(images, self.states[step], self.mapping.instruction, step / CONTROL_HZ, cameras)
        return RecordedStep(step, observation, pictures, self.actions[step], tuple(self._cameras))

    def close(self) -> None:
        """End the child process."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def small(picture: Image) -> Image:
    """A picture at the size that a policy sees."""
    return cv2.resize(picture, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA)


class RecordingSource:
    """Implements `Source`: what is commanded changes nothing, `apply` returns what was done back then.

    Args:
        steps: Control steps in order, of a `Recording` or a `wam_demo.robots.clip.Clip`.
    """

    clock: Clock = "simulated"

    def __init__(self, steps: Iterable[RecordedStep]) -> None:
        self._steps = iter(steps)
        self._ahead: deque[RecordedStep] = deque()

    @property
    def finished(self) -> bool:
        """Whether the recording is over."""
        return not self.upcoming(1)

    @property
    def now(self) -> RecordedStep:
        """The present control step; raises `DataError` when the recording is over."""
        if self.finished:
            raise DataError("the recording is over")
        return self._ahead[0]

    def upcoming(self, count: int) -> Sequence[RecordedStep]:
        """The present and the following control steps, ``count`` of them or as many as there are."""
        self._ahead.extend(islice(self._steps, max(0, count - len(self._ahead))))
        return list(islice(self._ahead, count))

    def reset(self, seed: int) -> Observation:
        """A recording is played once, whatever the seed."""
        return self.observe()

    def observe(self) -> Observation:
        """What was seen at this control step."""
        return self.now.observation

    def apply(self, action: Vector) -> Vector:
        """Go on by one control step; returns the recorded (7,) action, NaN where unknown."""
        done = self.now.action
        self._ahead.popleft()
        return done

    def close(self) -> None:
        """Nothing: the recording belongs to whoever opened it."""
