"""Ways to compute one policy, measured in turn: calls, imaginations, episodes, and how far their plans differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.executors.executor import ExecutorConfig
from wam_demo.evaluate.executors.local import play_grid
from wam_demo.evaluate.specs.evaluation import EVALUATION_SEEDS
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.policies.registry import load_policy, policy_spec
from wam_demo.policies.timing import percentiles
from wam_demo.types import Observation, Policy

CALLS, IMAGINATIONS, GRIDS = 40, 10, 2
"""Measurements of each way."""


def compare_ways(
    policy_name: str,
    task: str,
    ways: Sequence[str],
    *,
    checkpoint: Path | None = None,
    episodes: int = 16,
    config: ExecutorConfig | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> dict[str, Any]:
    """Measure ways to compute a learned policy, taking turns at every call so that other load falls on all of them.

    Args:
        policy_name: A learned policy that imagines.
        task: Its scene is seen and played.
        ways: Names of `wam_demo.policies.compute.variants.COMPUTE` but ``auto``; the first is what the others are
            compared with.
        checkpoint: Overrides the shipped weights.
        episodes: Closed-loop episodes behind each of the `GRIDS` rates.
        config: Parallelism of the episodes.
        progress: Told the name of each stage as it begins.

    Returns:
        JSON-serialisable, see ``bench`` in docs/architecture.md.

    Raises:
        InvalidInputError: It does not imagine, or a package is missing.
        CheckpointError: The checkpoint is missing or corrupt.
    """
    import torch

    if not policy_spec(policy_name).imagines:
        raise InvalidInputError(f"policy {policy_name!r} does not imagine: there is nothing to compare")
    progress("start")
    policies, start_s = dict[str, Any](), dict[str, float]()
    for way in ways:
        began = time.perf_counter()
        policies[way] = load_policy(policy_name, checkpoint, compute=way)
        start_s[way] = time.perf_counter() - began
    observations = _observations(task, CALLS)
    progress("calls")
    calls = in_turn(policies, lambda policy, i: policy.predict([observations[i]], [i]), CALLS)
    plans = {way: [policy.predict([seen], [0])[0] for seen in observations[:8]] for way, policy in policies.items()}
    progress("imaginations")
    chunk = plans[ways[0]][0].chunk
    imagined = in_turn(policies, lambda policy, i: policy.imagine(observations[:1], chunks=[chunk]), IMAGINATIONS)
    progress("batches")
    batches = in_turn(policies, lambda policy, i: policy.predict(observations[:8], range(8)), IMAGINATIONS)
    progress("episodes")
    rates = _episodes_per_s(policies, GridSpec((policy_name,), (task,), episodes=episodes, linger=0), config)
    first = ways[0]
    rows = {
        way: {
            "start_s": start_s[way],
            "policy_call": _figures(calls, way, first),
            "imagine": _figures(imagined, way, first),
            "batch_of_8": _figures(batches, way, first),
            "episodes_per_s": rates[way],
            "episodes_ratio": float(np.median(rates[way]) / np.median(rates[first])),
            "plan_distance_mm": 1e3 * max(map(_distance_m, plans[way], plans[first])),
        }
        for way in ways
    }
    return {"policy": policy_name, "task": task, "threads": torch.get_num_threads(), "against": first, "ways": rows}


Durations = dict[str, list[tuple[float, float]]]
"""By way, of each call: milliseconds by the clock, and of the processor, which other load disturbs little."""


def in_turn(policies: dict[str, Any], call: Callable[[Any, int], object], repeats: int) -> Durations:
    """A call with each policy, one after the other, ``repeats`` times; the first round is extra."""
    took: Durations = {way: [] for way in policies}
    for number in range(-1, repeats):
        for way, policy in policies.items():
            began, cpu = time.perf_counter(), time.process_time()
            call(policy, max(number, 0))
            if number >= 0:
                took[way].append((1e3 * (time.perf_counter() - began), 1e3 * (time.process_time() - cpu)))
    return took


def _figures(took: Durations, way: str, first: str) -> dict[str, Any]:
    """Percentiles, and the median ratio of neighbouring calls: load that comes and goes falls on both."""
    (wall, cpu), (wall_first, cpu_first) = np.array(took[way]).T, np.array(took[first]).T
    return {
        "wall_ms": percentiles(wall.tolist()),
        "cpu_ms": percentiles(cpu.tolist()),
        "wall_ratio": float(np.median(wall / wall_first)),
        "cpu_ratio": float(np.median(cpu / cpu_first)),
    }


def _distance_m(plan: Any, other: Any) -> float:
    paths = [prediction.chunk.actions[:, :3].cumsum(0) for prediction in (plan, other)]
    return float(np.linalg.norm(paths[0] - paths[1], axis=-1).max())


def _observations(task: str, count: int) -> list[Observation]:
    from wam_demo.sim.expert import Expert
    from wam_demo.sim.world import World

    world = World(task)
    try:
        observations = [world.reset(EVALUATION_SEEDS[0])]
        expert = Expert(world)
        while len(observations) < count:
            world.step(expert.act())
            observations.append(world.observe())
        return observations
    finally:
        world.close()


def _episodes_per_s(
    policies: dict[str, Policy], spec: GridSpec, config: ExecutorConfig | None
) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {way: [] for way in policies}
    for _ in range(GRIDS):
        for way, policy in policies.items():
            began = time.perf_counter()
            play_grid(spec.validated(), config, partial(_loaded, policy))
            rates[way].append(spec.episodes / (time.perf_counter() - began))
    return rates


def _loaded(policy: Policy, name: str, checkpoint: Path | None) -> Policy:
    """As a loader: what is there already."""
    return policy
