"""Is a failure in the simulator a failure in the dream, and a success a success, given the same actions?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.diagnose.dream import where_looked_at
from wam_demo.diagnose.dream_eval import Judge, called
from wam_demo.errors import CheckpointError
from wam_demo.policies.dreaming import ANCHOR_STEPS, Dreamer
from wam_demo.robots.dream import DreamSource, at_once
from wam_demo.types import Image

if TYPE_CHECKING:
    from wam_demo.sim.attempts import Mishap
    from wam_demo.sim.world import World

AFTER_STEPS = 12
"""Control steps that are played after success."""
SPOILT_BEFORE = 30
"""Control steps until which a mishap has begun: later most tasks are done."""
SPOILT: tuple[Mishap, ...] = ("aside", "lets_go", "clenched")
"""What happens to the expert in every other scene, in turn: see `wam_demo.sim.attempts.MISHAPS`."""


@dataclass(frozen=True)
class RepeatedScene:
    """One scene, acted in the simulator and repeated in the dream.

    Attributes:
        seed: Scene.
        mishap: What happened to the expert, or ``none``.
        sim: Success in the simulator.
        seen: The judge called the simulator's pictures a success.
        dreamt: It called the dream a success.
        last: Last pictures by camera, of both.
    """

    seed: int
    mishap: Mishap
    sim: bool
    seen: bool
    dreamt: bool
    last: tuple[dict[str, Image], dict[str, Image]]


def repeated_scene(world: World, policy: Dreamer, judge: Judge, seed: int, mishap: Mishap) -> RepeatedScene | None:
    """Let the expert act, with a mishap or without, and dream the same actions; ``None`` if the physics diverged.

    Raises:
        CheckpointError: These weights cannot dream.
    """
    from wam_demo.sim.attempts import Spoiler
    from wam_demo.sim.expert import Expert

    if policy.calibration is None:
        raise CheckpointError("these weights have no imagination model to dream with")
    first, expert, horizon = world.reset(seed), Expert(world), world.logic.spec.horizon
    spoils = Spoiler.of(mishap, np.random.default_rng([seed, 41]), 2 * SPOILT_BEFORE)
    source = DreamSource(first, where_looked_at(at_once(policy)), policy.calibration)
    real, dreamt, success, left = [first], [first], False, AFTER_STEPS
    for step in range(horizon):
        action = spoils.spoil(step, expert.act())
        result = world.step(action)
        if result.fault is not None:
            return None
        source.apply(action)
        success = success or result.success
        if (step + 1) % ANCHOR_STEPS == 0:
            real.append(world.observe())
            dreamt.append(source.observe())
        left -= success
        if left < 0:
            break
    said = (judge.judge(course[1:]).success.tolist() for course in (real, dreamt))
    seen, dreamt_so = (called(probabilities, judge) for probabilities in said)
    return RepeatedScene(seed, mishap, success, seen, dreamt_so, (dict(real[-1].images), dict(dreamt[-1].images)))


def repeated_scenes(
    world: World, policy: Dreamer, judge: Judge, seeds: Sequence[int], on_scene: Callable[[], None] = lambda: None
) -> list[RepeatedScene]:
    """Scenes of one task, every other one with a mishap."""
    scenes = []
    for number, seed in enumerate(seeds):
        mishap: Mishap = SPOILT[number // 2 % len(SPOILT)] if number % 2 else "none"
        scene = repeated_scene(world, policy, judge, seed, mishap)
        if scene is not None:
            scenes.append(scene)
        on_scene()
    return scenes
