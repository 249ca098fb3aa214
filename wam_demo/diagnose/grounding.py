"""Does a policy look where it matters, and does it matter where it looks? Scores of moments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wam_demo.diagnose.attention import area_share, attention_in_mask, centroid_error
from wam_demo.diagnose.intervention import cell_edits, matched_draws, matched_edits
from wam_demo.diagnose.moments import PHASES, Disturbance, Moment, probe_moments
from wam_demo.policies.probe import Prober, run_probe
from wam_demo.types import Vector

if TYPE_CHECKING:
    from wam_demo.sim.world import World


@dataclass(frozen=True)
class MapScore:
    """A causal map against attention and region.

    Attributes:
        agreement: Spearman's rank correlation of attention and causal map over the cells, -1 .. 1.
        over_area: Share of the map's sum inside the region, divided by the region's share of the cells.
        parts: The same for each part of the region that is seen.
    """

    agreement: float
    over_area: float
    parts: Mapping[str, float]


@dataclass(frozen=True)
class MomentScore:
    """One policy at one moment.

    Attributes:
        phase: Before or after the first touch.
        aim: Share of the attention on the images that falls in the interaction region.
        area: Share of the cells that belong to the region.
        centroid_error: Distance of the centres of attention and region [cells].
        on_images: Share of the whole attention that is on the images, not on proprioception and text.
        effects: Mean L2 change of the chunk by kind of edit: inside the region, in the background.
        views: The first two for each camera alone: share of its attention, share of its cells.
        parts: Share of attention over share of cells, for each part of the region that is seen.
        causal_map: ``None`` where no map was made.
    """

    phase: str
    aim: float
    area: float
    centroid_error: float
    on_images: float
    effects: Mapping[str, tuple[float, float]]
    views: Mapping[str, tuple[float, float]]
    parts: Mapping[str, float]
    causal_map: MapScore | None


Episode = Sequence[MomentScore]


def score_task(
    policies: Sequence[Prober],
    world: World,
    seeds: Sequence[int],
    on_episode: Callable[[], None] = lambda: None,
    disturbance: Disturbance | None = None,
) -> list[list[Episode]]:
    """Probe policies at the same moments of the same expert episodes.

    Args:
        policies: Of one token grid.
        world: The task's world.
        seeds: Scenes that nothing was trained on.
        on_episode: Called after each episode.
        disturbance: What disturbs every episode.

    Returns:
        For each policy its scored episodes.

    Raises:
        ValueError: The policies' token grids differ.
    """
    grid = policies[0].token_grid
    if any(policy.token_grid != grid for policy in policies):
        raise ValueError("the policies see different cells; probe them one by one")
    scores: list[list[Episode]] = [[] for _ in policies]
    for seed in seeds:
        moments = probe_moments(world, seed, grid, disturbance=disturbance)
        for policy, episodes in zip(policies, scores, strict=True):
            episodes.append(score_episode(policy, moments, seed))
        on_episode()
    return scores


def score_episode(policy: Prober, moments: Sequence[Moment], seed: int) -> Episode:
    """Probe a policy at the moments of one episode; the middle one of each phase gets a causal map."""
    mapped = set()
    for phase in PHASES:
        steps = [moment.step for moment in moments if moment.phase == phase]
        mapped |= set(steps[len(steps) // 2 : len(steps) // 2 + 1])
    return [score_moment(policy, moment, seed + moment.step, moment.step in mapped) for moment in moments]


def score_moment(policy: Prober, moment: Moment, seed: int, with_map: bool) -> MomentScore:
    """Probe a policy at one moment.

    Args:
        policy: What is probed; it gets the moment's observation and token edits only.
        moment: Where.
        seed: Of the action noise and of the drawn cells.
        with_map: Make the causal map as well.
    """
    grid, rng = policy.token_grid, np.random.default_rng(seed)
    region = grid.flatten(moment.region)
    matched = matched_edits(matched_draws(region, grid, rng), grid, rng)
    cells = cell_edits(grid) if with_map else np.empty((0, grid.count), np.int64)
    probe = run_probe(policy, moment.observation, np.concatenate([matched.edits, cells]), seed)
    attention = probe.prediction.attention
    parts = {name: grid.flatten(cells) for name, cells in moment.parts.items()}
    matched_change, cell_change = np.split(probe.change, [len(matched.edits)])
    return MomentScore(
        phase=moment.phase,
        aim=attention_in_mask(attention, moment.region),
        area=area_share(moment.region),
        centroid_error=centroid_error(attention, moment.region),
        on_images=float(sum(cells.sum() for cells in attention.values())),
        effects=matched.effects(matched_change),
        views={
            camera: (attention_in_mask({camera: cells}, moment.region), float(moment.region[camera].mean()))
            for camera, cells in attention.items()
        },
        parts=_over_area(grid.flatten(attention), parts),
        causal_map=map_score(grid.flatten(attention), cell_change, region, parts) if with_map else None,
    )


def map_score(
    attention: Vector, change: Vector, region: NDArray[np.bool_], parts: Mapping[str, NDArray[np.bool_]]
) -> MapScore | None:
    """Score a causal map (N,) against attention (N,) and regions (N,); ``None`` if nothing changes anything."""
    from scipy.stats import spearmanr

    if change.sum() == 0:
        return None
    inside = _over_area(change, {"region": region})["region"]
    return MapScore(float(spearmanr(attention, change).statistic), inside, _over_area(change, parts))


def _over_area(values: Vector, parts: Mapping[str, NDArray[np.bool_]]) -> dict[str, float]:
    """Share of the sum of (N,) values in each part, over the part's share of the cells; hidden parts are left out."""
    return {
        name: float(values[cells].sum() / values.sum() / cells.mean()) for name, cells in parts.items() if cells.any()
    }
