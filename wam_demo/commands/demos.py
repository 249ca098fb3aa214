"""``demos``: demonstrations of the scripted expert, as a LeRobot dataset."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from wam_demo.arguments import Parser, add_processes, one_of, real, weighted_tasks, whole
from wam_demo.commands.output import finish, prepare, require_learned
from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.policies.driven import DrivenTask

SUMMARY = "write demonstrations of the scripted expert"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    parser.add_argument("--task", type=weighted_tasks, required=True, metavar="T[:W][,T[:W]]")
    parser.add_argument("--episodes", type=whole(1, 1_000_000), required=True, metavar="N")
    parser.add_argument(
        "--every", type=whole(1, 100), default=1, metavar="K", help="control steps per stored frame (1)"
    )
    parser.add_argument(
        "--steps", type=whole(1, 1000), default=0, metavar="N", help="leave every episode after N control steps"
    )
    parser.add_argument("--noise", type=real(0, 1), default=1.0, help="scale of the noise on the actions (1)")
    scenery = parser.add_mutually_exclusive_group()
    scenery.add_argument("--rooms", action="store_true", help="every episode in another room (for train --videos)")
    scenery.add_argument(
        "--wide",
        action="store_true",
        help="rooms, camera mounts, looks and words vary; poses of cameras are kept",
    )
    scenery.add_argument(
        "--far", action="store_true", help="as --wide, and things stand where the task never puts them, too"
    )
    scenery.add_argument(
        "--degraded",
        action="store_true",
        help="as --far, and cameras are out of focus, shaken, veiled, grainy and compressed, too",
    )
    scenery.add_argument(
        "--attempts",
        action="store_true",
        help="mishaps and wrong objects on purpose, every frame judged (for train success); nothing to imitate",
    )
    scenery.add_argument(
        "--glances",
        action="store_true",
        help="attempts whose hand now and then looks elsewhere and comes back (for train dream)",
    )
    parser.add_argument(
        "--region",
        type=one_of("region", ("whole", "training", "held-out")),
        default="whole",
        help="side of the table where targets stand (whole)",
    )
    parser.add_argument("--driver", metavar="P", help="a learned policy acts and the expert only labels (DAgger)")
    parser.add_argument("--checkpoint", metavar="DIR", help="weights of the driver instead of the shipped ones")
    add_processes(parser)


def run(options: argparse.Namespace) -> None:
    """Collect demonstrations into a LeRobot dataset at ``--out``."""
    from wam_demo.data.collect import collect

    out = prepare(options, "demos")
    report = collect(
        options.task,
        options.episodes,
        out,
        seed=options.seed,
        processes=options.processes,
        every=options.every,
        noise=options.noise,
        scenery=_scenery(options),
        region=options.region,
        steps=options.steps,
        open_task=_driven(options),
    )
    finish(out, "demos", {"task": ",".join(options.task), "seed": options.seed, **asdict(report)})


def _scenery(options: argparse.Namespace) -> str:
    """What varies, or that the episodes are attempts."""
    if (options.attempts or options.glances) and (options.region != "whole" or options.steps):
        raise InvalidInputError("--region and --steps go with demonstrations, not with --attempts or --glances")
    if (options.far or options.degraded) and options.region != "whole":
        flag = "--far" if options.far else "--degraded"
        raise InvalidInputError(f"{flag} puts things anywhere on the table, so it does not go with --region")
    return next(
        (name for name in ("wide", "far", "degraded", "rooms", "attempts", "glances") if getattr(options, name)),
        "plain",
    )


def _driven(options: argparse.Namespace) -> DrivenTask | None:
    """What acts while the expert labels; ``None`` for the expert itself."""
    if options.driver is None:
        return None
    if options.rooms or options.attempts or options.glances or options.region != "whole" or options.steps:
        raise InvalidInputError(
            "--rooms, --attempts, --glances, --region and --steps go with the expert, not with a --driver"
        )
    from wam_demo.policies.driven import DrivenTask

    checkpoint = None if options.checkpoint is None else Path(options.checkpoint)
    require_learned(argparse.Namespace(policy=options.driver, checkpoint=checkpoint))
    return DrivenTask(options.driver, checkpoint)
