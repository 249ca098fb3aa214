"""Moments at which a policy is probed: observations of expert episodes with their interaction region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wam_demo.diagnose.region import CellMap, interaction_parts, interaction_region, shown_cells, touches
from wam_demo.policies.tokens import TokenGrid
from wam_demo.types import Observation

if TYPE_CHECKING:
    from wam_demo.sim.world import World

STRIDE = 8
"""Control steps between two moments of an episode."""
PHASES = ("before", "after")
"""Before and after the gripper first touches the target."""


Disturbance = tuple[str, int]
"""Perturbation axis and severity."""


@dataclass(frozen=True)
class Moment:
    """One observation to probe a policy with.

    Attributes:
        step: Control step of the episode.
        observation: What the policy sees; nothing else of the simulator reaches it.
        region: (side, side) bool by camera: cells of the interaction region.
        parts: The same for each of `wam_demo.diagnose.region.PARTS` that the task has.
        phase: One of `PHASES`.
    """

    step: int
    observation: Observation
    region: Mapping[str, CellMap]
    parts: Mapping[str, Mapping[str, CellMap]]
    phase: str


def probe_moments(
    world: World, seed: int, grid: TokenGrid, stride: int = STRIDE, disturbance: Disturbance | None = None
) -> list[Moment]:
    """Moments of one episode of the scripted expert, until its goal is met, that show the region.

    Args:
        world: The task's world; it is reset.
        seed: Scene; take one that nothing was trained on.
        grid: How the policy's video tokens lie.
        stride: Control steps between moments.
        disturbance: What disturbs the episode, drawn by the seed.
    """
    from wam_demo.sim import TASKS
    from wam_demo.sim.expert import Expert
    from wam_demo.sim.perturb import sample

    expert, phase, moments = Expert(world), PHASES[0], []
    world.draw(seed)
    if disturbance:
        world.apply(sample(*disturbance, seed))
    for step in range(TASKS[world.task].horizon):
        if step % stride == 0:
            region = interaction_region(world, grid)
            if any(cells.any() for cells in region.values()):
                parts = {name: shown_cells(world, bodies, grid) for name, bodies in interaction_parts(world).items()}
                moments.append(Moment(step, world.observe(), region, parts, phase))
        result = world.step(expert.act())
        if result.success_now or result.fault is not None:
            break
        if touches(world):
            phase = PHASES[1]
    return moments
