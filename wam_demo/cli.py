"""The command line: exits 0, or 2 with one line on stderr when something given was not usable."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence
from pathlib import Path

import wam_demo
from wam_demo.arguments import Parser, whole
from wam_demo.commands import (
    arm,
    bench,
    dataset,
    demo,
    demos,
    dream,
    dream_check,
    dream_error,
    dream_eval,
    evaluate,
    gate,
    imagine,
    inspect,
    invariance,
    label,
    openloop,
    probe,
    record,
    replay,
    serve,
    train,
    tune,
)
from wam_demo.errors import InvalidInputError, UnknownNameError, WamDemoError

COMMANDS = {
    "demos": demos,
    "dataset": dataset,
    "train": train,
    "tune": tune,
    "eval": evaluate,
    "imagine": imagine,
    "dream": dream,
    "dream-check": dream_check,
    "dream-error": dream_error,
    "dream-eval": dream_eval,
    "probe": probe,
    "invariance": invariance,
    "gate": gate,
    "record": record,
    "inspect": inspect,
    "openloop": openloop,
    "label": label,
    "bench": bench,
    "serve": serve,
    "demo": demo,
    "replay": replay,
    "arm": arm,
}
MAX_SEED = 2**31 - 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; ``None`` takes those of the process.

    Returns:
        Exit code: 0, 2 on bad input, 130 when interrupted, 141 when nobody reads what is printed.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if any("\0" in argument for argument in given):
            raise InvalidInputError("an argument holds a NUL character")
        if given and not given[0].startswith("-") and given[0] not in COMMANDS:
            raise UnknownNameError("command", given[0], COMMANDS)
        _run(given)
    except WamDemoError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        if not _stdout_is_closed():
            raise
        return 141
    return 0


def _run(given: Sequence[str]) -> None:
    try:
        options = _parser().parse_args(given)
        options.run(options)
    finally:
        sys.stdout.flush()


def _stdout_is_closed() -> bool:
    """Whether the program that read our output has ended; then nothing more is written, at exit either."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    if not any(event & select.POLLERR for _, event in poll.poll(0)):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def _parser() -> Parser:
    parser = Parser(prog="wam-demo", description="World action models, live.")
    parser.add_argument("--version", action="version", version=wam_demo.__version__)
    group = parser.add_subparsers(metavar="COMMAND", parser_class=Parser, required=True)
    for name, command in COMMANDS.items():
        added = group.add_parser(name, help=command.SUMMARY, description=command.SUMMARY)
        added.set_defaults(run=command.run)
        added.add_argument("--seed", type=whole(0, MAX_SEED), default=0, help="scenes and noise (0)")
        if command not in (serve, demo):
            added.add_argument("--out", type=Path, metavar="DIR", help="default: results/<command>-<time>")
        command.add_arguments(added)
    return parser
