"""Who acts: an agent takes an observation and says what to do at this control step.

`wam_demo.policies.receding.ChunkPlayer` is the agent of a policy that is never waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Protocol

import numpy as np

from wam_demo.policies.receding import LockstepPlayer, PlayedStep
from wam_demo.types import Observation, Prediction

TICK_S = 0.05
"""How often somebody who waits for a plan looks up [s]."""

Submit = Callable[[Observation], "Future[Prediction]"]


class Agent(Protocol):
    """Decides one control step after the other."""

    @property
    def wait_steps(self) -> int:
        """Control steps that the newest plan has been waited for, or took."""

    def act(self, step: int, observation: Observation) -> PlayedStep:
        """What to do at a control step; steps only grow.

        Raises:
            WamDemoError: It does not know; nothing was done, and it may be asked again.
        """

    def close(self) -> None:
        """Withdraw what is under way. Idempotent."""


class AwaitingAgent:
    """Asks for a plan at every observation, waits for it and does its first action.

    Args:
        submit: Asks for a plan.
        meanwhile: Called every `TICK_S` while waiting; what it raises ends the wait.
    """

    wait_steps = 0

    def __init__(self, submit: Submit, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._submit = submit
        self._meanwhile = meanwhile

    def act(self, step: int, observation: Observation) -> PlayedStep:
        """The first action of a plan for this observation."""
        future = self._submit(observation)
        try:
            while True:
                try:
                    prediction = future.result(timeout=TICK_S)
                    break
                except FutureTimeoutError:
                    if future.done():
                        raise
                    self._meanwhile()
        finally:
            future.cancel()
        return PlayedStep(np.asarray(prediction.chunk.actions[0], np.float32), prediction, step, 0)

    def close(self) -> None:
        """Nothing is under way between two calls."""


class LockstepAgent(LockstepPlayer):
    """Waits for its plans, whose noise follows from seed and step: what it does never depends on time."""

    wait_steps = 0

    def act(self, step: int, observation: Observation) -> PlayedStep:
        """Ask and wait if it is time and nobody has done so for this step, then play one step."""
        self.ask(step, observation)
        self.collect(step)
        return self.play(step, observation)
