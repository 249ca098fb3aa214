"""``bench``: speed and memory on this machine."""

from __future__ import annotations

import argparse
import sys

from wam_demo.arguments import Parser, add_batch, add_one_task, add_policy, add_processes, listed, one_of, whole
from wam_demo.commands.output import finish, prepare, require_learned
from wam_demo.policies.compute.variants import AUTO, COMPUTE

SUMMARY = "measure speed and memory, or how precisely drawn actions come back"
POSES = 20_000
"""Poses that are drawn and read back."""


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    add_policy(parser)
    add_one_task(parser)
    parser.add_argument("--episodes", type=whole(1, 1000), default=16, metavar="N", help="closed-loop episodes (16)")
    parser.add_argument(
        "--training", metavar="PRESET", help="instead: where the time of a training step of this preset goes"
    )
    parser.add_argument(
        "--against",
        type=listed(one_of("way to compute", COMPUTE)),
        metavar="C[,C]",
        help="instead: these ways to compute beside the fastest, measured in turn, e.g. eager",
    )
    parser.add_argument(
        "--profile", action="store_true", help="instead: operators, memory traffic and Python of a call, or of a step"
    )
    parser.add_argument(
        "--action-images", action="store_true", help="instead: how precisely poses come back from pictures of them"
    )
    add_batch(parser)
    add_processes(parser)


def run(options: argparse.Namespace) -> None:
    """Speed and memory on this machine."""
    if options.training is not None:
        return _training(options)
    if options.action_images:
        return _action_images(options)
    if options.against is not None:
        return _ways(options)
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


def _ways(options: argparse.Namespace) -> None:
    from wam_demo.bench_ways import compare_ways
    from wam_demo.evaluate.executors.executor import ExecutorConfig
    from wam_demo.policies.registry import policy_spec

    require_learned(options)
    out = prepare(options, "bench")
    fastest = policy_spec(options.policy).fastest(options.checkpoint)
    ways = [fastest if way == AUTO else way for way in [*options.against, AUTO]]
    content = compare_ways(
        options.policy,
        options.task,
        list(dict.fromkeys(ways)),
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


def _action_images(options: argparse.Namespace) -> None:
    import torch

    from wam_demo.diagnose.round_trip import round_trip
    from wam_demo.models.action_images.model import ActionImagesConfig
    from wam_demo.models.wam.backbone import BackboneConfig
    from wam_demo.sim.controller import WORKSPACE
    from wam_demo.train.calibration import calibrate

    out = prepare(options, "bench")
    config = ActionImagesConfig(BackboneConfig(), calibrate([options.task]))
    figures = round_trip(config, torch.from_numpy(WORKSPACE).float(), POSES, options.seed)
    finish(out, "bench", {"task": options.task, "seed": options.seed, "round_trip": figures})


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
