"""``replay``: a session log, compared with the states it was recorded with."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from functools import partial
from pathlib import Path

from wam_demo.arguments import Parser
from wam_demo.commands.output import finish, prepare, progress
from wam_demo.errors import ReplayDiffers

SUMMARY = "replay a session log and check that every state comes out the same"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    parser.add_argument("file", type=Path, metavar="FILE", help="log downloaded from the Live tab")


def run(options: argparse.Namespace) -> None:
    """Every attempt of a session log, without pictures, compared with the states it was recorded with."""
    from wam_demo.robots.simulator import simulator
    from wam_demo.runtime import logfile
    from wam_demo.runtime.replay import replay_all
    from wam_demo.sim import TASKS

    attempts = logfile.parse_log(logfile.read_text(options.file), tuple(TASKS))
    out = prepare(options, "replay")
    with progress(len(attempts), "replay") as advance:
        results = replay_all(attempts, partial(simulator, images=False), advance)
    for number, (log, result) in enumerate(zip(attempts, results, strict=True), 1):
        print(f"{number}. {log.task}, seed {log.seed}, {log.policy}, {result.steps} steps: {result.verdict}")
    exact = all(result.exact for result in results)
    named = [
        {"task": log.task, "seed": log.seed, "policy": log.policy, **asdict(result)}
        for log, result in zip(attempts, results, strict=True)
    ]
    finish(out, "replay", {"file": options.file.name, "exact": exact, "attempts": named}, printed=True)
    if not exact:
        raise ReplayDiffers(f"{options.file} does not replay exactly here")
