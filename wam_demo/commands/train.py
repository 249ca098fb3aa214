"""``train``: one model, or everything from the demonstrations on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from wam_demo.arguments import Parser, directory, listed, one_of, real, whole
from wam_demo.commands.output import finish, prepare
from wam_demo.config import CHECKPOINTS
from wam_demo.errors import InvalidInputError

SUMMARY = "train a model, everything, or the arms of the comparison"
TRAINABLE = (
    "all",
    "arms",
    "tokenizer",
    "decoder",
    "teacher",
    "wam",
    "agra",
    "imagination",
    "dream",
    "harmo",
    "action-images",
    "success",
    "words",
)
WITHOUT_DATA = ("teacher", "words", "all")
"""What makes its own."""
PRESETS = ("debug", "small", "base")
PASSES = ("action", "video", "shared")
PROJECTORS = ("linear", "mlp", "conv")


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    parser.add_argument("kind", type=one_of("model", TRAINABLE), metavar="{" + ",".join(TRAINABLE) + "}")
    parser.add_argument("--preset", type=one_of("preset", PRESETS), default="small")
    parser.add_argument("--data", type=directory, metavar="DIR", help="LeRobot dataset; teacher and words need none")
    parser.add_argument("--videos", type=directory, metavar="DIR", help="recordings whose actions are not read")
    parser.add_argument(
        "--teacher",
        default="simsem",
        metavar="NAME",
        help="simsem (default), dinov2s[:BLOCK], hog, untrained, or a timm ViT; several joined by +",
    )
    parser.add_argument("--steps", type=whole(1, 10_000_000), metavar="N", help="instead of the preset's")
    parser.add_argument("--rate", type=real(1e-6, 0.1), metavar="R", help="learning rate instead of the preset's")
    parser.add_argument("--align", type=one_of("pass", PASSES), help="pass whose features are aligned (action)")
    parser.add_argument("--weight", type=real(0, 100), metavar="W", help="lambda of the alignment (0.5)")
    parser.add_argument(
        "--blocks", type=listed(whole(0, 100)), metavar="B[,B]", help="blocks that are aligned (preset's)"
    )
    parser.add_argument("--projector", type=one_of("projector", PROJECTORS), help="backbone to teacher (preset's)")
    parser.add_argument("--frozen", action="store_true", help="the backbone learns from video only")
    parser.add_argument(
        "--region", type=one_of("region", ("whole", "training")), default="whole", help="where labels may lie (whole)"
    )
    parser.add_argument("--init", type=directory, metavar="DIR", help="weights to begin with, or to imagine for")
    parser.add_argument(
        "--checkpoints", type=Path, metavar="DIR", help="where tokenizer and teacher are, instead of the shipped ones"
    )
    parser.add_argument("--arms", type=separated, metavar="A[,A]", help="of the comparison (all)")
    parser.add_argument(
        "--runs", type=whole(1, 50), default=1, metavar="N", help="training seeds, from --seed on, for arms (1)"
    )
    parser.add_argument(
        "--episodes", type=whole(1, 1000), default=20, metavar="N", help="scenes an axis, for arms (20)"
    )
    parser.add_argument("--resume", action="store_true", help="go on where --out stopped")


def run(options: argparse.Namespace) -> None:
    """Train a model, or everything from the demonstrations on, into ``--out``."""
    if options.data is None and options.kind not in WITHOUT_DATA:
        raise InvalidInputError(f"training {options.kind!r} needs --data, a dataset written by demos")
    for name, given in (("--arms", options.arms), ("--runs", options.runs > 1)):
        if given and options.kind != "arms":
            raise InvalidInputError(f"{name} goes with 'train arms'")
    if options.kind in ("arms", "all") and options.region != "whole":
        raise InvalidInputError(f"--region goes with one model, not with 'train {options.kind}'")
    if options.kind in ("arms", "all") and _arm(options):
        raise InvalidInputError(
            f"training {options.kind!r} decides itself what is aligned how: leave those options out"
        )
    if options.kind in ("arms", "all") and options.rate is not None:
        raise InvalidInputError(f"--rate goes with one model, not with 'train {options.kind}'")
    from wam_demo.train.parallel import is_main, launched, own_share

    if launched() and options.kind in ("arms", "all"):
        raise InvalidInputError(f"'train {options.kind}' starts processes of its own: launch its commands one by one")
    if launched() and options.out is None:
        raise InvalidInputError("several processes need --out, the folder that they share")
    out = prepare(options, "train")
    asked = {"kind": options.kind, "preset": options.preset, "seed": options.seed, "processes": own_share().count}
    trained = _trained(options, out)
    if is_main():
        finish(out, "train", {**asked, **trained})


def _trained(options: argparse.Namespace, out: Path) -> dict[str, Any]:
    """Do it; what ``results.json`` says of it."""
    if options.kind == "all":
        from wam_demo.train.everything import train_everything

        return train_everything(options.preset, out, seed=options.seed)
    if options.kind == "arms":
        return _arms(options, out)
    from wam_demo.train import recipes

    return recipes.run(
        kind=options.kind,
        preset=options.preset,
        data=options.data or out,  # some have no dataset
        out=out,
        resume=options.resume,
        teacher=options.teacher,
        arm=_arm(options),
        seed=options.seed,
        steps=options.steps,
        rate=options.rate,
        init=options.init,
        videos=options.videos,
        region=options.region,
        checkpoints=options.checkpoints or CHECKPOINTS,
    )


def separated(text: str) -> list[str]:
    """What stands between commas."""
    return text.split(",")


def _arms(options: argparse.Namespace, out: Path) -> dict[str, Any]:
    from wam_demo.ablation import ARMS, Ingredients, compare_arms, compare_runs

    checkpoints = options.checkpoints or CHECKPOINTS
    shared = Ingredients(
        options.preset, options.data, options.videos, options.init, checkpoints, options.steps, options.seed
    )
    names = options.arms or list(ARMS)
    if options.runs == 1:
        return compare_arms(names, shared, out, episodes=options.episodes)
    return compare_runs(names, shared, out, runs=options.runs, episodes=options.episodes)


def _arm(options: argparse.Namespace) -> dict[str, Any]:
    """What the options change about the preset's `Arm`."""
    given = {
        "aligned": options.align,
        "weight": options.weight,
        "blocks": tuple(options.blocks) if options.blocks else None,
        "projector": options.projector,
        "frozen": options.frozen or None,
    }
    return {name: value for name, value in given.items() if value is not None}
