"""An episode taken out of a recording onto disk, so that it can be looked at in any order."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from wam_demo.data.png import decode_png, encode_png
from wam_demo.data.schema import flat_poses, poses_from
from wam_demo.errors import InvalidInputError
from wam_demo.robots.arm.calibration import Mount, tcp_pose
from wam_demo.robots.recording import RecordedStep, Recording
from wam_demo.types import CONTROL_HZ, Image, Observation

_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 92]


class Clip:
    """Control steps of one episode: what a policy sees without loss, what a person sees as JPEG.

    Args:
        folder: New folder for the pictures; `close` removes it.
        recording: Read once, by `load`.

    Attributes:
        steps: Control steps that are there; grows while it loads.
        total: Control steps of the recording.
        states: (total, 17) float32.
        actions: (total, 7) float32, NaN where unknown.
        poses: (total, 26) float32 where the cameras stand; ``None`` where nobody says.
    """

    def __init__(self, folder: Path, recording: Recording) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._mapping = recording.mapping
        self.cameras: tuple[str, ...] = ("front",) if recording.mapping.wrist is None else ("front", "wrist")
        self.total, self.frames = recording.steps, recording.frames
        self.states, self.actions, self.poses = recording.states, recording.actions, recording.poses
        self.steps = 0

    @property
    def calibrated(self) -> bool:
        """Whether pictures of it can be measured: it is known where the cameras stand and where the tool is."""
        known = self._mapping.calibration == "usual" if self.poses is None else bool(self.poses.any())
        return known and self._mapping.places_the_tool

    def calibrate(self, mounts: Mapping[str, Mount]) -> None:
        """From now on the cameras stand where these were calibrated."""
        seen = [{name: mount.at(tcp_pose(state)) for name, mount in mounts.items()} for state in self.states]
        self.poses = np.stack([flat_poses(Observation({}, self.states[0], "", 0.0, cameras)) for cameras in seen])

    def load(self, recording: Recording, go_on: Callable[[], bool] = lambda: True) -> None:
        """Copy every control step; stops early, without a fault, once ``go_on`` says no."""
        for moment in recording.moments():
            if not go_on():
                return
            for camera, image in moment.observation.images.items():
                self._file(moment.step, camera, "png").write_bytes(encode_png(image))
                shown = cv2.cvtColor(moment.pictures[camera], cv2.COLOR_RGB2BGR)
                self._file(moment.step, camera, "jpg").write_bytes(cv2.imencode(".jpg", shown, _JPEG)[1].tobytes())
            self.steps = moment.step + 1

    def moment(self, step: int) -> RecordedStep:
        """One control step.

        Raises:
            InvalidInputError: There is none of that number.
        """
        if not 0 <= step < self.steps:
            raise InvalidInputError(f"step {step} does not exist; valid: 0 .. {self.steps - 1}")
        images = {c: decode_png(self._file(step, c, "png").read_bytes()) for c in ("front", "wrist")}
        pictures = {c: _read_jpeg(self._file(step, c, "jpg")) for c in ("front", "wrist")}
        cameras = None if self.poses is None else poses_from(self.poses[step])
        observation = Observation(images, self.states[step], self._mapping.instruction, step / CONTROL_HZ, cameras)
        return RecordedStep(step, observation, pictures, self.actions[step], self.cameras)

    def moments(self) -> Iterator[RecordedStep]:
        """Every control step that is there, in order."""
        return (self.moment(step) for step in range(self.steps))

    def close(self) -> None:
        """Remove the pictures."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _file(self, step: int, camera: str, suffix: str) -> Path:
        return self._folder / f"{step:05d}-{camera}.{suffix}"


def _read_jpeg(path: Path) -> Image:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert image is not None, "this product wrote it"
    return image
