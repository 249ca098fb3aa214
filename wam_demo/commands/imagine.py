"""``imagine``: imagined frames against what really happened."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from wam_demo.arguments import Parser, add_one_task, add_policy, whole
from wam_demo.commands.output import finish, prepare, progress, require_learned

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wam_demo.diagnose.imagination import Features

SUMMARY = "compare imagined with real frames"
TEACHER_GRID = 8
"""Cells a side in which frames are compared in the teacher's features: as many as the policies have tokens."""


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    add_policy(parser)
    add_one_task(parser)
    parser.add_argument("--episodes", type=whole(1, 10_000), default=20, metavar="N", help="expert episodes (20)")
    parser.add_argument("--samples", type=whole(1, 16), default=1, metavar="K", help="futures of each moment (1)")
    parser.add_argument(
        "--told",
        choices=("plan", "motion"),
        default="plan",
        help="the policy's plan, or the motion that happened (plan)",
    )
    parser.add_argument(
        "--play", action="store_true", help="compare with the policy's plan played out, not with the expert's course"
    )


def run(options: argparse.Namespace) -> None:
    """PSNR, SSIM and the distance in the teacher's features of imagined frames to what really happened."""
    from wam_demo.diagnose.imagination import score_imagination
    from wam_demo.evaluate.report.tables import imagination_table
    from wam_demo.evaluate.specs.evaluation import evaluation_seeds
    from wam_demo.policies.registry import checkpoint_digest, load_policy
    from wam_demo.sim.world import World

    seeds = evaluation_seeds(options.seed, options.episodes)
    require_learned(options, "imagines")
    out = prepare(options, "imagine")
    policy: Any = load_policy(options.policy, options.checkpoint)
    world = World(options.task)
    with progress(len(seeds), options.policy) as advance:
        features = teacher_features()
        scores = score_imagination(
            policy,
            world,
            seeds,
            advance,
            samples=options.samples,
            features=features,
            true_motion=options.told == "motion",
            player=policy if options.play else None,
        )
    world.close()
    content = {
        "policy": options.policy,
        "checkpoint_sha256": checkpoint_digest(options.policy, options.checkpoint),
        "task": options.task,
        "seed": options.seed,
        "episodes": options.episodes,
        "samples": options.samples,
        "told": options.told,
        "future": "plan" if options.play else "expert",
        **scores.document(),
    }
    print(imagination_table(content))
    finish(out, "imagine", content, printed=True)


def teacher_features() -> Features:
    """Features of the shipped teacher, as its network gives them, in `TEACHER_GRID` cells a side."""
    import torch

    from wam_demo.config import CHECKPOINTS
    from wam_demo.models.teacher import load_teacher

    teacher = load_teacher("simsem", CHECKPOINTS / "teacher")

    def features(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return teacher.features(torch.from_numpy(images), TEACHER_GRID).numpy()

    return features
