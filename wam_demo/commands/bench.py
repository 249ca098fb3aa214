"""``bench``: speed and memory on this machine."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from wam_demo.arguments import Parser, add_batch, add_one_task, add_policy, add_processes, whole
from wam_demo.commands.output import finish, prepare, require_learned

if TYPE_CHECKING:
    from wam_demo.evaluate.rollout import RolloutConfig

SUMMARY = "measure speed and memory"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    add_policy(parser)
    add_one_task(parser)
    parser.add_argument("--episodes", type=whole(1, 1000), default=16, metavar="N", help="closed-loop episodes (16)")
    add_batch(parser)
    add_processes(parser)


def run(options: argparse.Namespace) -> None:
    """Speed and memory on this machine."""
    from wam_demo.bench import bench as measure

    require_learned(options)
    out = prepare(options, "bench")
    content = measure(
        options.policy,
        options.task,
        checkpoint=options.checkpoint,
        episodes=options.episodes,
        config=_rollout_config(options),
        progress=_say,
    )
    finish(out, "bench", {"seed": options.seed, **content})


def _rollout_config(options: argparse.Namespace) -> RolloutConfig:
    from wam_demo.evaluate.rollout import RolloutConfig

    return RolloutConfig(options.batch, options.processes)


def _say(stage: str) -> None:
    if sys.stderr.isatty():
        print(f"measuring: {stage}", file=sys.stderr)
