"""Policies without weights: the privileged scripted expert, and one that does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.policies.base import OPENING_INDEX, hold_chunk
from wam_demo.types import ActionChunk, Observation, Prediction, Vector

if TYPE_CHECKING:
    from wam_demo.sim.world import World


class HoldPolicy:
    """Stays where it is and keeps its gripper: the floor that every policy is compared with."""

    needs_images = False

    def reset(self, instruction: str) -> None:
        """Nothing to prepare."""

    def predict(self, observations: Sequence[Observation]) -> list[Prediction]:
        """A plan without motion for each observation."""
        return [Prediction(hold_chunk(float(np.clip(o.state[OPENING_INDEX], 0.0, 1.0)))) for o in observations]


class ExpertPolicy:
    """The scripted expert as a policy. Privileged: it reads the simulator's true object poses.

    It ignores the observations and answers for the world as it is now, so it must be called in
    the world's thread, between control steps.

    Args:
        world: The world to act in. Its state is the same before and after each call.
    """

    needs_images = False
    privileged = True

    def __init__(self, world: World) -> None:
        from wam_demo.sim.expert import Expert
        from wam_demo.sim.labels import expert_chunk

        self._world = world
        self._expert = Expert(world)
        self._plan = expert_chunk

    def reset(self, instruction: str) -> None:
        """Nothing to prepare: the expert knows the target from the world."""

    def act(self) -> Vector:
        """(7,) float32: the action of the next control step alone."""
        return self._expert.act()

    def predict(self, observations: Sequence[Observation]) -> list[Prediction]:
        """Plan by rolling the expert out in a fork of the world.

        Args:
            observations: Exactly one: an expert belongs to one world.
        """
        if len(observations) != 1:
            raise ValueError(f"the expert plans for its own world, got {len(observations)}")
        return [Prediction(ActionChunk(self._plan(self._world)))]
