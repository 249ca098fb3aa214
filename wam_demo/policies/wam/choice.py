"""Which way to compute a world action model is the fastest here: measured once, then kept."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from wam_demo.config import GRAPHS
from wam_demo.policies.compute.variants import AUTO, EAGER, candidates, has_openvino, variant_named
from wam_demo.policies.wam.policy import WamPolicy, digests
from wam_demo.types import IMAGE_SIZE, STATE_DIM, Observation

ROUNDS = 5
"""Policy calls of each way that are timed, in turn; the fastest counts, so that other load decides little."""
TOLERANCE_M = 0.005
"""A way whose plan leads the arm elsewhere by more than this is not one [m]."""
_log = logging.getLogger(__name__)


def open_wam(checkpoint: Path, compute: str = EAGER, *, root: Path = GRAPHS) -> WamPolicy:
    """A policy, computed as asked.

    Args:
        checkpoint: Directory of the WAM.
        compute: A name of `wam_demo.policies.compute.variants.COMPUTE`. ``auto`` measures nothing: it is eager until
            `fastest_way` did.
        root: Where compiled graphs and choices are kept.

    Raises:
        CheckpointError: As for `WamPolicy`.
        InvalidInputError: The package that this way needs is not installed.
        UnknownNameError: There is no such way.
    """
    name = (measured_way(checkpoint, root) or EAGER) if compute == AUTO else compute
    if name == EAGER:
        return WamPolicy(checkpoint)
    from wam_demo.policies.wam.compiled import CompiledWamPolicy

    policy = CompiledWamPolicy(checkpoint, variant_named(name), root=root)
    policy.prepare_imagination()
    return policy


def measured_way(checkpoint: Path, root: Path = GRAPHS) -> str | None:
    """The name of the way that was the fastest when it was measured here, eager without OpenVINO."""
    if not has_openvino():
        return EAGER
    from wam_demo.policies.compute.cache import GraphCache

    return GraphCache(digests(checkpoint), root).choice()


def fastest_way(checkpoint: Path, root: Path = GRAPHS) -> str:
    """As `measured_way`; measured and its graphs made if they were not yet. Eager where OpenVINO fails."""
    found = measured_way(checkpoint, root)
    if found is not None:
        return found
    try:
        took = _measured(checkpoint, root)
        chosen = min(took, key=lambda name: took[name])
        open_wam(checkpoint, chosen, root=root)
    except RuntimeError as error:  # what OpenVINO raises, on a processor that it does not support for one
        _log.warning("computed by torch, as OpenVINO failed: %s", str(error).splitlines()[0])
        return EAGER
    from wam_demo.policies.compute.cache import GraphCache

    GraphCache(digests(checkpoint), root).choose(chosen, took)
    return chosen


def _measured(checkpoint: Path, root: Path) -> dict[str, float]:
    """The fastest call of each way that plans as torch does [ms]."""
    from wam_demo.policies.compute.graph import capabilities
    from wam_demo.policies.wam.compiled import CompiledWamPolicy

    eager = WamPolicy(checkpoint)
    ways = [eager, *(CompiledWamPolicy(checkpoint, variant, root=root) for variant in candidates(capabilities()))]
    ways = [way for way in ways if plan_distance_m(eager, way) <= TOLERANCE_M]
    return dict(zip((way.compute for way in ways), measure(ways), strict=True))


def measure(ways: Sequence[WamPolicy], rounds: int = ROUNDS) -> list[float]:
    """The fastest call of each [ms], taken in turn."""
    observation = example_observation(ways[0].cameras)
    took: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds + 1):
        for way, durations in zip(ways, took, strict=True):
            began = time.perf_counter()
            way.predict([observation], [0])
            durations.append(1e3 * (time.perf_counter() - began))
    return [min(durations[1:]) for durations in took]


def plan_distance_m(eager: WamPolicy, way: WamPolicy) -> float:
    """Largest distance between the planned paths of two ways [m]; infinite where one is not finite."""
    observation = example_observation(eager.cameras)
    paths = [policy.predict([observation], [0])[0].chunk.actions[:, :3].cumsum(0) for policy in (eager, way)]
    distance = np.linalg.norm(paths[0] - paths[1], axis=-1).max()
    return float(distance) if np.isfinite(distance) else np.inf


def example_observation(cameras: Sequence[str]) -> Observation:
    """Something to look at that takes as long as anything else."""
    rng = np.random.default_rng(0)
    images: Mapping = {camera: rng.integers(0, 256, (IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8) for camera in cameras}
    state = np.zeros(STATE_DIM, np.float32)
    state[:9] = 0.4, 0.0, 0.3, 1, 0, 0, 0, -1, 0
    return Observation(images, state, "put the red cube into the bowl", 0.0)
