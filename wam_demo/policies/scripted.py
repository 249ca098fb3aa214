"""Policies without weights: the privileged scripted expert, and one that does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.policies.registry import LoadContext, PolicySpec
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, OPENING_INDEX, ActionChunk, Observation, Policy, Prediction, Vector

if TYPE_CHECKING:
    from wam_demo.sim.world import World


class HoldPolicy(Policy):
    """Stays where it is and keeps its gripper: the floor that every policy is compared with."""

    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """A plan without motion for each observation."""
        chunks = np.zeros((len(observations), CHUNK_STEPS, ACTION_DIM), np.float32)
        for chunk, observation in zip(chunks, observations, strict=True):
            chunk[:, -1] = np.clip(observation.state[OPENING_INDEX], 0.0, 1.0)
        return [Prediction(ActionChunk(chunk)) for chunk in chunks]


class ExpertPolicy(Policy):
    """The scripted expert as a policy. Privileged: it reads the simulator's true object poses.

    It ignores the observations and answers for the world as it is now, so it must be called in
    the world's thread, between control steps.

    Args:
        world: The world to act in. Its state is the same before and after each call.
    """

    def __init__(self, world: World) -> None:
        from wam_demo.sim.expert import Expert
        from wam_demo.sim.labels import expert_chunk

        self._world = world
        self._expert = Expert(world)
        self._plan = expert_chunk

    def act(self) -> Vector:
        """(7,) float32: the action of the next control step alone."""
        return self._expert.act()

    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """Plan by rolling the expert out in a fork of the world.

        Args:
            observations: Exactly one: an expert belongs to one world.
            seeds: It draws no noise.
        """
        if len(observations) != 1:
            raise ValueError(f"the expert plans for its own world, got {len(observations)}")
        return [Prediction(ActionChunk(self._plan(self._world)))]


def _load_expert(context: LoadContext) -> Policy:
    if context.world is None:
        raise InvalidInputError("policy 'expert' reads the simulator: it needs its world")
    return ExpertPolicy(context.world)


EXPERT = PolicySpec(
    name="expert",
    label="Expert, scripted",
    sentence="The scripted expert reads the simulator: it neither imagines nor attends.",
    load=_load_expert,
    privileged=True,
    needs_images=False,
)
HOLD = PolicySpec(
    name="hold",
    label="Hold still",
    sentence="Hold does nothing: it neither imagines nor attends.",
    load=lambda context: HoldPolicy(),
    needs_images=False,
    is_baseline=True,
)
