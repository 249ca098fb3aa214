"""``tune``: a policy learns from recorded episodes, in minutes."""

from __future__ import annotations

import argparse
from pathlib import Path

from wam_demo.arguments import Parser, directory, real, whole
from wam_demo.commands.episodes import episode_numbers
from wam_demo.commands.output import finish, prepare, require_learned
from wam_demo.config import CHECKPOINTS, TUNING
from wam_demo.errors import InvalidInputError

SUMMARY = "fine-tune a policy on recorded episodes; it appears in every list under its name"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    parser.add_argument("--policy", default="agra", metavar="P", help="policy that learns on (agra)")
    parser.add_argument("--checkpoint", type=Path, metavar="DIR", help="weights instead of the policy's own")
    parser.add_argument("--data", type=directory, required=True, metavar="DIR", help="recorded episodes")
    parser.add_argument("--episodes", type=episode_numbers, metavar="N[-M],..", help="which of them (all)")
    parser.add_argument("--name", required=True, metavar="NAME", help="of the new policy")
    parser.add_argument("--minutes", type=real(0.05, 600), default=15, metavar="M", help="of training (15)")
    parser.add_argument("--steps", type=whole(1, 1_000_000), metavar="N", help="instead of --minutes")
    parser.add_argument(
        "--rehearse", type=directory, metavar="DIR", help="demonstrations of what it can do (collected once, if absent)"
    )
    parser.add_argument(
        "--kept", type=whole(1, 1_000_000), default=2000, metavar="N", help="frames of these held ready (2000: 0.4 GB)"
    )


def run(options: argparse.Namespace) -> None:
    """Fine-tune, publish the weights under the name, and say what changed."""
    from wam_demo.models.tokenizer import Tokenizer
    from wam_demo.policies.tuned import check_name, publish
    from wam_demo.runfolder import report
    from wam_demo.train.rehearsal import ensure_rehearsal
    from wam_demo.train.tune import Parent, TuneRecipe, tune

    require_learned(options)
    check_name(options.name)
    out = prepare(options, "tune")
    parent = Parent(options.policy, _own_weights(options))
    recipe = TuneRecipe(options.minutes, options.steps, kept=options.kept, seed=options.seed)
    report(out, "collecting")
    rehearsal = options.rehearse or ensure_rehearsal(TUNING / "rehearsal")
    tokenizer = Tokenizer.from_pretrained(CHECKPOINTS / "tokenizer")
    result = tune(parent, options.data, rehearsal, out, tokenizer, recipe=recipe, episodes=options.episodes)
    publish(out, options.name)
    finish(out, "tune", {"name": options.name, "seed": options.seed, **result})


def _own_weights(options: argparse.Namespace) -> Path:
    """Where the weights of the policy that learns on lie; raises `InvalidInputError` for another network."""
    from wam_demo.policies.registry import policy_spec

    checkpoint = options.checkpoint or policy_spec(options.policy).weights
    if checkpoint is None:
        raise InvalidInputError(f"policy {options.policy!r} has no weights that can be fine-tuned here")
    return Path(checkpoint)
