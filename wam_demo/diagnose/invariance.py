"""What a change of the picture does to features and to the plan, while nothing else changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.diagnose.bootstrap import ratio_interval
from wam_demo.types import POLICY_CAMERAS, Observation

if TYPE_CHECKING:
    from wam_demo.models.teacher import Teacher
    from wam_demo.policies.probe import Prober
    from wam_demo.sim.world import World

PICTURE_AXES = ("camera", "hand_eye", "noise", "light", "background", "occlusion")
"""Axes that change pictures and nothing else."""
PLAN_STEPS = 8
"""Control steps after which a plan's place is compared: 0.8 s."""
MAX_STEPS = 14
"""A moment lies at most so many control steps into an episode of the expert."""
BATCH = 8
Features = Callable[[Sequence[Observation]], NDArray[np.float32]]
"""Observations to (blocks, B, tokens, dim)."""


@dataclass(frozen=True)
class Scenes:
    """The same moments as they are and with another picture.

    Attributes:
        plain: Observations.
        changed: By axis, the same states under it.
    """

    plain: Sequence[Observation]
    changed: Mapping[str, Sequence[Observation]]


def moments(world: World, axes: Sequence[str], severity: int, seeds: Sequence[int]) -> Scenes:
    """One moment of the expert's episode a scene, early and drawn by the seed.

    Args:
        world: The task's world; it is reset.
        axes: Of `PICTURE_AXES`.
        severity: 1 .. 5.
        seeds: Scenes that nothing was trained on.
    """
    from wam_demo.sim.expert import Expert

    expert = Expert(world)
    plain: list[Observation] = []
    changed: dict[str, list[Observation]] = {axis: [] for axis in axes}
    for seed in seeds:
        world.draw(seed)
        for _ in range(int(np.random.default_rng(seed).integers(MAX_STEPS + 1))):
            world.step(expert.act())
        plain.append(world.observe())
        for axis in axes:
            world.apply_event(axis, {"severity": severity, "seed": seed})
            changed[axis].append(world.observe())
            world.apply_event(axis, {"severity": 0})
    return Scenes(plain, changed)


def document(policy: Prober, scenes: Scenes) -> dict[str, Any]:
    """Of each axis: ``features``, a share for each block, and ``plan_cm`` at +0.8 s; both with intervals."""
    plain, planned = in_batches(policy.features, scenes.plain), _places(policy, scenes.plain)
    content = {}
    for axis, observations in scenes.changed.items():
        content[axis] = feature_change(plain, in_batches(policy.features, observations))
        shift = 100 * np.linalg.norm(_places(policy, observations) - planned, axis=-1)
        content[axis] |= {
            "plan_cm": float(shift.mean()),
            "plan_cm_ci95": list(ratio_interval(shift, np.ones_like(shift))),
        }
    return content


def teacher_document(teacher: Teacher, grid: int, scenes: Scenes) -> dict[str, Any]:
    """The same of a teacher, which has one block and plans nothing."""
    import torch

    def features(observations: Sequence[Observation]) -> NDArray[np.float32]:
        images = np.stack([observation.images[name] for observation in observations for name in POLICY_CAMERAS])
        with torch.inference_mode():
            patches = teacher.features(torch.from_numpy(images), grid).float().numpy()
        return patches.reshape(1, len(observations), -1, patches.shape[-1])

    plain = in_batches(features, scenes.plain)
    return {axis: feature_change(plain, in_batches(features, seen)) for axis, seen in scenes.changed.items()}


def feature_change(plain: NDArray[np.float32], changed: NDArray[np.float32]) -> dict[str, Any]:
    """How far features move, as a share of their variance over moments: 0 is invariant, 2 is unrelated.

    Args:
        plain: (blocks, moments, tokens, dim).
        changed: The same moments with another picture.

    Returns:
        ``features`` and ``features_ci95`` by block.
    """
    moved = np.square(changed - plain).mean((2, 3), dtype=np.float64)
    spread = np.square(plain - plain.mean(1, keepdims=True)).mean((2, 3), dtype=np.float64)
    return {
        "features": (moved.sum(1) / spread.sum(1)).tolist(),
        "features_ci95": [list(ratio_interval(*block)) for block in zip(moved, spread, strict=True)],
    }


def in_batches(features: Features, observations: Sequence[Observation]) -> NDArray[np.float32]:
    """(blocks, moments, tokens, dim), a few observations at a time."""
    parts = [features(observations[first : first + BATCH]) for first in range(0, len(observations), BATCH)]
    return np.concatenate(parts, axis=1)


def _places(policy: Prober, observations: Sequence[Observation]) -> NDArray[np.float32]:
    """(moments, 3) displacement [m] that each plan reaches after `PLAN_STEPS`."""
    plans = []
    for first in range(0, len(observations), BATCH):
        part = observations[first : first + BATCH]
        plans += policy.predict(part, [0] * len(part))
    return np.stack([plan.chunk.actions[:PLAN_STEPS, :3].sum(0) for plan in plans])
