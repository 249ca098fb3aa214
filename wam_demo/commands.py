"""What each command of the command line does: work, a table, and results.json."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.evaluate.rollout import RolloutConfig
    from wam_demo.evaluate.suite import EpisodeResult, EvaluationSpec
    from wam_demo.policy.driven import DrivenTask


def demos(options: argparse.Namespace) -> None:
    """Collect demonstrations into a LeRobot dataset at ``--out``."""
    from wam_demo.data.collect import collect

    out = _output(options, "demos")
    report = collect(
        options.task,
        options.episodes,
        out,
        seed=options.seed,
        processes=options.processes,
        every=options.every,
        noise=options.noise,
        open_task=_driven(options),
    )
    _finish(out, "demos", {"task": ",".join(options.task), "seed": options.seed, **asdict(report)})


def _driven(options: argparse.Namespace) -> DrivenTask | None:
    """What acts while the expert labels; ``None`` for the expert itself."""
    if options.driver is None:
        return None
    from wam_demo.policy.base import checkpoint_directory
    from wam_demo.policy.driven import DrivenTask

    _require_learned(argparse.Namespace(policy=options.driver, checkpoint=options.checkpoint))
    return DrivenTask(checkpoint_directory(options.driver, options.checkpoint))


def train(options: argparse.Namespace) -> None:
    """Train a model into ``--out``."""
    if options.data is None and options.kind != "teacher":
        raise InvalidInputError(f"training {options.kind!r} needs --data, a dataset written by demos")
    out = _output(options, "train")
    from wam_demo.train import recipes

    content = recipes.run(
        kind=options.kind,
        preset=options.preset,
        data=options.data or out,  # the teacher has no dataset
        out=out,
        resume=options.resume,
        teacher=options.teacher,
        seed=options.seed,
        steps=options.steps,
    )
    _finish(out, "train", {"kind": options.kind, "preset": options.preset, "seed": options.seed, **content})


def evaluate(options: argparse.Namespace) -> None:
    """Closed-loop success rates of one policy, or of two on the same scenes."""
    from wam_demo.evaluate import report, suite
    from wam_demo.policy.base import require_policy

    groups = [[_spec(options, task) for task in options.task]]
    if options.compare:
        rival = {"policy": options.compare, "checkpoint": options.compare_checkpoint}
        groups.append([replace(spec, **rival).validated() for spec in groups[0]])
    for specs in groups:
        require_policy(specs[0].policy, specs[0].checkpoint)
    out = _output(options, "eval")
    config = _rollout_config(options)
    loaded = [_load(specs[0]) for specs in groups]
    began = time.monotonic()
    results = [_run(specs, policy, config) for specs, (policy, _) in zip(groups, loaded, strict=True)]
    seconds = time.monotonic() - began
    documents = [
        suite.summarise(specs, episodes, digest)
        for specs, episodes, (_, digest) in zip(groups, results, loaded, strict=True)
    ]
    content: dict[str, Any] = {"seed": options.seed, **documents[0], "seconds": seconds}
    content["episodes_per_s"] = sum(map(len, results)) / seconds
    print(report.evaluation_table(documents))
    if options.compare:
        comparison = suite.compare(*results)
        content |= {**comparison, "compare": documents[1]}
        print(report.comparison_line(options.policy, options.compare, comparison))
    _finish(out, "eval", content, printed=True)


def imagine(options: argparse.Namespace) -> None:
    """PSNR and SSIM of imagined frames against what really happened."""
    from wam_demo.diagnose.imagination import score_imagination
    from wam_demo.evaluate.report import imagination_table
    from wam_demo.evaluate.suite import evaluation_seeds
    from wam_demo.policy.base import checkpoint_digest, load_policy
    from wam_demo.sim.world import World

    seeds = evaluation_seeds(options.seed, options.episodes)
    _require_learned(options)
    out = _output(options, "imagine")
    policy: Any = load_policy(options.policy, options.checkpoint)
    world = World(options.task)
    with _progress(len(seeds), options.policy) as advance:
        scores = score_imagination(policy, world, seeds, advance)
    world.close()
    content = {
        "policy": options.policy,
        "checkpoint_sha256": checkpoint_digest(options.policy, options.checkpoint),
        "task": options.task,
        "seed": options.seed,
        "episodes": options.episodes,
        **scores.document(),
    }
    print(imagination_table(content))
    _finish(out, "imagine", content, printed=True)


def inspect(options: argparse.Namespace) -> None:
    """What a recording holds."""
    from wam_demo import recordings

    content = recordings.inspect(options)
    out = _output(options, "inspect")
    _finish(out, "inspect", {"seed": options.seed, **content})


def openloop(options: argparse.Namespace) -> None:
    """Errors of a policy's plans and imaginations on a recording."""
    from wam_demo import recordings
    from wam_demo.evaluate.report import openloop_table
    from wam_demo.policy.base import checkpoint_digest, require_policy

    require_policy(options.policy, options.checkpoint)
    if options.policy == "expert":
        raise InvalidInputError("policy 'expert' reads the simulator, which a recording is not")
    out = _output(options, "openloop")
    content = recordings.openloop(options, partial(_progress, unit="step"))
    digest = checkpoint_digest(options.policy, options.checkpoint)
    print(openloop_table(content))
    _finish(out, "openloop", {"seed": options.seed, "checkpoint_sha256": digest, **content}, printed=True)


def bench(options: argparse.Namespace) -> None:
    """Speed and memory on this machine."""
    from wam_demo.bench import bench as measure

    _require_learned(options)
    out = _output(options, "bench")
    content = measure(
        options.policy,
        options.task,
        checkpoint=options.checkpoint,
        episodes=options.episodes,
        config=_rollout_config(options),
        progress=_say,
    )
    _finish(out, "bench", {"seed": options.seed, **content})


def demo(options: argparse.Namespace) -> None:
    """The app."""
    from wam_demo.ui.app import launch

    launch(host=options.host, port=options.port)


def _output(options: argparse.Namespace, command: str) -> Path:
    """The output folder, proven writable before work starts."""
    from wam_demo.evaluate.report import prepare_output

    return prepare_output(options.out or Path("results") / f"{command}-{time.strftime('%Y%m%d-%H%M%S')}")


def _finish(out: Path, command: str, content: dict[str, Any], printed: bool = False) -> None:
    """Write results.json, print the table unless that is done, and say where the file is."""
    from wam_demo.evaluate.report import measure_table, write_results

    if not printed:
        print(measure_table(content))
    print(f"\n{write_results(out, command, content)}")


def _require_learned(options: argparse.Namespace) -> None:
    from wam_demo.policy.base import LEARNED_POLICIES, require_policy

    require_policy(options.policy, options.checkpoint)
    if options.policy not in LEARNED_POLICIES:
        raise InvalidInputError(f"policy {options.policy!r} has no weights; valid: {', '.join(LEARNED_POLICIES)}")


def _spec(options: argparse.Namespace, task: str) -> EvaluationSpec:
    from wam_demo.evaluate.suite import EvaluationSpec

    return EvaluationSpec(
        policy=options.policy,
        task=task,
        axis=options.axis,
        severity=options.severity,
        episodes=options.episodes,
        seed=options.seed,
        instruction=options.instruction,
        execute=options.execute,
        latency=options.latency,
        linger=options.linger,
        checkpoint=options.checkpoint,
    ).validated()


def _load(spec: EvaluationSpec) -> tuple[Any, str | None]:
    """A policy and the digest of its weights; the expert is loaded beside its worlds, not here."""
    from wam_demo.policy.base import checkpoint_digest, load_policy

    policy = None if spec.policy == "expert" else load_policy(spec.policy, spec.checkpoint)
    return policy, checkpoint_digest(spec.policy, spec.checkpoint)


def _rollout_config(options: argparse.Namespace) -> RolloutConfig:
    from wam_demo.evaluate.report import prepare_output
    from wam_demo.evaluate.rollout import RolloutConfig

    folder = getattr(options, "save_video", None)
    return RolloutConfig(options.batch, options.processes, prepare_output(folder) if folder else None)


def _run(specs: Sequence[EvaluationSpec], policy: Any, config: RolloutConfig) -> list[EpisodeResult]:
    """Every episode of one policy, task after task."""
    from wam_demo.evaluate.rollout import rollout

    with _progress(sum(spec.episodes for spec in specs), specs[0].policy) as advance:
        return [episode for spec in specs for episode in rollout(spec, policy, config, lambda _: advance())]


@contextmanager
def _progress(total: int, label: str, unit: str = "episode") -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal, nothing elsewhere; yields what advances it by one."""
    from tqdm import tqdm

    with tqdm(total=total, desc=label, unit=unit, disable=None) as bar:
        yield lambda: bar.update() and None


def _say(stage: str) -> None:
    if sys.stderr.isatty():
        print(f"measuring: {stage}", file=sys.stderr)
