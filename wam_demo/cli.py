"""The command line: exits 0, or 2 with one line on stderr when something given was not usable."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import wam_demo
from wam_demo import commands
from wam_demo.arguments import Parser, directory, listed, one_of, real, tasks, whole, word
from wam_demo.errors import UnknownNameError, WamDemoError

COMMANDS = {
    "demos": (commands.demos, "write demonstrations of the scripted expert"),
    "train": (commands.train, "train a model"),
    "eval": (commands.evaluate, "measure success rates in closed loop"),
    "imagine": (commands.imagine, "compare imagined with real frames"),
    "probe": (commands.probe, "measure where a policy looks and what changes its plan"),
    "bench": (commands.bench, "measure speed and memory"),
    "serve": (commands.serve, "answer robots over websockets, in the protocol of openpi"),
    "demo": (commands.demo, "start the app"),
    "replay": (commands.replay, "replay a session log and check that every state comes out the same"),
}
TRAINABLE = ("tokenizer", "decoder", "teacher", "wam", "agra")
PRESETS = ("debug", "small", "base")
DEFAULT_TASK = "pick_place"
MAX_SEED = 2**31 - 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; ``None`` takes those of the process.

    Returns:
        Exit code: 0, 2 on bad input, 130 when interrupted.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given and not given[0].startswith("-") and given[0] not in COMMANDS:
            raise UnknownNameError("command", given[0], COMMANDS)
        options = _parser().parse_args(given)
        options.run(options)
    except WamDemoError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


def _parser() -> Parser:
    parser = Parser(prog="wam-demo", description="World action models, live.")
    parser.add_argument("--version", action="version", version=wam_demo.__version__)
    group = parser.add_subparsers(metavar="COMMAND", parser_class=Parser, required=True)
    added: dict[str, Parser] = {}
    for name, (run, text) in COMMANDS.items():
        added[name] = command = group.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        command.add_argument("--seed", type=whole(0, MAX_SEED), default=0, help="scenes and noise (0)")
        if name not in ("serve", "demo"):
            command.add_argument("--out", type=Path, metavar="DIR", help="default: results/<command>-<time>")
    _add_demos(added["demos"])
    _add_train(added["train"])
    _add_eval(added["eval"])
    _add_imagine(added["imagine"])
    _add_probe(added["probe"])
    _add_bench(added["bench"])
    _add_serve(added["serve"])
    _add_demo(added["demo"])
    added["replay"].add_argument("file", type=Path, metavar="FILE", help="log downloaded from the Live tab")
    return parser


def _add_demos(parser: Parser) -> None:
    parser.add_argument("--task", type=tasks, required=True, metavar="T[,T]")
    parser.add_argument("--episodes", type=whole(1, 1_000_000), required=True, metavar="N")
    parser.add_argument(
        "--every", type=whole(1, 100), default=1, metavar="K", help="control steps per stored frame (1)"
    )
    parser.add_argument("--noise", type=real(0, 1), default=1.0, help="scale of the noise on the actions (1)")
    parser.add_argument("--driver", metavar="P", help="a learned policy acts and the expert only labels (DAgger)")
    parser.add_argument("--checkpoint", metavar="DIR", help="weights of the driver instead of the shipped ones")
    _add_processes(parser)


def _add_train(parser: Parser) -> None:
    parser.add_argument("kind", type=one_of("model", TRAINABLE), metavar="{" + ",".join(TRAINABLE) + "}")
    parser.add_argument("--preset", type=one_of("preset", PRESETS), default="small")
    parser.add_argument("--data", type=directory, metavar="DIR", help="LeRobot dataset; the teacher needs none")
    parser.add_argument("--teacher", default="simsem", metavar="NAME", help="features to align with (simsem)")
    parser.add_argument("--steps", type=whole(1, 10_000_000), metavar="N", help="instead of the preset's")
    parser.add_argument("--resume", action="store_true", help="go on where --out stopped")


def _add_eval(parser: Parser) -> None:
    from wam_demo.evaluate.engine import ENGINES

    _add_policy(parser)
    parser.add_argument("--task", type=tasks, default=[DEFAULT_TASK], metavar="T[,T]")
    parser.add_argument("--axis", type=listed(word), default=["none"], metavar="A[,A]", help="perturbation axes (none)")
    parser.add_argument(
        "--severity", type=listed(whole(1, 5)), default=[3], metavar="S[,S]", help="1 .. 5, on a perturbation axis (3)"
    )
    parser.add_argument("--episodes", type=whole(1, 10_000), default=50, metavar="N", help="scenes a task (50)")
    parser.add_argument(
        "--compare", type=listed(word), default=[], metavar="P2[,P2]", help="other policies on the same scenes"
    )
    parser.add_argument("--compare-checkpoint", type=Path, metavar="DIR", help="weights of the second policy")
    parser.add_argument("--instruction", metavar="TEXT", help="said to the policy in every scene")
    parser.add_argument("--server", metavar="URL", help="policy server behind the policy 'remote', ws://host:port")
    parser.add_argument("--execute", type=whole(1, 16), default=4, metavar="K", help="steps played of each plan (4)")
    parser.add_argument("--latency", type=whole(0, 15), default=0, metavar="K", help="steps until a plan can start (0)")
    parser.add_argument("--linger", type=whole(0, 100), default=0, metavar="K", help="steps played after success (0)")
    parser.add_argument("--resume", action="store_true", help="go on where --out stopped")
    parser.add_argument(
        "--sequential", type=real(0.0001, 0.5), metavar="ALPHA", help="stop as soon as --compare is decided"
    )
    parser.add_argument("--report", action="store_true", help="also write CSV and an HTML page with videos")
    parser.add_argument("--save-video", type=Path, metavar="DIR", help="mp4 of the first ten episodes")
    parser.add_argument("--engine", type=one_of("engine", ENGINES), default="local", help="local or ray (local)")
    parser.add_argument("--address", metavar="HOST:PORT", help="Ray cluster; default: one started on this machine")
    _add_batch(parser)
    _add_processes(parser)


def _add_imagine(parser: Parser) -> None:
    _add_policy(parser)
    _add_one_task(parser)
    parser.add_argument("--episodes", type=whole(1, 10_000), default=20, metavar="N", help="expert episodes (20)")


def _add_probe(parser: Parser) -> None:
    _add_policy(parser)
    parser.add_argument("--task", type=tasks, default=[DEFAULT_TASK], metavar="T[,T]")
    parser.add_argument(
        "--episodes", type=whole(2, 10_000), default=20, metavar="N", help="expert episodes a task (20)"
    )
    parser.add_argument("--compare", metavar="P2", help="second policy at the same moments")
    parser.add_argument("--compare-checkpoint", type=Path, metavar="DIR", help="weights of the second policy")


def _add_bench(parser: Parser) -> None:
    _add_policy(parser)
    _add_one_task(parser)
    parser.add_argument("--episodes", type=whole(1, 1000), default=16, metavar="N", help="closed-loop episodes (16)")
    _add_batch(parser)
    _add_processes(parser)


def _add_serve(parser: Parser) -> None:
    _add_policy(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1); others need a token")
    parser.add_argument("--port", type=whole(0, 65535), default=8000, metavar="N", help="0 takes a free one (8000)")


def _add_demo(parser: Parser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=whole(1, 65535), help="default: 7860 or the next free one")


def _add_policy(parser: Parser) -> None:
    parser.add_argument("--policy", default="agra", metavar="P", help="policy (agra)")
    parser.add_argument("--checkpoint", type=Path, metavar="DIR", help="weights instead of the shipped ones")


def _add_one_task(parser: Parser) -> None:
    from wam_demo.sim import TASKS

    parser.add_argument("--task", type=one_of("task", list(TASKS)), default=DEFAULT_TASK, metavar="T")


def _add_batch(parser: Parser) -> None:
    parser.add_argument("--batch", type=whole(1, 64), default=8, metavar="N", help="episodes at a time (8)")


def _add_processes(parser: Parser) -> None:
    parser.add_argument("--processes", type=whole(1, 64), default=2, metavar="P", help="simulator processes (2)")
