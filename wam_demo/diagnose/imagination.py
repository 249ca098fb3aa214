"""How well imagined frames match what then really happens, against copying the last frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from wam_demo.diagnose.bootstrap import ratio_interval
from wam_demo.sim.rotation import logarithm, of_columns
from wam_demo.types import (
    ACTION_DIM,
    CHUNK_STEPS,
    FUTURE_STEPS,
    POLICY_CAMERAS,
    ActionChunk,
    Image,
    Imaginer,
    Observation,
    Policy,
)

if TYPE_CHECKING:
    from wam_demo.sim.world import World, WorldState

MOVING_M = 0.02
"""A moment counts when the TCP gets this far from where it is within the horizon [m]."""
STRIDE = 4
"""Control steps between the moments of an episode that are imagined from."""
Measure = Callable[[Image, Image], float]
"""How close an image is to a reference."""
Features = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""(N, H, W, 3) images to (N, cells, D)."""
HORIZONS = tuple(str(steps) for steps in FUTURE_STEPS)
"""What the frames of an imagination are called, in control steps."""
PSNR_CAP_DB = 60.0
"""Value for frames that are equal to the last bit."""


@dataclass(frozen=True)
class ObservedFuture:
    """An observation, what was really seen 4, 8, 12 and 16 control steps later, and how the arm got there.

    Attributes:
        observation: Where from.
        future: (4, H, W, 3) uint8 by camera.
        moved: The motion that really happened, read off the states, as a plan.
        state: Of the world then.
        plan: What was played, where a policy's plan was.
    """

    observation: Observation
    future: Mapping[str, Image]
    moved: ActionChunk
    state: WorldState
    plan: ActionChunk | None = None


class ImaginationScores:
    """Collects how close imagined frames are to what came, and how close the last frame is, repeated.

    Args:
        features: (N, H, W, 3) uint8 images to (N, cells, D) features; with them, distances in their space count too.
        horizons: What the frames are called, one after the other.
    """

    def __init__(self, features: Features | None = None, horizons: Sequence[str] = HORIZONS) -> None:
        self._features, self._horizons = features, tuple(horizons)
        self._measures: dict[str, Measure] = {"psnr": psnr, "ssim": ssim}
        if features is not None:
            self._measures["feature_distance"] = partial(feature_distance, features)
        self._values: dict[tuple[str, str, str], list[float]] = {}
        self._episodes: list[int] = []

    @property
    def moments(self) -> int:
        """How many were scored."""
        return len(self._episodes)

    def add(self, moment: ObservedFuture, samples: Sequence[Mapping[str, Image]], episode: int = 0) -> None:
        """Score sampled futures, (4, H, W, 3) uint8 by camera, against reality; their mean counts.

        Args:
            moment: Where they start.
            samples: At least one.
            episode: Moments of one episode are not independent: intervals resample episodes.
        """
        self.add_frames(moment.observation.images, moment.future, samples, episode)

    def add_frames(
        self,
        before: Mapping[str, Image],
        future: Mapping[str, Image],
        samples: Sequence[Mapping[str, Image]],
        episode: int,
    ) -> None:
        """As `add`: the last frames seen by camera, then (K, H, W, 3) what came and what was imagined."""
        self._episodes.append(episode)
        for name, measure in self._measures.items():
            for camera in POLICY_CAMERAS:
                last = before[camera]
                for k, horizon in enumerate(self._horizons):
                    real = future[camera][k]
                    found = [measure(sample[camera][k], real) for sample in samples]
                    self._put(name, horizon, camera, float(np.mean(found)))
                    self._put(f"{name}_copy_last", horizon, camera, measure(last, real))

    def document(self) -> dict[str, Any]:
        """Means over moments, by horizon over both cameras and by camera; JSON-serialisable.

        With at least two episodes, also ``psnr_gain_ci95`` over repeating the last frame.
        """
        names = [full for name in self._measures for full in (name, f"{name}_copy_last")]
        content: dict[str, Any] = {"moments": self.moments}
        content |= {name: self._means(name, POLICY_CAMERAS) for name in names}
        if len(set(self._episodes)) > 1:
            content["psnr_gain_ci95"] = {horizon: self._gain_interval(horizon) for horizon in self._horizons}
        by_camera = {camera: {name: self._means(name, [camera]) for name in names} for camera in POLICY_CAMERAS}
        return {**content, "by_camera": by_camera}

    def _put(self, name: str, horizon: str, camera: str, value: float) -> None:
        self._values.setdefault((name, horizon, camera), []).append(value)

    def _by_moment(self, name: str, horizon: str, cameras: Sequence[str]) -> NDArray[np.float64]:
        return np.mean([self._values[name, horizon, camera] for camera in cameras], axis=0)

    def _means(self, name: str, cameras: Sequence[str]) -> dict[str, float]:
        return {horizon: float(self._by_moment(name, horizon, cameras).mean()) for horizon in self._horizons}

    def _gain_interval(self, horizon: str) -> list[float]:
        gains = self._by_moment("psnr", horizon, POLICY_CAMERAS) - self._by_moment(
            "psnr_copy_last", horizon, POLICY_CAMERAS
        )
        episodes, index = np.unique(self._episodes, return_inverse=True)
        sums, counts = (np.bincount(index, weights, len(episodes)) for weights in (gains, np.ones(len(gains))))
        return list(ratio_interval(sums.astype(np.float64), counts.astype(np.float64)))


def expert_moments(world: World, seed: int) -> list[ObservedFuture]:
    """Moving moments of one episode of the scripted expert.

    Args:
        world: The task's world; it is reset.
        seed: Scene; take one that nothing was trained on.

    Returns:
        One moment every `STRIDE` steps whose TCP moves by more than `MOVING_M` in the horizon.
    """
    steps = list(_expert_episode(world, seed))
    last_start = len(steps) - 1 - FUTURE_STEPS[-1]
    windows = [steps[start : start + FUTURE_STEPS[-1] + 1] for start in range(0, last_start + 1, STRIDE)]
    return [_moment(window) for window in windows if _reach([stop.observation for stop in window]) > MOVING_M]


def played_moments(world: World, policy: Policy, moments: Sequence[ObservedFuture]) -> list[ObservedFuture]:
    """The same moments, but what is seen afterwards comes from playing the policy's plan of that moment.

    Args:
        world: The task's world; it is left at the end of the last plan.
        policy: Plans.
        moments: Where from.
    """
    plans = [policy.predict([moment.observation], [0])[0].chunk for moment in moments]
    return [
        replace(_moment(list(_played(world, plan, moment))), plan=plan)
        for moment, plan in zip(moments, plans, strict=True)
    ]


@dataclass(frozen=True)
class _Step:
    """A control step on the way: what was seen before it and the opening that it commands."""

    observation: Observation
    opening: float
    state: WorldState


def _expert_episode(world: World, seed: int) -> Iterator[_Step]:
    """Every control step until success or timeout and one horizon further."""
    from wam_demo.sim import TASKS
    from wam_demo.sim.expert import Expert

    expert, left = Expert(world), FUTURE_STEPS[-1]
    observation = world.reset(seed)
    for _ in range(TASKS[world.task].horizon):
        state, action = world.snapshot(), expert.act()
        yield _Step(observation, float(action[6]), state)
        left -= world.step(action).success
        observation = world.observe()
        if left < 0:
            break
    yield _Step(observation, float(action[6]), world.snapshot())


def _played(world: World, plan: ActionChunk, moment: ObservedFuture) -> Iterator[_Step]:
    """A plan from a moment on, step by step, and what is seen at its end."""
    world.restore(moment.state)
    observation = moment.observation
    for action in plan.actions:
        yield _Step(observation, float(action[6]), world.snapshot())
        world.step(action)
        observation = world.observe()
    yield _Step(observation, float(plan.actions[-1, 6]), world.snapshot())


def _moment(steps: Sequence[_Step]) -> ObservedFuture:
    """The first of 17 stops, and what came of it."""
    seen = [stop.observation for stop in steps]
    future = {camera: np.stack([seen[k].images[camera] for k in FUTURE_STEPS]) for camera in POLICY_CAMERAS}
    actions = np.zeros((CHUNK_STEPS, ACTION_DIM), np.float32)
    for action, stop, after in zip(actions, steps, seen[1:], strict=False):
        before = stop.observation.state
        action[:3] = after.state[:3] - before[:3]
        action[3:6] = logarithm(of_columns(after.state[3:9]) @ of_columns(before[3:9]).T)
        action[6] = stop.opening
    return ObservedFuture(seen[0], future, ActionChunk(actions), steps[0].state)


def _reach(observations: Sequence[Observation]) -> float:
    """Largest distance of the TCP from the first observation's [m]."""
    positions = np.stack([observation.state[:3] for observation in observations])
    return float(np.linalg.norm(positions - positions[0], axis=1).max())


def score_imagination(
    imaginer: Imaginer,
    world: World,
    seeds: Sequence[int],
    on_episode: Callable[[], None] = lambda: None,
    batch: int = 4,
    *,
    samples: int = 1,
    features: Features | None = None,
    true_motion: bool = False,
    player: Policy | None = None,
) -> ImaginationScores:
    """Imagine from every moving moment of some expert episodes and score what came out.

    Args:
        imaginer: Samples futures; its noise is seeded by the scene.
        world: The task's world.
        seeds: Scenes that nothing was trained on.
        on_episode: Called after each episode.
        batch: Moments imagined in one call.
        samples: Futures of each moment.
        features: See `ImaginationScores`.
        true_motion: Imagine the motion that really happened instead of leaving the plan to the policy: errors of the
            plan count no longer.
        player: Compare with what comes when its plan is played out from each moment, instead of with the expert's
            course, and imagine that plan; the imaginer itself is meant.
    """
    scores = ImaginationScores(features)
    for seed in seeds:
        moments = expert_moments(world, seed)
        if player is not None:
            moments = played_moments(world, player, moments)
        for start in range(0, len(moments), batch):
            part = moments[start : start + batch]
            chunks = [moment.moved if true_motion else moment.plan for moment in part]
            given = None if None in chunks else cast(list[ActionChunk], chunks)
            futures = imaginer.imagine(
                [moment.observation for moment in part], samples=samples, seed=seed + start, chunks=given
            )
            for moment, found in zip(part, futures, strict=True):
                scores.add(moment, found, seed)
        on_episode()
    return scores


def feature_distance(features: Features, image: Image, reference: Image) -> float:
    """Mean cosine distance of two images' features, 0 .. 2, cell by cell."""
    first, second = features(np.stack([image, reference]))
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return float(np.mean(1 - (first * second).sum(-1) / np.maximum(lengths, 1e-9)))


def psnr(image: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio of two (H, W, 3) uint8 images [dB], at most `PSNR_CAP_DB`."""
    error = np.mean((image.astype(np.float64) - reference.astype(np.float64)) ** 2)
    if error == 0:
        return PSNR_CAP_DB
    return float(min(10 * np.log10(255.0**2 / error), PSNR_CAP_DB))


def ssim(image: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """Structural similarity of two (H, W, 3) uint8 images, -1 .. 1 (Wang et al. 2004)."""
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(
            image,
            reference,
            channel_axis=2,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )
