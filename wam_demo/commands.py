"""What each command of the command line does: work, a table, and results.json."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_demo.errors import InvalidInputError, ReplayDiffers

if TYPE_CHECKING:
    from wam_demo.evaluate.grid import GridSpec
    from wam_demo.evaluate.grid_run import GridRun
    from wam_demo.evaluate.rollout import RolloutConfig
    from wam_demo.evaluate.sequential import SequentialResult
    from wam_demo.policy.driven import DrivenTask
    from wam_demo.policy.probe import Prober

SAVED_VIDEOS = 10
"""Episodes of each policy that ``--save-video`` shows."""
PATIENCE_S = 0.5
"""Time between two looks at whether a comparison is decided [s]."""


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
    """Closed-loop success rates by axis and severity, of one policy or of several on the same scenes."""
    from wam_demo.evaluate.engine import EngineConfig, open_engine
    from wam_demo.evaluate.grid_run import GridRun
    from wam_demo.evaluate.report import sequential_line

    spec = _grid(options)
    out = _output(options, "eval")
    _require_fresh(options, out)
    config = EngineConfig(options.batch, options.processes, options.address)
    with GridRun(spec, out, config, engine=open_engine(options.engine, spec, config)) as run:
        run.prepare()
        try:
            sequential = _play(run, options.sequential)
        except KeyboardInterrupt:
            print(f"go on with the same command and --resume --out {out}", file=sys.stderr)
            raise
        content = {"seed": options.seed, **_evaluated(run), **_pace(run)}
        if sequential:
            content["sequential"] = sequential
            print(sequential_line(sequential))
        if options.save_video:
            _save_videos(run, options.save_video)
        _finish(out, "eval", content, printed=True)
    if options.report:
        from wam_demo.evaluate.grid_report import write_report

        print(write_report(out).html)


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


def probe(options: argparse.Namespace) -> None:
    """Where the action head looks, and what changes the plan; one policy, or two at the same moments."""
    from wam_demo.diagnose import grounding_report
    from wam_demo.evaluate.report import probe_table
    from wam_demo.evaluate.suite import evaluation_seeds
    from wam_demo.policy.base import checkpoint_digest, load_policy
    from wam_demo.policy.probe import require_prober

    seeds = evaluation_seeds(options.seed, options.episodes)
    chosen = [(options.policy, options.checkpoint)]
    if options.compare:
        chosen.append((options.compare, options.compare_checkpoint))
    for name, checkpoint in chosen:
        _require_learned(argparse.Namespace(policy=name, checkpoint=checkpoint))
    out = _output(options, "probe")
    policies = [require_prober(load_policy(name, checkpoint), name) for name, checkpoint in chosen]
    began = time.monotonic()
    scores = _probed(policies, options.task, seeds)
    documents = [
        {"policy": name, "checkpoint_sha256": checkpoint_digest(name, checkpoint), **grounding_report.document(tasks)}
        for (name, checkpoint), tasks in zip(chosen, scores, strict=True)
    ]
    compared = {}
    if options.compare:
        compared = {"compare": documents[1], "difference": grounding_report.difference(*scores)}
    content = {"task": ",".join(options.task), "seed": options.seed, **documents[0], **compared}
    content |= {"moments_from": "expert episodes of evaluation scenes", "seconds": time.monotonic() - began}
    print(probe_table(documents, compared.get("difference")))
    _finish(out, "probe", content, printed=True)


def _probed(policies: Sequence[Prober], tasks: Sequence[str], seeds: Sequence[int]) -> list[dict[str, Any]]:
    """For each policy, scored episodes by task."""
    from wam_demo.diagnose.grounding import score_task
    from wam_demo.sim.world import World

    scores: list[dict[str, Any]] = [{} for _ in policies]
    with _progress(len(tasks) * len(seeds), "probe") as advance:
        for task in tasks:
            world = World(task)
            for found, episodes in zip(scores, score_task(policies, world, seeds, advance), strict=True):
                found[task] = episodes
            world.close()
    return scores


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


def serve(options: argparse.Namespace) -> None:
    """A policy server for robots and other programs, until it is interrupted."""
    from wam_demo.policy.remote.hosting import open_server

    with open_server(options.policy, options.checkpoint, options.host, options.port) as server:
        print(f"{options.policy} answers at {server.url}, health at http{server.url[2:]}/healthz", flush=True)
        server.wait()


def demo(options: argparse.Namespace) -> None:
    """The app."""
    from wam_demo.ui.app import launch

    launch(host=options.host, port=options.port)


def replay(options: argparse.Namespace) -> None:
    """Every attempt of a session log, without pictures, compared with the states it was recorded with."""
    from wam_demo.session import logfile
    from wam_demo.session.replay import replay_all
    from wam_demo.sim import TASKS

    attempts = logfile.parse_log(logfile.read_text(options.file), tuple(TASKS))
    out = _output(options, "replay")
    with _progress(len(attempts), "replay") as advance:
        results = replay_all(attempts, advance)
    for number, (log, result) in enumerate(zip(attempts, results, strict=True), 1):
        print(f"{number}. {log.task}, seed {log.seed}, {log.policy}, {result.steps} steps: {result.verdict}")
    exact = all(result.differs is None for result in results)
    named = [
        {"task": log.task, "seed": log.seed, "policy": log.policy, **asdict(result)}
        for log, result in zip(attempts, results, strict=True)
    ]
    _finish(out, "replay", {"file": options.file.name, "exact": exact, "attempts": named}, printed=True)
    if not exact:
        raise ReplayDiffers(f"{options.file} does not replay exactly here")


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


def _grid(options: argparse.Namespace) -> GridSpec:
    """The grid that was asked for, once everything it names is known to exist."""
    from wam_demo.evaluate.grid import GridSpec, join_policy
    from wam_demo.policy.base import require_policy
    from wam_demo.policy.remote.settings import use_server

    if options.server is not None:
        use_server(options.server)
    policies = [join_policy(options.policy, options.checkpoint)]
    policies += [join_policy(other, options.compare_checkpoint) for other in options.compare]
    if len(set(policies)) < len(policies):
        raise InvalidInputError("--compare names a policy twice: the same weights give the same episodes")
    if options.sequential is not None and len(policies) != 2:
        raise InvalidInputError("--sequential decides between two policies: name the second with --compare")
    spec = GridSpec(
        policies=tuple(policies),
        tasks=tuple(options.task),
        axes=tuple(options.axis),
        severities=tuple(options.severity),
        episodes=options.episodes,
        seed=options.seed,
        execute=options.execute,
        latency=options.latency,
        linger=options.linger,
        instruction=options.instruction,
    ).validated()
    for cell in spec.cells():
        condition = spec.condition(cell)
        require_policy(condition.policy, condition.checkpoint)
    return spec


def _require_fresh(options: argparse.Namespace, out: Path) -> None:
    """Old results are neither mixed with new ones nor overwritten unless that is asked for."""
    from wam_demo.evaluate.journal import JOURNAL_NAME

    begun = (out / JOURNAL_NAME).exists()
    if options.resume and not (options.out and begun):
        raise InvalidInputError("--resume goes on in the folder of an evaluation that was begun: name it with --out")
    if begun and not options.resume:
        raise InvalidInputError(f"{out} holds an evaluation: --resume goes on with it, or choose another folder")


def _play(run: GridRun, alpha: float | None) -> dict[str, Any]:
    """Play a grid to its end, or until a sequential test at level ``alpha`` decides; returns where that stands."""
    from wam_demo.errors import WamDemoError
    from wam_demo.evaluate.paired import compare_policies

    def sequential(level: float) -> SequentialResult:
        first, second = run.spec.policies
        return compare_policies(run.spec, run.records(), first, second, level)[0].sequential

    with _progress(run.spec.total, ", ".join(run.spec.policies), run.snapshot().done) as advance:
        run.subscribe(lambda record: advance())
        run.start()
        while not run.wait(PATIENCE_S):
            if alpha is not None and sequential(alpha).decided_after is not None:
                run.cancel()
    if (error := run.snapshot().error) is not None:
        raise WamDemoError(error)
    return {} if alpha is None else {"alpha": alpha, **asdict(sequential(alpha))}


def _evaluated(run: GridRun) -> dict[str, Any]:
    """Print the table and return the content of results.json: of one condition, or of a grid."""
    from wam_demo.evaluate import report
    from wam_demo.evaluate.grid_document import condition_document, grid_document

    spec, records = run.spec, run.records()
    if len(spec.policies) <= 2 and len({(cell.axis, cell.severity) for cell in spec.cells()}) == 1:
        content = condition_document(spec, run.weights, records)
        print(report.evaluation_table([content, *([content["compare"]] if "compare" in content else [])]))
    else:
        content = grid_document(spec, run.weights, records)
        print(report.grid_table(content["cells"]))
    for line in report.comparison_lines(spec.policies, content):
        print(line)
    return content


def _pace(run: GridRun) -> dict[str, float | None]:
    """Duration of this run [s]; the rate is ``None`` if everything had been played before."""
    seconds, fresh = run.snapshot().elapsed_s, run.fresh
    return {"seconds": seconds, "episodes_per_s": fresh / seconds if fresh else None}


def _save_videos(run: GridRun, folder: Path) -> None:
    """An mp4 of the first ten episodes of each policy."""
    from shutil import copyfile

    from wam_demo.evaluate.report import prepare_output

    prepare_output(folder)
    for policy in run.spec.policies:
        mine = sorted((record for record in run.records() if record.policy == policy), key=lambda record: record.key)
        for record in mine[:SAVED_VIDEOS]:
            if record.outcome in ("success", "timeout"):  # the others have no end to show
                path = run.video(record)
                copyfile(path, folder / path.name)


def _rollout_config(options: argparse.Namespace) -> RolloutConfig:
    from wam_demo.evaluate.rollout import RolloutConfig

    return RolloutConfig(options.batch, options.processes)


@contextmanager
def _progress(total: int, label: str, done: int = 0) -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal, nothing elsewhere; yields what advances it by one."""
    from tqdm import tqdm

    with tqdm(total=total, initial=done, desc=label, unit="episode", disable=None) as bar:
        yield lambda: bar.update() and None


def _say(stage: str) -> None:
    if sys.stderr.isatty():
        print(f"measuring: {stage}", file=sys.stderr)
