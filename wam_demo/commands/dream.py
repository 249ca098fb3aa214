"""``dream``: a dream beside the simulator, driven by the same actions."""

from __future__ import annotations

import argparse
from typing import Any

from wam_demo.arguments import Parser, add_one_task, add_policy, whole
from wam_demo.commands.output import finish, prepare, progress, require_learned

SUMMARY = "how far a dream is from the simulator after seconds of the same actions"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    add_policy(parser)
    add_one_task(parser)
    parser.add_argument("--episodes", type=whole(1, 10_000), default=20, metavar="N", help="scenes (20)")
    parser.add_argument(
        "--actions",
        choices=("recorded", "policy"),
        default="recorded",
        help="who decides: the scripted expert in the simulator, or the policy on its own dream (recorded)",
    )


def run(options: argparse.Namespace) -> None:
    """PSNR, SSIM and the distance in the teacher's features after 1.6, 3.2, 6.4 and 12.8 s of the same actions."""
    import numpy as np

    from wam_demo.commands.imagine import teacher_features
    from wam_demo.diagnose.dream import score_dreams
    from wam_demo.errors import SimulationFault
    from wam_demo.evaluate.report.tables import imagination_table
    from wam_demo.evaluate.specs.evaluation import evaluation_seeds
    from wam_demo.policies.registry import checkpoint_digest, load_policy
    from wam_demo.sim.world import World

    seeds = evaluation_seeds(options.seed, options.episodes)
    require_learned(options, "dreams")
    out = prepare(options, "dream")
    policy: Any = load_policy(options.policy, options.checkpoint)
    world = World(options.task)
    try:
        with progress(len(seeds), options.policy) as advance:
            features = teacher_features()
            scores, episodes = score_dreams(policy, world, seeds, options.actions, features, advance)
    finally:
        world.close()
    if not episodes:
        raise SimulationFault("the physics diverged in every scene: nothing was compared")
    content = {
        "policy": options.policy,
        "checkpoint_sha256": checkpoint_digest(options.policy, options.checkpoint),
        "task": options.task,
        "seed": options.seed,
        "episodes": options.episodes,
        "actions": options.actions,
        "success_sim": float(np.mean([episode.success for episode in episodes])),
        "tcp_apart_mm": 1e3 * float(np.mean([episode.state_error_m for episode in episodes])),
        "frame_ms": float(np.median([spent for episode in episodes for spent in episode.frame_ms])),
        **scores.document(),
    }
    for camera, part in content["by_camera"].items():
        print(f"{camera}\n{imagination_table(part, 's')}\n")
    print(f"both\n{imagination_table(content, 's')}")
    finish(out, "dream", content, printed=True)
