"""``dataset``: what a dataset holds, what is odd about it, and edits that lose nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_demo.arguments import Parser, directory, one_of, whole
from wam_demo.commands.episodes import episode_numbers
from wam_demo.commands.output import finish, prepare
from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.data.cuts import Cuts
    from wam_demo.data.lerobot import Dataset

SUMMARY = "look through a LeRobot dataset and edit it"
ACTIONS = ("info", "check", "trim", "delete", "merge", "label")


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    parser.add_argument("action", type=one_of("action", ACTIONS), metavar="{" + ",".join(ACTIONS) + "}")
    parser.add_argument("data", type=Path, nargs="+", metavar="DIR", help="dataset; several to merge")
    parser.add_argument("--episodes", type=episode_numbers, metavar="N[-M],..", help="which; all for label")
    parser.add_argument("--start", type=whole(0, 10**9), default=0, metavar="F", help="trim: first frame kept (0)")
    parser.add_argument("--stop", type=whole(1, 10**9), metavar="F", help="trim: frame after the last one kept")
    parser.add_argument("--instruction", metavar="TEXT", help="label: what the episodes are asked to do")
    parser.add_argument("--success", choices=["yes", "no"], help="label: the verdict")
    parser.add_argument("--to", type=Path, metavar="DIR", help="new dataset; without it the dataset itself is changed")


def run(options: argparse.Namespace) -> None:
    """Look or edit, then say what the dataset holds and what is odd about it."""
    from wam_demo.data.edit import recover
    from wam_demo.data.lerobot import Dataset

    for path in options.data:
        recover(path)
        directory_of(path)
    if len(options.data) > 1 and options.action != "merge":
        raise InvalidInputError(f"{options.action} takes one dataset; several can be merged")
    out = prepare(options, "dataset")
    edited = _edited(options)
    dataset = edited or Dataset(options.data[0])
    content = _content(dataset, options.action)
    _print(dataset, content, options.action)
    finish(out, "dataset", content, printed=True)


def directory_of(path: Path) -> Path:
    """A folder that exists; raises `InvalidInputError`."""
    try:
        return directory(str(path))
    except argparse.ArgumentTypeError as error:
        raise InvalidInputError(str(error)) from None


def _edited(options: argparse.Namespace) -> Dataset | None:
    """The dataset after the edit that was asked for; ``None`` where it is only looked at."""
    from wam_demo.data.cuts import whole as whole_of
    from wam_demo.data.edit import edit_in_place, merge, write_cuts
    from wam_demo.data.lerobot import Dataset

    if options.action in ("info", "check"):
        return None
    if options.action == "merge":
        if options.to is None:
            raise InvalidInputError("merge needs --to, the folder of the new dataset")
        return merge(options.data, options.to)
    root = options.data[0]
    cuts = _EDITS[options.action](whole_of(Dataset(root)), options)
    return write_cuts(cuts, options.to) if options.to else edit_in_place(root, cuts)


def _delete(cuts: Cuts, options: argparse.Namespace) -> Cuts:
    from wam_demo.data.cuts import delete

    return delete(cuts, _named(options))


def _trim(cuts: Cuts, options: argparse.Namespace) -> Cuts:
    from wam_demo.data.cuts import trim

    if options.start == 0 and options.stop is None:
        raise InvalidInputError("trim needs --start, --stop or both")
    for episode in _named(options):
        cuts = trim(cuts, episode, options.start, options.stop)
    return cuts


def _label(cuts: Cuts, options: argparse.Namespace) -> Cuts:
    from wam_demo.data.cuts import relabel

    if options.instruction is None and options.success is None:
        raise InvalidInputError("label needs --instruction, --success or both")
    success = None if options.success is None else options.success == "yes"
    chosen = range(len(cuts)) if options.episodes is None else options.episodes
    return relabel(cuts, chosen, instruction=options.instruction, success=success)


_EDITS: dict[str, Callable[[Cuts, argparse.Namespace], Cuts]] = {"delete": _delete, "trim": _trim, "label": _label}


def _named(options: argparse.Namespace) -> list[int]:
    if options.episodes is None:
        raise InvalidInputError(f"{options.action} needs --episodes")
    return options.episodes


def _content(dataset: Dataset, action: str) -> dict[str, Any]:
    """What ``results.json`` says; edits are checked as well."""
    from wam_demo.data.quality.check import check_dataset

    problems = [] if action == "info" else [asdict(problem) for problem in check_dataset(dataset)]
    return {"episodes": dataset.num_episodes, "frames": dataset.num_frames, "problems": problems}


def _print(dataset: Dataset, content: dict[str, Any], action: str) -> None:
    from wam_demo.evaluate.report.tables import table

    print(f"{dataset.root}: {dataset.num_episodes} episodes, {dataset.num_frames} frames at {dataset.fps:g} Hz")
    if action == "info":
        rows = [_described(row, dataset.fps) for row in dataset.episodes().to_pylist()]
        print(table(["episode", "seconds", "success", "corrections", "driven by", "instruction"], rows))
    elif content["problems"]:
        rows = [(found["episode"], found["kind"], found["detail"]) for found in content["problems"]]
        print(table(["episode", "problem", "detail"], rows))
    else:
        print("nothing odd was found")


def _described(row: dict[str, Any], fps: float) -> tuple[object, ...]:
    success = {True: "yes", False: "no", None: ""}[row.get("success")]
    words = ", ".join(row.get("tasks") or [])
    seconds = f"{row['length'] / fps:.1f}"
    return row["episode_index"], seconds, success, row.get("interventions", ""), row.get("drivers", ""), words
