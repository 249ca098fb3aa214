"""``invariance``: what another picture of the same moment does to features and plans."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any, cast

from wam_demo.arguments import Parser, add_one_task, add_policy, add_second_policy, listed, one_of, whole
from wam_demo.commands.output import finish, one_or_two, prepare

if TYPE_CHECKING:
    from wam_demo.policies.probe import Prober

SUMMARY = "measure how features and plans change when only the picture does"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    add_policy(parser)
    add_one_task(parser)
    parser.add_argument("--axis", type=listed(axis), default=["light", "background"], metavar="A[,A]")
    parser.add_argument("--severity", type=whole(1, 5), default=3, metavar="S", help="1 .. 5 (3)")
    parser.add_argument("--episodes", type=whole(2, 10_000), default=40, metavar="N", help="scenes, a moment each (40)")
    add_second_policy(parser)


def run(options: argparse.Namespace) -> None:
    """The teacher of the shipped weights, one policy or two, at the same moments under each axis."""
    from wam_demo.config import CHECKPOINTS
    from wam_demo.diagnose.invariance import document, moments, teacher_document
    from wam_demo.evaluate.report.tables import invariance_table
    from wam_demo.evaluate.specs.evaluation import evaluation_seeds
    from wam_demo.models.teacher import load_teacher
    from wam_demo.policies.registry import checkpoint_digest, load_policy
    from wam_demo.sim.world import World

    seeds = evaluation_seeds(options.seed, options.episodes)
    chosen = one_or_two(options, "can_be_probed")
    out = prepare(options, "invariance")
    policies = [cast("Prober", load_policy(name, checkpoint)) for name, checkpoint in chosen]
    began = time.monotonic()
    world = World(options.task)
    try:
        scenes = moments(world, options.axis, options.severity, seeds)
    finally:
        world.close()
    teacher = load_teacher("simsem", CHECKPOINTS / "teacher")
    found: list[dict[str, Any]] = [
        {"name": "teacher", "axes": teacher_document(teacher, policies[0].token_grid.side, scenes)}
    ]
    for (name, checkpoint), policy in zip(chosen, policies, strict=True):
        digest = checkpoint_digest(name, checkpoint)
        found.append({"name": name, "checkpoint_sha256": digest, "axes": document(policy, scenes)})
    print(invariance_table(found))
    content = {"task": options.task, "severity": options.severity, "seed": options.seed, "n": len(seeds)}
    finish(out, "invariance", {**content, "found": found, "seconds": time.monotonic() - began}, printed=True)


def axis(text: str) -> str:
    """Name of an axis that changes pictures and nothing else."""
    from wam_demo.diagnose.invariance import PICTURE_AXES

    return one_of("axis", PICTURE_AXES)(text)
