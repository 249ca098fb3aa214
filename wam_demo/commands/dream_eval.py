"""``dream-eval``: policies judged in their own dreams, beside what the simulator says of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from wam_demo.arguments import DEFAULT_TASK, Parser, listed, tasks, whole, word
from wam_demo.commands.output import finish, prepare, progress
from wam_demo.config import CHECKPOINTS
from wam_demo.errors import InvalidInputError

SUMMARY = "judge policies in their own dreams, and how well that ranks them"
POLICIES = (
    "agra",
    "wam",
    "agra+noise10",
    "agra+noise20",
    "agra+noise40",
    "agra+gain60",
    "agra+gain30",
    "agra+blur6",
    "agra+delay1",
    "agra+delay3",
    "agra+open",
    "wam+noise20",
)
"""What is judged unless one says otherwise: the shipped policies that dream, whole and weakened."""
SCENES = "scenes.jsonl"
"""What was played so far, one scene a line."""


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    from wam_demo.policies.weakened import WEAKNESSES

    parser.add_argument(
        "--policies",
        type=listed(word),
        default=list(POLICIES),
        metavar="P[+W],...",
        help=f"policies, each with one weakness of: {', '.join(WEAKNESSES)} ({len(POLICIES)} of them)",
    )
    parser.add_argument("--task", type=tasks, default=[DEFAULT_TASK], metavar="T[,T]")
    parser.add_argument("--episodes", type=whole(1, 10_000), default=10, metavar="N", help="scenes a task (10)")
    parser.add_argument(
        "--judge", type=Path, default=CHECKPOINTS / "agra", metavar="DIR", help="weights whose success head judges"
    )
    parser.add_argument("--head", type=Path, metavar="DIR", help="success head instead of the one beside them")
    parser.add_argument("--resume", action="store_true", help="go on where --out stopped")


def run(options: argparse.Namespace) -> None:
    """Success that is dreamt beside success in the simulator, by policy and task, and how the two agree."""
    from wam_demo.evaluate.dreamt.document import dream_eval_document, dream_eval_lines
    from wam_demo.evaluate.dreamt.run import DreamEvaluation
    from wam_demo.evaluate.specs.evaluation import evaluation_seeds
    from wam_demo.policies.wam.judge import SuccessJudge, success_folder
    from wam_demo.policies.wam.policy import WamPolicy

    seeds = evaluation_seeds(options.seed, options.episodes)
    _check(options)
    out = prepare(options, "dream-eval")
    if (out / SCENES).exists() != options.resume:
        raise InvalidInputError(f"--resume goes on with {out / SCENES}; without it there must be none")
    judge = SuccessJudge(WamPolicy(options.judge), options.head or success_folder(options.judge))
    evaluation = DreamEvaluation(options.policies, options.task, seeds, judge, out / SCENES)
    with progress(evaluation.total, "dream-eval", evaluation.done, "scene") as advance:
        scenes = evaluation.play(advance)
    evaluation.draw(out / "ends.png")
    asked: dict[str, Any] = {"seed": options.seed, "episodes": options.episodes, "task": options.task}
    content = {**asked, **dream_eval_document(scenes, judge.head.config)}
    for line in dream_eval_lines(content):
        print(line)
    finish(out, "dream-eval", content, printed=True)


def _check(options: argparse.Namespace) -> None:
    """Refuse what cannot be played before anything is; raises `InvalidInputError`."""
    from wam_demo.commands.output import require_learned
    from wam_demo.policies.weakened import weakness

    for name in options.policies:
        require_learned(argparse.Namespace(policy=weakness(name)[0], checkpoint=None), "dreams")
