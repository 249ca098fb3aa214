"""``bench``: speed and memory on this machine."""

from __future__ import annotations

import argparse
import sys

from wam_demo.arguments import Parser, add_batch, add_one_task, add_policy, add_processes, whole
from wam_demo.commands.output import finish, prepare, require_learned

SUMMARY = "measure speed and memory"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    add_policy(parser)
    add_one_task(parser)
    parser.add_argument("--episodes", type=whole(1, 1000), default=16, metavar="N", help="closed-loop episodes (16)")
    parser.add_argument(
        "--training", metavar="PRESET", help="instead: where the time of a training step of this preset goes"
    )
    parser.add_argument(
        "--profile", action="store_true", help="instead: operators, memory traffic and Python of a call, or of a step"
    )
    add_batch(parser)
    add_processes(parser)


def run(options: argparse.Namespace) -> None:
    """Speed and memory on this machine."""
    if options.training is not None:
        return _training(options)
    from wam_demo.bench import bench as measure
    from wam_demo.evaluate.executors.executor import ExecutorConfig

    require_learned(options)
    if options.profile:
        return _profile(options)
    out = prepare(options, "bench")
    content = measure(
        options.policy,
        options.task,
        checkpoint=options.checkpoint,
        episodes=options.episodes,
        config=ExecutorConfig(options.batch, options.processes),
        progress=_say,
    )
    finish(out, "bench", {"seed": options.seed, **content})


def _training(options: argparse.Namespace) -> None:
    import torch

    from wam_demo.models.precision import training_dtype
    from wam_demo.speed import matmul_gflops
    from wam_demo.train.profile import profile_step, step_operators
    from wam_demo.train.recipes import WAM, preset_of

    recipe = preset_of(WAM, options.training)
    out = prepare(options, "bench")
    dtype = training_dtype("cpu")
    peak = matmul_gflops(dtype, 20)
    content = {"preset": options.training, "threads": torch.get_num_threads(), "dtype": str(dtype).split(".")[1]}
    content["matmul_gflops"] = peak
    figures = {"profile": step_operators(recipe)} if options.profile else {"ways": profile_step(recipe, peak)}
    finish(out, "bench", {**content, **figures})


def _profile(options: argparse.Namespace) -> None:
    from wam_demo.bench import observed
    from wam_demo.operators import operator_profile
    from wam_demo.policies.registry import load_policy

    out = prepare(options, "bench")
    policy, seen = load_policy(options.policy, options.checkpoint), observed(options.task, 1)
    figures = operator_profile(lambda: policy.predict(seen, [0]))
    finish(out, "bench", {"policy": options.policy, "task": options.task, "profile": figures})


def _say(stage: str) -> None:
    if sys.stderr.isatty():
        print(f"measuring: {stage}", file=sys.stderr)
