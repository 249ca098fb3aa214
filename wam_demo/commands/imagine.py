"""``imagine``: imagined frames against what really happened."""

from __future__ import annotations

import argparse
from typing import Any

from wam_demo.arguments import Parser, add_one_task, add_policy, whole
from wam_demo.commands.output import finish, prepare, progress, require_learned

SUMMARY = "compare imagined with real frames"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    add_policy(parser)
    add_one_task(parser)
    parser.add_argument("--episodes", type=whole(1, 10_000), default=20, metavar="N", help="expert episodes (20)")


def run(options: argparse.Namespace) -> None:
    """PSNR and SSIM of imagined frames against what really happened."""
    from wam_demo.diagnose.imagination import score_imagination
    from wam_demo.evaluate.report import imagination_table
    from wam_demo.evaluate.suite import evaluation_seeds
    from wam_demo.policy.base import checkpoint_digest, load_policy
    from wam_demo.sim.world import World

    seeds = evaluation_seeds(options.seed, options.episodes)
    require_learned(options)
    out = prepare(options, "imagine")
    policy: Any = load_policy(options.policy, options.checkpoint)
    world = World(options.task)
    with progress(len(seeds), options.policy) as advance:
        scores = score_imagination(policy, world, seeds, advance)
    world.close()
    content = {
        "policy": options.policy,
        "checkpoint_sha256": checkpoint_digest(options.policy, options.checkpoint),
        "task": options.task,
        "seed": options.seed,
        "episodes": options.episodes,
        **scores.document(),
    }
    print(imagination_table(content))
    finish(out, "imagine", content, printed=True)
