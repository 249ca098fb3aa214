"""How well imagined frames match what then really happens, against copying the last frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.types import FUTURE_STEPS, POLICY_CAMERAS, Image, Imaginer, Observation

if TYPE_CHECKING:
    from wam_demo.sim.world import World

MOVING_M = 0.02
"""A moment counts when the TCP gets this far from where it is within the horizon [m]."""
STRIDE = 4
"""Control steps between the moments of an episode that are imagined from."""
PSNR_CAP_DB = 60.0
"""Value for frames that are equal to the last bit."""


@dataclass(frozen=True)
class Moment:
    """An observation and what was really seen 4, 8, 12 and 16 control steps later."""

    observation: Observation
    future: Mapping[str, Image]
    """(4, H, W, 3) uint8 by camera."""


@dataclass
class ImaginationScores:
    """Collects PSNR [dB] and SSIM per horizon and camera of imagination and of the last frame."""

    psnr: dict[tuple[int, str], list[float]] = field(default_factory=dict)
    psnr_copy_last: dict[tuple[int, str], list[float]] = field(default_factory=dict)
    ssim: dict[tuple[int, str], list[float]] = field(default_factory=dict)
    ssim_copy_last: dict[tuple[int, str], list[float]] = field(default_factory=dict)
    moments: int = 0

    def add(self, moment: Moment, imagined: Mapping[str, Image]) -> None:
        """Score one sampled future, (4, H, W, 3) uint8 by camera, against reality."""
        self.moments += 1
        for camera in POLICY_CAMERAS:
            last = moment.observation.images[camera]
            for k, horizon in enumerate(FUTURE_STEPS):
                key, real = (horizon, camera), moment.future[camera][k]
                self.psnr.setdefault(key, []).append(psnr(imagined[camera][k], real))
                self.psnr_copy_last.setdefault(key, []).append(psnr(last, real))
                self.ssim.setdefault(key, []).append(ssim(imagined[camera][k], real))
                self.ssim_copy_last.setdefault(key, []).append(ssim(last, real))

    def document(self) -> dict[str, Any]:
        """Means over moments, by horizon over both cameras and by camera; JSON-serialisable."""
        measures = {
            "psnr": self.psnr,
            "psnr_copy_last": self.psnr_copy_last,
            "ssim": self.ssim,
            "ssim_copy_last": self.ssim_copy_last,
        }
        over_both = {name: _means(scores, POLICY_CAMERAS) for name, scores in measures.items()}
        by_camera = {
            camera: {name: _means(scores, [camera]) for name, scores in measures.items()} for camera in POLICY_CAMERAS
        }
        return {"moments": self.moments, **over_both, "by_camera": by_camera}


def _means(scores: Mapping[tuple[int, str], Sequence[float]], cameras: Iterable[str]) -> dict[str, float]:
    return {str(horizon): float(np.mean([scores[horizon, camera] for camera in cameras])) for horizon in FUTURE_STEPS}


def expert_moments(world: World, seed: int) -> list[Moment]:
    """Moving moments of one episode of the scripted expert.

    Args:
        world: The task's world; it is reset.
        seed: Scene; take one that nothing was trained on.

    Returns:
        One moment every `STRIDE` steps whose TCP moves by more than `MOVING_M` in the horizon.
    """
    observations = list(_expert_episode(world, seed))
    last_start = len(observations) - 1 - FUTURE_STEPS[-1]
    return [
        Moment(observations[start], _future(observations, start))
        for start in range(0, last_start + 1, STRIDE)
        if _reach(observations[start : start + FUTURE_STEPS[-1] + 1]) > MOVING_M
    ]


def _expert_episode(world: World, seed: int) -> Iterator[Observation]:
    """Every observation until success or timeout, and one horizon further."""
    from wam_demo.sim import TASKS
    from wam_demo.sim.expert import Expert

    expert, left = Expert(world), FUTURE_STEPS[-1]
    yield world.reset(seed)
    for _ in range(TASKS[world.task].horizon):
        left -= world.step(expert.act()).success
        yield world.observe()
        if left < 0:
            return


def _future(observations: Sequence[Observation], start: int) -> dict[str, Image]:
    return {
        camera: np.stack([observations[start + k].images[camera] for k in FUTURE_STEPS]) for camera in POLICY_CAMERAS
    }


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
) -> ImaginationScores:
    """Imagine one future from every moving moment of some expert episodes and score it.

    Args:
        imaginer: Samples futures; its noise is seeded by the scene.
        world: The task's world.
        seeds: Scenes that nothing was trained on.
        on_episode: Called after each episode.
        batch: Moments imagined in one call.
    """
    scores = ImaginationScores()
    for seed in seeds:
        moments = expert_moments(world, seed)
        for start in range(0, len(moments), batch):
            part = moments[start : start + batch]
            futures = imaginer.imagine([m.observation for m in part], samples=1, seed=seed + start)
            for moment, samples in zip(part, futures, strict=True):
                scores.add(moment, samples[0])
        on_episode()
    return scores


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
