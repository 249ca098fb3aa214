"""``dream-error``: how far a dream expects to be from reality, fitted and checked beside the simulator."""

from __future__ import annotations

import argparse
from typing import Any

from wam_demo.arguments import Parser, add_policy, whole
from wam_demo.commands.output import finish, prepare, progress, require_learned

SUMMARY = "teach a dream to say how far it is from reality, and how well it says so"

LEAST_EPISODES = 108
"""Scenes of the rounds that are fitted and of the one that is kept from it, see `wam_demo.diagnose.dream_error`."""


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    add_policy(parser)
    parser.add_argument(
        "--episodes",
        type=whole(LEAST_EPISODES, 10_000),
        default=LEAST_EPISODES,
        metavar="N",
        help=f"scenes, of which a third is kept from the fit ({LEAST_EPISODES})",
    )


def run(options: argparse.Namespace) -> None:
    """Dreams of all tasks, acted in three ways, every other scene disturbed; writes ``doubt.safetensors``."""
    from wam_demo.diagnose.dream_error import demonstrated, doubt_document, doubted_scenes, fitted
    from wam_demo.errors import CheckpointError, SimulationFault
    from wam_demo.evaluate.specs.evaluation import evaluation_seeds
    from wam_demo.models.wam.doubt import KNOTS, DoubtModel
    from wam_demo.policies.registry import load_policy
    from wam_demo.sim.tasks import TASKS
    from wam_demo.sim.world import World

    seeds = evaluation_seeds(options.seed, options.episodes)
    require_learned(options, "dreams")
    out = prepare(options, "dream-error")
    policy: Any = load_policy(options.policy, options.checkpoint)
    if policy.calibration is None:
        raise CheckpointError("these weights have no imagination model to dream with")
    usual = demonstrated(policy, World, list(TASKS))
    policy.doubt = DoubtModel.of_demonstrations(usual, policy.imagination_sha256)
    with progress(len(seeds), options.policy) as advance:
        frames = doubted_scenes(policy, World, list(TASKS), seeds, advance)
    if len(frames) < 2 * KNOTS:
        raise SimulationFault("the physics diverged in nearly every scene: nothing can be fitted")
    model = fitted(policy.doubt, frames)
    found = doubt_document(frames, model)
    model.measured.update(seed=options.seed, episodes=options.episodes, held_out=found["held_out"])
    model.save(out)
    content = {"policy": options.policy, "seed": options.seed, "episodes": options.episodes, **found}
    held = found["held_out"]
    r, rank = ("-" if value is None else f"{value:.2f}" for value in (held["pearson"], held["spearman"]))
    print(f"held-out scenes: r {r}, rank {rank}; expected and measured by fifths:")
    for expected, measured in held["calibration"]:
        print(f"  {expected:.3f}  {measured:.3f}")
    finish(out, "dream-error", content, printed=True)
