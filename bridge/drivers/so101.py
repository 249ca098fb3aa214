"""A real SO-101 through LeRobot's `Robot` class; it is never asked to calibrate, which would wait for a keyboard."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from bridge.driver import Array, CameraFrame, DriverFault, Reading
from bridge.drivers.so101_model import GRIPPER, JOINTS, load_arm, so101_kinematics, so101_limits

FULL_LOAD = 1000.0
"""`Present_Load` of a motor at its rated load."""
LOAD_MASK = 0x3FF
"""The bit above it is the direction."""
MARGIN_RAD = 0.05
"""Kept from the mechanical stops of the model [rad]."""


def open_robot(port: str, name: str, cameras: Mapping[str, Any]) -> Any:
    """LeRobot's follower arm in degrees, its cameras by name with OpenCV's index or path."""
    from lerobot.cameras.opencv.configuration_opencv import OpenCVCameraConfig
    from lerobot.robots.so_follower import SO101Follower, SO101FollowerConfig

    views = {
        key: OpenCVCameraConfig(index_or_path=place, fps=30, width=640, height=480) for key, place in cameras.items()
    }
    return SO101Follower(SO101FollowerConfig(port=port, id=name, cameras=views, use_degrees=True))


class So101:
    """Implements `bridge.driver.Driver`.

    Args:
        port: Of the controller board.
        name: Under which LeRobot keeps the calibration.
        cameras: OpenCV index or path by name, ``front`` and ``wrist`` for a policy.
        open_robot: Makes the robot.
    """

    def __init__(
        self,
        port: str = "/dev/ttyACM0",
        name: str = "so101",
        cameras: Mapping[str, Any] | None = None,
        open_robot: Callable[[str, str, Mapping[str, Any]], Any] = open_robot,
    ) -> None:
        self._robot = open_robot(port, name, cameras or {})
        limits = so101_limits(load_arm())
        margin = np.append(np.full(len(JOINTS), MARGIN_RAD), 0.0)
        self.limits = replace(limits, lower=limits.lower + margin, upper=limits.upper - margin)
        self.kinematics = so101_kinematics()
        self.cameras = tuple(cameras or {})
        self._frames: dict[str, CameraFrame] = {}
        self._raw: dict[str, Any] = {}
        self._slack = False

    def connect(self, now: float) -> None:
        """Open bus and cameras; raises `DriverFault` without a calibration."""
        try:
            if self._robot.is_connected:
                self._robot.disconnect()
            self._robot.connect(calibrate=False)
            calibrated = self._robot.is_calibrated
        except Exception as error:
            raise DriverFault(f"the SO-101 does not connect: {error}") from error
        if not calibrated:
            raise DriverFault("the SO-101 is not calibrated: run lerobot-calibrate once, as the how-to says")

    def read(self, now: float) -> Reading:
        """Positions, loads, and the newest picture of each camera."""
        try:
            angles = self._robot.bus.sync_read("Present_Position")
            loads = self._robot.bus.sync_read("Present_Load", normalize=False)
        except Exception as error:
            raise DriverFault(f"bus error: {error}") from error
        positions = np.append(np.radians([angles[name] for name in JOINTS]), angles[GRIPPER] / 100)
        load = np.array([abs(int(loads[name])) & LOAD_MASK for name in (*JOINTS, GRIPPER)]) / FULL_LOAD
        for name, camera in self._robot.cameras.items():
            self._look(name, camera)
        return Reading(positions, load, dict(self._frames))

    def send(self, positions: Array, now: float) -> None:
        """Goal positions of the servos."""
        degrees = np.degrees(positions[:-1])
        action = {f"{name}.pos": float(angle) for name, angle in zip(JOINTS, degrees, strict=True)}
        try:
            if self._slack:
                self._robot.bus.enable_torque()
                self._slack = False
            self._robot.send_action({**action, f"{GRIPPER}.pos": 100 * float(positions[-1])})
        except Exception as error:
            raise DriverFault(f"bus error: {error}") from error

    def release_torque(self) -> None:
        """Let the servos go slack."""
        try:
            self._robot.bus.disable_torque()
        except Exception as error:
            raise DriverFault(f"bus error: {error}") from error
        self._slack = True

    def close(self) -> None:
        """Close bus and cameras; LeRobot lets go of the torque."""
        if self._robot.is_connected:
            self._robot.disconnect()

    def _look(self, name: str, camera: Any) -> None:
        """A camera that has stopped keeps its old frame, whose age the gate judges."""
        try:
            image = camera.read_latest()
        except Exception:
            return
        if self._raw.get(name) is not image:
            self._raw[name] = image
            self._frames[name] = CameraFrame(np.asarray(image), time.monotonic(), noisy=True)
