"""Demonstrations: the expert disturbed by noise, every frame labelled with what the clean expert would do."""

from collections.abc import Iterator

import numpy as np

from wam_demo.sim.demo_noise import DemoNoise, scatter_start
from wam_demo.sim.expert import Expert
from wam_demo.sim.labels import DemoFrame, FrameQueue
from wam_demo.sim.motion import hand
from wam_demo.sim.regions import Region, draw_in, held_out
from wam_demo.sim.wide import Scenery, reword, vary
from wam_demo.sim.world import World

__all__ = ["AFTER_SUCCESS_STEPS", "DemoFrame", "demonstrate"]

AFTER_SUCCESS_STEPS = 8
"""Control steps that are kept after success: the retreat and holding still."""


def demonstrate(
    world: World,
    seed: int,
    *,
    noise: float,
    every: int = 1,
    scenery: Scenery = "plain",
    region: Region = "whole",
    steps: int | None = None,
) -> Iterator[DemoFrame]:
    """One episode of the noise-injected expert.

    Half of the episodes start at a random TCP pose, some open or close the gripper at a wrong moment, and
    in some the instruction's target changes on the way: recoveries have to be in the data.

    Args:
        world: Is reset and stepped.
        seed: Of the scene and of the noise.
        noise: 0 (clean, from the nominal start) .. 1: bound of the episode's random noise level.
        every: Only every n-th control step is rendered and yielded, from a random phase.
        region: Where the target stands, and with ``training`` goal and random start too; no other becomes the target.
        scenery: What varies besides the task, see `vary`.
        steps: Control steps after which the episode is left, done or not; ``None``: the task's horizon.
    """
    rng = np.random.default_rng([seed, 17])
    draw_in(world, seed, region)
    looks = vary(world, seed, scenery)
    world.calibration = "followed"
    if noise > 0 and rng.random() < 0.5:
        scatter_start(world, rng)
        while region == "training" and held_out(hand(world.scene).position):
            scatter_start(world, rng)
    plan, expert, queue = DemoNoise.draw(rng, noise), Expert(world), FrameQueue(world)
    phase, remaining = int(rng.integers(every)), AFTER_SUCCESS_STEPS
    for step in range(min(steps or world.logic.spec.horizon, world.logic.spec.horizon)):
        if step == plan.retarget_step and region == "whole":
            queue.complete()
            world.retarget(rng)
            if scenery in ("wide", "far", "degraded"):
                reword(world, looks)
        if step % every == phase:
            queue.open(world.observe(), step)
        clean = expert.act()
        action = plan.disturb(step, clean)
        if not np.array_equal(action, clean):
            queue.complete()
        result = world.step(action)
        queue.record(result)
        yield from queue.ready()
        remaining -= result.success
        if result.fault or remaining < 0:
            break
    queue.complete()
    yield from queue.ready()
