"""A dreamer without a network: the frame's brightness says how far the arm has moved."""

from concurrent.futures import Future

import numpy as np

from wam_demo.models.geometry import CalibratedCamera, Calibration
from wam_demo.policies.dreaming import ANCHOR_STEPS, Doubt, DreamFrame, DreamMotion
from wam_demo.robots.dream import DreamSource
from wam_demo.sim.controller import HOME
from wam_demo.sim.kinematics import ArmKinematics
from wam_demo.types import Observation, Vector

CAMERA = CalibratedCamera((1.0, 0.0, 0.9), (0.0, 0.6, 0.8, 1.0, 0.0, 0.0, 0.0, 0.8, -0.6), 0.3)
CALIBRATION = Calibration(CAMERA, CAMERA)
STILL = np.array([0, 0, 0, 0, 0, 0, 1], np.float32)


def action(*motion: float, opening: float = 1.0) -> Vector:
    """(7,): x, y, z [m] and then the rotation vector [rad], zeros where nothing is given."""
    return np.array([*motion, *[0.0] * (6 - len(motion)), opening], np.float32)


def at_home(instruction: str = "put the red cube in the bowl", time: float = 3.0) -> Observation:
    """Grey pictures and the arm at rest."""
    grey = np.full((128, 128, 3), 100, np.uint8)
    return Observation(
        {"front": grey, "wrist": grey, "side": grey}, ArmKinematics().state(HOME, 1.0), instruction, time
    )


class FakeDreamer:
    """Answers at once, and keeps what it was asked."""

    calibration = CALIBRATION

    def __init__(self) -> None:
        self.asked: list[DreamMotion] = []
        self.fault: Exception | None = None

    def dream(self, motion: DreamMotion) -> DreamFrame:
        self.asked.append(motion)
        if self.fault is not None:
            raise self.fault
        before = motion.anchor.latents or 100
        level = round(before + 1000 * float(motion.displacement[0])) % 256
        picture = np.full((128, 128, 3), level, np.uint8)
        doubt = Doubt(0.05, level / 2550) if motion.steps == ANCHOR_STEPS else None
        return DreamFrame({"front": picture, "wrist": picture}, level, doubt, motion.steps)

    def ask(self, motion: DreamMotion) -> Future[DreamFrame]:
        future: Future[DreamFrame] = Future()
        try:
            future.set_result(self.dream(motion))
        except Exception as error:
            future.set_exception(error)
        return future


def dream_source(dreamer: FakeDreamer | None = None, start: Observation | None = None) -> DreamSource:
    """A dream from home on."""
    return DreamSource(start or at_home(), (dreamer or FakeDreamer()).ask, CALIBRATION)
