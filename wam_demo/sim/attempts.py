"""Attempts that go well or badly: every frame says whether what was asked for is fulfilled at that moment."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from wam_demo.sim.demo_noise import DemoNoise, scatter_start
from wam_demo.sim.tasks.base import Assignment
from wam_demo.sim.world import World
from wam_demo.types import Observation, Vector

Mishap = Literal["none", "aside", "lets_go", "clenched", "weak", "stops"]
MISHAPS: tuple[Mishap, ...] = get_args(Mishap)
"""What happens to the expert's actions from some step on: nothing; a push to one side, so that it misses; the gripper
opens, or closes, for good; motions become small; it stands still."""
UNSPOILT = 0.45
"""Share of episodes in which no mishap happens."""
ORDERS = {"own": 0.5, "own, other": 0.15, "other": 0.2, "other, own": 0.15}
"""Whose instruction the expert follows, one after the other, and how often: the episode's own or another object's."""
SCATTERED = 0.3
"""Share of episodes that start from a random pose."""
HELD_STEPS = 4
"""Control steps for which an instruction stays fulfilled before the expert turns to the next."""
AFTER_STEPS = 16
"""Control steps that are kept after the last one."""


GLANCE_STEPS = 120
"""Control steps that an episode may take longer when its hand glances elsewhere."""
_GLANCES = 0.05
"""How often a glance begins, a control step."""
_GLANCED_AT = np.array([[0.32, -0.32, 0.14], [0.64, 0.32, 0.34]])
"""Corners [m] of the box in which the hand glances."""
_GLANCE_STEP_M = 0.025
"""Of a control step, at most."""


@dataclass(frozen=True)
class AttemptFrame:
    """One judged control step.

    Attributes:
        observation: Before the action, with the episode's own instruction.
        action: (7,) float32 as applied.
        success: Success has held for 0.5 s.
        step: Control step of the episode.
        fulfilled: What the instruction asks for holds in this observation.
        other_instruction: The same scene's words for another object, if it has one.
        other_fulfilled: What those ask for holds in this observation.
    """

    observation: Observation
    action: Vector
    success: bool
    step: int
    fulfilled: bool
    other_instruction: str
    other_fulfilled: bool


@dataclass(frozen=True)
class Spoiler:
    """A mishap of one episode.

    Attributes:
        kind: See `MISHAPS`.
        onset: Control step from which it happens.
        push: (2,) [m] a step, of ``aside``.
        gain: Of ``weak``.
    """

    kind: Mishap = "none"
    onset: int = 0
    push: Vector | None = None
    gain: float = 1.0

    @classmethod
    def draw(cls, rng: np.random.Generator, horizon: int) -> "Spoiler":
        """The mishap of an episode of that many control steps."""
        if rng.random() < UNSPOILT:
            return cls()
        return cls.of(MISHAPS[1 + int(rng.integers(len(MISHAPS) - 1))], rng, horizon)

    @classmethod
    def of(cls, kind: Mishap, rng: np.random.Generator, horizon: int) -> "Spoiler":
        """One of a kind, in an episode of that many control steps."""
        angle, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.004, 0.015)
        push = size * np.array([np.cos(angle), np.sin(angle)], np.float32)
        return cls(kind, int(rng.integers(0, horizon // 2)), push, float(rng.uniform(0.1, 0.5)))

    def spoil(self, step: int, action: Vector) -> Vector:
        """The (7,) action with the mishap in it; a copy."""
        action = action.copy()
        if step < self.onset:
            return action
        if self.kind == "aside" and self.push is not None:
            action[:2] += self.push
        elif self.kind == "weak":
            action[:6] *= self.gain
        elif self.kind == "stops":
            action[:6] = 0
        elif self.kind in ("lets_go", "clenched"):
            action[-1] = float(self.kind == "lets_go")
        return action


class Glances:
    """Now and then the hand leaves what it does, looks at the table from somewhere else, and comes back.

    Args:
        rng: Draws when, and where from.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._way: list[Vector] = []

    def turn(self, action: Vector, world: World) -> Vector:
        """The (7,) action, or instead of it one of a glance; the gripper stays as it is."""
        position = world.state_vector()[:3]
        if not self._way:
            if self._rng.random() >= _GLANCES:
                return action
            above = np.array([*position[:2], max(position[2], _GLANCED_AT[0, 2])], np.float32)
            self._way = [above, self._rng.uniform(*_GLANCED_AT).astype(np.float32), above]
        gap = self._way[0] - position
        if np.abs(gap).max() < _GLANCE_STEP_M:
            self._way.pop(0)
        turned = np.zeros_like(action)
        turned[:3], turned[-1] = np.clip(gap, -_GLANCE_STEP_M, _GLANCE_STEP_M), action[-1]
        return turned


def attempt(world: World, seed: int, *, noise: float, every: int = 1, glances: bool = False) -> Iterator[AttemptFrame]:
    """One attempt of the scripted expert, which may follow another object's instruction and may have a mishap.

    Args:
        world: Is reset and stepped.
        seed: Of the scene and of everything drawn here.
        noise: Bounds the level of the noise on the actions, as in demonstrations.
        every: Only every n-th control step is rendered and yielded, from a random phase.
        glances: Now and then the hand looks elsewhere and comes back, see `Glances`.
    """
    rng = np.random.default_rng([seed, 37])
    world.draw(seed)
    logic, own = world.logic, world.assignment
    other = own.retarget(rng)
    words = logic.spec.instruction(logic.concepts(other), rng)
    if rng.random() < SCATTERED:
        scatter_start(world, rng)
    spoiler = Spoiler.draw(rng, logic.spec.horizon)
    disturbance = replace(DemoNoise.draw(rng, noise), retarget_step=-1)
    turns = _Turns(world, own, other, str(rng.choice(list(ORDERS), p=list(ORDERS.values()))))
    phase = int(rng.integers(every))
    elsewhere = Glances(np.random.default_rng([seed, 41])) if glances else None
    for step in range(logic.spec.horizon + GLANCE_STEPS * glances):
        seen = (world.observe(), *turns.fulfilled()) if step % every == phase else None
        action = spoiler.spoil(step, disturbance.disturb(step, logic.act(world.scene, turns.turn())))
        if elsewhere is not None:
            action = elsewhere.turn(action, world)
        result = world.step(action)
        if seen is not None:
            observation, fulfilled, of_other = seen
            yield AttemptFrame(observation, result.applied, result.success, step, fulfilled, words, of_other)
        if result.fault or turns.over():
            return


class _Turns:
    """Whose instruction the expert follows now.

    Args:
        world: Is looked at.
        own: What the episode asks for.
        other: What its other instruction asks for.
        order: One of `ORDERS`.
    """

    def __init__(self, world: World, own: Assignment, other: Assignment, order: str) -> None:
        self._world, self._own, self._other = world, own, other
        self._left = [own if name == "own" else other for name in order.split(", ")]
        self._held, self._after = 0, AFTER_STEPS

    def fulfilled(self) -> tuple[bool, bool]:
        """Whether its own instruction is fulfilled now, and whether the other one is."""
        logic, scene = self._world.logic, self._world.scene
        return logic.success(scene, self._own), self._other != self._own and logic.success(scene, self._other)

    def turn(self) -> Assignment:
        """What the expert does now."""
        return self._left[0]

    def over(self) -> bool:
        """Count a control step; whether the last one was fulfilled long enough ago."""
        self._held = self._held + 1 if self._world.logic.success(self._world.scene, self._left[0]) else 0
        if self._held < HELD_STEPS:
            return False
        if len(self._left) > 1:
            self._left.pop(0)
            self._held = 0
            return False
        self._after -= 1
        return self._after < 0
