"""A scripted stand-in for a person at the controls: it takes the arm when nothing comes of what a policy does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wam_demo.runtime.person import Person, PersonCommand
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.runtime.takeover import TakeoverAgent
from wam_demo.types import CONTROL_HZ, Observation, StepRecord, Vector

PATIENCE_STEPS = 35
"""Control steps without progress after which it takes the arm."""
HELP_STEPS = 30
"""Control steps after which it gives the arm back."""
PROGRESS_M = 0.005
"""What counts as having come closer [m]."""


class ScriptedPerson(Subscriber):
    """Drives by the same commands as a page, after each control step for the next one.

    Args:
        person: Where its commands go.
        takeover: Is given back here.
        act: The (7,) action it would do now; may read the simulator, since it stands for somebody who sees the scene.
        patience: Control steps; 0 takes the arm at once and keeps it.
    """

    def __init__(
        self, person: Person, takeover: TakeoverAgent, act: Callable[[], Vector], patience: int = PATIENCE_STEPS
    ) -> None:
        self._person, self._takeover, self._act = person, takeover, act
        self._patience = patience
        self._count = 0
        self._forget()

    def _forget(self) -> None:
        self._best = np.inf
        self._since = self._helped = 0

    def on_reset(self, observation: Observation) -> None:
        """Another episode: the policy goes first."""
        self._forget()
        self._takeover.give_back()
        if self._patience == 0:
            self._drive()

    def on_step(self, record: StepRecord) -> None:
        """Watch, take the arm, drive it, or give it back."""
        distance = np.inf if record.goal_distance is None else record.goal_distance
        self._since = 0 if distance < self._best - PROGRESS_M else self._since + 1
        self._best = min(self._best, distance)
        driving = self._takeover.state.person
        if driving and self._patience and self._helped >= HELP_STEPS:
            self._takeover.give_back()
            self._since = self._helped = 0
        elif driving or self._since >= self._patience:
            self._drive()

    def _drive(self) -> None:
        action = self._act()
        self._count += 1
        self._helped += 1
        twist = np.asarray(action[:6], np.float32) * CONTROL_HZ
        self._person.put(PersonCommand(self._count, True, twist, gripper=float(action[6])))
