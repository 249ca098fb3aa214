"""Fakes of policies and observations: fast, deterministic, with faults on demand."""

import threading
import time

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, STATE_DIM, ActionChunk, Imaginer, Observation, Policy, Prediction


def observation(time: float = 0.0, opening: float = 1.0, instruction: str = "go") -> Observation:
    state = np.zeros(STATE_DIM, np.float32)
    state[9] = opening
    return Observation({}, state, instruction, time)


def prediction(value: float = 0.01, gripper: float = 1.0) -> Prediction:
    """A plan whose k-th action moves x by ``value + k / 1000``, to tell the steps apart."""
    actions = np.zeros((CHUNK_STEPS, ACTION_DIM), np.float32)
    actions[:, 0] = value + np.arange(CHUNK_STEPS) / 1000
    actions[:, -1] = gripper
    return Prediction(ActionChunk(actions))


class FakePolicy(Policy):
    """Answers with the observation's time as the first translation.

    Instructions command faults: ``nan``, ``shape``, ``raise``, ``refuse``, ``slow``.
    """

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.batches: list[int] = []
        self.seeds: list[int] = []
        self.calls: list[str] = []
        self.release = threading.Event()

    def predict(self, observations, seeds):
        self.batches.append(len(observations))
        self.seeds += seeds
        self.calls.append("act")
        time.sleep(self.delay_s)
        return [self._answer(item) for item in observations]

    def _answer(self, item: Observation) -> Prediction:
        if item.instruction == "refuse":
            raise InvalidInputError("the instruction is too long")
        if item.instruction == "raise":
            raise RuntimeError("matrix shapes differ\nsecond line")
        if item.instruction == "slow":
            self.release.wait(5)
        if item.instruction == "shape":
            return Prediction(ActionChunk(np.zeros((3, 7), np.float32)))
        return prediction(np.nan if item.instruction == "nan" else item.time)


class FakeImaginer(FakePolicy, Imaginer):
    """Imagines in stages and notes the order of the work."""

    def __init__(self, stages: int = 4) -> None:
        super().__init__()
        self.stages = stages
        self.stage_s = 0.0
        self.started = threading.Event()
        self.proceed = threading.Event()

    def imagine_stages(self, observations, *, samples=1, seed=0, chunks=None):
        for stage in range(self.stages):
            self.calls.append(f"stage{stage}")
            self.started.set()
            self.proceed.wait(5)
            time.sleep(self.stage_s)
            yield None
        yield [[{"front": np.zeros((4, 8, 8, 3), np.uint8)}] * samples for _ in observations]
