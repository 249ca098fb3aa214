"""Does a dream know how far it is from reality? What it expects of itself, beside what the simulator says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.diagnose.dream import where_looked_at
from wam_demo.errors import CheckpointError
from wam_demo.models.wam.doubt import DoubtModel
from wam_demo.policies.dreaming import ANCHOR_STEPS, Dreamer, pictures_apart
from wam_demo.robots.dream import DreamSource, at_once
from wam_demo.types import ACTION_DIM, Observation, Vector

if TYPE_CHECKING:
    from wam_demo.sim.world import World

STEPS = 96
"""Control steps of a dream."""
MOST_BEFORE = 40
"""Control steps of the expert before a dream begins, at most."""
SEVERITY = 3
AXES = ("light", "background", "object_look", "distractor", "camera", "hand_eye")
"""What disturbs every other scene."""
WAYS = ("expert", "noisy", "wander")
"""Who decides: the scripted expert; the same with large noise and a gripper that errs; a hand that wanders."""
ROUND = 36
"""Scenes in which every task is acted in every way, disturbed and not."""
HELD_OUT = 3
"""Every third round is kept from the curve."""
SHOWN_SEEDS, SHOWN_STEPS, SHOWN_EVERY, SHOWN_NOISE = range(60_000, 60_012), 80, 8, 0.004
"""Demonstrations of each task that tell what is usual: scenes, control steps, how many lie between two frames, and the
deviation of the noise on each action [m, rad]."""
_SWAY = np.array([0.012, 0.012, 0.008, 0.03, 0.03, 0.06])
"""Deviation of the noise on translations [m] and rotations [rad] of a step."""
_HOME = np.array([0.45, 0.0, 0.15])
"""What a wandering hand is drawn to [m]."""


@dataclass(frozen=True)
class DoubtedFrame:
    """One anchor of a dream beside the simulator.

    Attributes:
        scene: Counts scenes.
        task: Task name.
        way: One of `WAYS`.
        axis: What disturbs the scene, or ``none``.
        step: Control steps dreamt.
        doubt: The dream's worst so far.
        error: Mean absolute difference of the pictures, 0..1.
    """

    scene: int
    task: str
    way: str
    axis: str
    step: int
    doubt: float
    error: float


def doubted_scenes(
    policy: Dreamer,
    open_world: Callable[[str], World],
    tasks: Sequence[str],
    seeds: Sequence[int],
    on_scene: Callable[[], None] = lambda: None,
) -> list[DoubtedFrame]:
    """Dream many ways of acting in many scenes beside the simulator.

    Args:
        policy: Imagines.
        open_world: Of a task.
        tasks: In turn.
        seeds: One a scene.
        on_scene: Called after each.

    Raises:
        CheckpointError: These weights cannot dream.
    """
    frames: list[DoubtedFrame] = []
    for scene, seed in enumerate(seeds):
        task, way, axis = planned(scene, tasks)
        world = open_world(task)
        try:
            for step, doubt, error in _beside(world, policy, seed, way, axis):
                frames.append(DoubtedFrame(scene, task, way, axis, step, doubt, error))
        finally:
            world.close()
        on_scene()
    return frames


def demonstrated(policy: Any, open_world: Callable[[str], World], tasks: Sequence[str]) -> NDArray[np.float32]:
    """(M, D) pooled features of frames of slightly noisy demonstrations in undisturbed scenes, for a `DoubtModel`.

    Args:
        policy: A `wam_demo.policies.wam.policy.WamPolicy`.
        open_world: Of a task.
        tasks: All of them are shown.
    """
    from wam_demo.models.wam.doubt import pooled_features
    from wam_demo.sim.expert import Expert

    found = []
    for task in tasks:
        world = open_world(task)
        try:
            for seed in SHOWN_SEEDS:
                world.reset(seed)
                expert, rng = Expert(world), np.random.default_rng(seed)
                for step in range(SHOWN_STEPS):
                    if step % SHOWN_EVERY == 0:
                        read = policy.read([world.observe()])
                        found.append(pooled_features(read.features, len(policy.cameras))[0])
                    noise = rng.normal(0, SHOWN_NOISE, ACTION_DIM).astype(np.float32)
                    noise[-1] = 0
                    world.step(expert.act() + noise)
        finally:
            world.close()
    return np.stack(found)


def planned(scene: int, tasks: Sequence[str]) -> tuple[str, str, str]:
    """Task, way and axis (or ``none``) of a scene; of six tasks, every `ROUND` scenes hold all of them together."""
    row, column = divmod(scene, len(tasks))
    axis = AXES[(scene // 2 + scene // 12) % len(AXES)] if (row + column) % 2 else "none"
    return tasks[column], WAYS[row % len(WAYS)], axis


def _beside(world: World, policy: Dreamer, seed: int, way: str, axis: str) -> Iterator[tuple[int, float, float]]:
    """Control step, doubt and error of each anchor; ends early where the physics diverges."""
    from wam_demo.sim.expert import Expert
    from wam_demo.sim.perturb import sample

    if policy.calibration is None:
        raise CheckpointError("these weights have no imagination model to dream with")
    rng = np.random.default_rng(seed)
    world.reset(seed)
    if axis != "none":
        world.apply(sample(axis, SEVERITY, seed, world))
    expert = Expert(world)
    for _ in range(int(rng.integers(MOST_BEFORE))):
        world.step(expert.act())
    source = DreamSource(world.observe(), where_looked_at(at_once(policy)), policy.calibration)
    decide = _decider(way, expert.act, rng)
    for step in range(1, STEPS + 1):
        action = decide(source.observe())
        if world.step(action).fault is not None:
            return
        source.apply(action)
        if step % ANCHOR_STEPS == 0 and source.doubt is not None:
            yield step, source.doubt.amount, pictures_apart(world.observe(), source.observe())


def _decider(way: str, expert: Callable[[], Vector], rng: np.random.Generator) -> Callable[[Observation], Vector]:
    """What is done, given the newest observation of the dream."""
    sway, opening = np.zeros(len(_SWAY)), 1.0

    def swayed() -> NDArray[np.float64]:
        nonlocal sway
        sway = 0.9 * sway + 0.45 * rng.normal(size=len(_SWAY)) * _SWAY
        return sway

    def noisy(observation: Observation) -> Vector:
        action = np.array(expert(), np.float64)
        action[: len(_SWAY)] += swayed()
        if rng.random() < 0.03:
            action[-1] = 1 - action[-1]
        return action.astype(np.float32)

    def wander(observation: Observation) -> Vector:
        nonlocal opening
        action = np.zeros(ACTION_DIM)
        action[: len(_SWAY)] = swayed()
        action[:3] += 0.04 * (_HOME - observation.state[:3])
        if rng.random() < 0.04:
            opening = 1 - opening
        action[-1] = opening
        return action.astype(np.float32)

    ways = {"expert": lambda observation: expert(), "noisy": noisy, "wander": wander}
    return ways[way]


def fitted(model: DoubtModel, frames: Sequence[DoubtedFrame]) -> DoubtModel:
    """The model with the curve of the scenes that are not held out."""
    values = np.array([(frame.doubt, frame.error) for frame in frames if not _held_out(frame)])
    return model.with_curve(values[:, 0], values[:, 1])


def doubt_document(frames: Sequence[DoubtedFrame], model: DoubtModel) -> dict[str, Any]:
    """How well the curve tells the errors of the held-out scenes; JSON-ready.

    Returns:
        ``held_out`` with ``scenes``, ``frames``, ``pearson`` and ``spearman`` with 95 % intervals over scenes, ``mae``
        beside ``mae_of_a_constant``, and ``calibration``, rows of expected and measured error of fifths of the frames;
        the same by way of acting, axis and task without intervals; ``frames``, all of them.
    """
    held = [frame for frame in frames if _held_out(frame)]
    usual = float(np.median([frame.error for frame in frames if not _held_out(frame)]))
    parts: dict[str, Mapping[str, list[DoubtedFrame]]] = {
        "by_way": _groups(held, "way"), "by_axis": _groups(held, "axis"), "by_task": _groups(held, "task"),
    }  # fmt: skip
    return {
        "held_out": _told(held, model, usual) | _intervals(held, model) | {"calibration": _fifths(held, model)},
        **{name: {key: _told(part, model, usual) for key, part in groups.items()} for name, groups in parts.items()},
        "frames": [asdict(frame) for frame in frames],
    }


def _held_out(frame: DoubtedFrame) -> bool:
    return frame.scene // ROUND % HELD_OUT == HELD_OUT - 1


def _groups(frames: Sequence[DoubtedFrame], by: str) -> dict[str, list[DoubtedFrame]]:
    groups: dict[str, list[DoubtedFrame]] = {}
    for frame in frames:
        groups.setdefault(getattr(frame, by), []).append(frame)
    return groups


def _told(frames: Sequence[DoubtedFrame], model: DoubtModel, usual: float) -> dict[str, Any]:
    expected, error = _expected(frames, model)
    pearson, spearman = _correlations(expected, error)
    return {
        "scenes": len({frame.scene for frame in frames}),
        "frames": len(frames),
        "error": float(error.mean()),
        "expected": float(expected.mean()),
        "pearson": pearson,
        "spearman": spearman,
        "mae": float(np.abs(expected - error).mean()),
        "mae_of_a_constant": float(np.abs(usual - error).mean()),
    }


def _intervals(frames: Sequence[DoubtedFrame], model: DoubtModel, draws: int = 2000) -> dict[str, list[float]]:
    """Scenes are resampled: the frames of one dream are not independent."""
    scenes = [_expected(part, model) for part in _groups(frames, "scene").values()]
    rng = np.random.default_rng(0)
    found = []
    for _ in range(draws):
        chosen = [scenes[index] for index in rng.integers(len(scenes), size=len(scenes))]
        expected, error = (np.concatenate(parts) for parts in zip(*chosen, strict=True))
        found.append(_correlations(expected, error))
    low, high = np.nanquantile(np.array(found, np.float64), [0.025, 0.975], axis=0)
    return {"pearson_ci95": [low[0], high[0]], "spearman_ci95": [low[1], high[1]]}


def _fifths(frames: Sequence[DoubtedFrame], model: DoubtModel) -> list[list[float]]:
    expected, error = _expected(frames, model)
    groups = np.array_split(np.argsort(expected, kind="stable"), 5)
    return [[float(expected[group].mean()), float(error[group].mean())] for group in groups if len(group)]


def _expected(frames: Sequence[DoubtedFrame], model: DoubtModel) -> tuple[NDArray, NDArray]:
    expected = np.array([model.expected(frame.doubt) or 0.0 for frame in frames])
    return expected, np.array([frame.error for frame in frames])


def _correlations(expected: NDArray, error: NDArray) -> tuple[float | None, float | None]:
    """Pearson's and Spearman's; ``None`` where nothing varies."""
    from scipy.stats import rankdata

    if np.ptp(expected) == 0 or np.ptp(error) == 0:
        return None, None
    ranks = np.corrcoef(rankdata(expected), rankdata(error))[0, 1]
    return float(np.corrcoef(expected, error)[0, 1]), float(ranks)
