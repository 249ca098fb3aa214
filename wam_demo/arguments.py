"""Command-line arguments: parsing with one-line errors, and value types that refuse nonsense."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from wam_demo.errors import InvalidInputError, UnknownNameError

DEFAULT_TASK = "pick_place"


class Parser(argparse.ArgumentParser):
    """Raises `InvalidInputError` with one line where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting.

        Raises:
            InvalidInputError: Always.
        """
        raise InvalidInputError(f"{message[:400]} (see {self.prog} --help)")


def whole(low: int, high: int) -> Callable[[str], int]:
    """Type of a whole number in ``low`` .. ``high``."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number in {low} .. {high}")
        return value

    return parse


def listed(parse: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """Type of values separated by commas, each at most once."""

    def parse_all(text: str) -> list[Any]:
        return list(dict.fromkeys(parse(part.strip()) for part in text.split(",")))

    return parse_all


def word(text: str) -> str:
    """Type of a name that is checked later, when what it names is loaded anyway."""
    if not text:
        raise argparse.ArgumentTypeError("a name is missing")
    return text


def real(low: float, high: float) -> Callable[[str], float]:
    """Type of a finite number in ``low`` .. ``high``."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number in {low:g} .. {high:g}")
        return value

    return parse


def one_of(kind: str, names: Sequence[str]) -> Callable[[str], str]:
    """Type of a name; an unknown one is answered with the closest valid one."""

    def parse(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(str(UnknownNameError(kind, text, names)))
        return text

    return parse


def tasks(text: str) -> list[str]:
    """Type of task names separated by commas, each at most once."""
    from wam_demo.sim import TASKS

    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in TASKS:
            raise argparse.ArgumentTypeError(str(UnknownNameError("task", name, TASKS)))
    return list(dict.fromkeys(names))


def weighted_tasks(text: str) -> dict[str, float]:
    """Type of task names separated by commas, each with its share as in ``stack:2``; 1 where none is given."""
    weights = {}
    for part in text.split(","):
        name, _, weight = part.partition(":")
        weights[tasks(name)[0]] = real(0.01, 100)(weight) if weight else 1.0
    return weights


def directory(text: str) -> Path:
    """Type of a folder that exists."""
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text[:200]!r}")
    return path


def add_policy(parser: Parser) -> None:
    """Which policy, with which weights."""
    parser.add_argument("--policy", default="agra", metavar="P", help="policy (agra)")
    parser.add_argument("--checkpoint", type=Path, metavar="DIR", help="weights instead of the shipped ones")


def add_compute(parser: Parser) -> None:
    """By what a network is computed."""
    from wam_demo.policies.compute.variants import COMPUTE, EAGER

    parser.add_argument(
        "--compute",
        type=one_of("way to compute", COMPUTE),
        default=EAGER,
        metavar="C",
        help=f"{', '.join(COMPUTE)}: the fastest here is auto ({EAGER})",
    )


def add_second_policy(parser: Parser) -> None:
    """Which other policy looks at the same moments."""
    parser.add_argument("--compare", metavar="P2", help="second policy at the same moments")
    parser.add_argument("--compare-checkpoint", type=Path, metavar="DIR", help="weights of the second policy")


def add_one_task(parser: Parser) -> None:
    """Which task."""
    from wam_demo.sim import TASKS

    parser.add_argument("--task", type=one_of("task", list(TASKS)), default=DEFAULT_TASK, metavar="T")


def add_batch(parser: Parser) -> None:
    """How many episodes share a policy call."""
    parser.add_argument("--batch", type=whole(1, 64), default=8, metavar="N", help="episodes at a time (8)")


def add_processes(parser: Parser) -> None:
    """How many processes simulate."""
    parser.add_argument("--processes", type=whole(1, 64), default=2, metavar="P", help="simulator processes (2)")
