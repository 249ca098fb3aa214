"""``probe``: where the action head looks, and what changes the plan."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from wam_demo.arguments import DEFAULT_TASK, Parser, add_policy, add_second_policy, one_of, tasks, whole
from wam_demo.commands.output import finish, one_or_two, prepare, progress

if TYPE_CHECKING:
    from wam_demo.diagnose.moments import Disturbance
    from wam_demo.policies.probe import Prober

SUMMARY = "measure where a policy looks and what changes its plan"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    add_policy(parser)
    parser.add_argument("--task", type=tasks, default=[DEFAULT_TASK], metavar="T[,T]")
    parser.add_argument("--axis", type=axis, default="none", metavar="A", help="perturbation axis (none)")
    parser.add_argument("--severity", type=whole(1, 5), default=3, metavar="S", help="1 .. 5, of the axis (3)")
    parser.add_argument(
        "--episodes", type=whole(2, 10_000), default=20, metavar="N", help="expert episodes a task (20)"
    )
    add_second_policy(parser)


def run(options: argparse.Namespace) -> None:
    """Where the action head looks, and what changes the plan; one policy, or two at the same moments."""
    from wam_demo.diagnose import grounding_report
    from wam_demo.evaluate.report.tables import probe_table
    from wam_demo.evaluate.specs.evaluation import evaluation_seeds
    from wam_demo.policies.registry import checkpoint_digest, load_policy

    seeds = evaluation_seeds(options.seed, options.episodes)
    chosen = one_or_two(options, "can_be_probed")
    out = prepare(options, "probe")
    policies = [cast("Prober", load_policy(name, checkpoint)) for name, checkpoint in chosen]
    began = time.monotonic()
    disturbance = None if options.axis == "none" else (options.axis, options.severity)
    scores = _probed(policies, options.task, seeds, disturbance)
    documents = [
        {"policy": name, "checkpoint_sha256": checkpoint_digest(name, checkpoint), **grounding_report.document(tasks)}
        for (name, checkpoint), tasks in zip(chosen, scores, strict=True)
    ]
    compared = {}
    if options.compare:
        compared = {"compare": documents[1], "difference": grounding_report.difference(*scores)}
    where = {"axis": options.axis, "severity": disturbance[1] if disturbance else 0}
    content = {"task": ",".join(options.task), **where, "seed": options.seed, **documents[0], **compared}
    content |= {"moments_from": "expert episodes of evaluation scenes", "seconds": time.monotonic() - began}
    print(probe_table(documents, compared.get("difference")))
    finish(out, "probe", content, printed=True)


def axis(text: str) -> str:
    """Name of a perturbation axis, or ``none``."""
    from wam_demo.sim.perturb import AXES

    return one_of("axis", ("none", *AXES))(text)


def _probed(
    policies: Sequence[Prober], tasks: Sequence[str], seeds: Sequence[int], disturbance: Disturbance | None
) -> list[dict[str, Any]]:
    """For each policy, scored episodes by task."""
    from wam_demo.diagnose.grounding import score_task
    from wam_demo.sim.world import World

    scores: list[dict[str, Any]] = [{} for _ in policies]
    with progress(len(tasks) * len(seeds), "probe") as advance:
        for task in tasks:
            world = World(task)
            for found, episodes in zip(scores, score_task(policies, world, seeds, advance, disturbance), strict=True):
                found[task] = episodes
            world.close()
    return scores
