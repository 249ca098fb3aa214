"""``eval``: success rates in closed loop, by axis and severity."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_demo.arguments import (
    DEFAULT_TASK,
    Parser,
    add_batch,
    add_compute,
    add_policy,
    add_processes,
    listed,
    one_of,
    real,
    tasks,
    whole,
    word,
)
from wam_demo.commands.output import finish, prepare, progress
from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.evaluate.grid.run import GridRun
    from wam_demo.evaluate.specs.grid import GridSpec
    from wam_demo.evaluate.statistics.sequential import SequentialResult

SUMMARY = "measure success rates in closed loop"
SAVED_VIDEOS = 10
"""Episodes of each policy that ``--save-video`` shows."""
PATIENCE_S = 0.5
"""Time between two looks at whether a comparison is decided [s]."""


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    from wam_demo.evaluate.executors.choice import EXECUTORS
    from wam_demo.policies.registry import MOST_PLANS

    add_policy(parser)
    parser.add_argument("--task", type=tasks, default=[DEFAULT_TASK], metavar="T[,T]")
    parser.add_argument("--axis", type=listed(word), metavar="A[,A]", help="perturbation axes (none)")
    parser.add_argument(
        "--suite",
        type=listed(word),
        metavar="S[,S]",
        help="unseen-{background,position,object}, with its seen part",
    )
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
    parser.add_argument(
        "--lookahead",
        type=whole(2, MOST_PLANS),
        metavar="K",
        help="--policy acts on the best of K plans, by what it imagines of them; --compare does not",
    )
    parser.add_argument("--linger", type=whole(0, 100), default=0, metavar="K", help="steps played after success (0)")
    parser.add_argument("--resume", action="store_true", help="go on where --out stopped")
    parser.add_argument(
        "--sequential", type=real(0.0001, 0.5), metavar="ALPHA", help="stop as soon as --compare is decided"
    )
    parser.add_argument("--report", action="store_true", help="also write CSV and an HTML page with videos")
    parser.add_argument("--save-video", type=Path, metavar="DIR", help="mp4 of the first ten episodes")
    parser.add_argument("--engine", type=one_of("engine", EXECUTORS), default="local", help="local or ray (local)")
    parser.add_argument("--address", metavar="HOST:PORT", help="Ray cluster; default: one started on this machine")
    parser.add_argument(
        "--calibration",
        type=one_of("calibration", ("stale", "followed")),
        default="stale",
        help="told of moved cameras: where they were (stale), or are (followed)",
    )
    add_compute(parser)
    add_batch(parser)
    add_processes(parser)


def run(options: argparse.Namespace) -> None:
    """Closed-loop success rates by axis and severity, of one policy or of several on the same scenes."""
    from wam_demo.evaluate.executors.choice import open_executor
    from wam_demo.evaluate.executors.executor import ExecutorConfig
    from wam_demo.evaluate.grid.run import GridRun
    from wam_demo.evaluate.report.tables import power_line, sequential_line

    spec = _grid(options)
    out = prepare(options, "eval")
    _require_fresh(options, out)
    config = ExecutorConfig(options.batch, options.processes, options.address)
    with GridRun(spec, out, config, executor=open_executor(options.engine, spec, config)) as run:
        if run.snapshot().state != "done":
            run.prepare()
            if len(spec.policies) > 1:
                print(power_line(spec))
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
        finish(out, "eval", content, printed=True)
    if options.report:
        from wam_demo.evaluate.report.write import write_report

        print(write_report(out).html)


def _grid(options: argparse.Namespace) -> GridSpec:
    """The grid that was asked for, once everything it names is known to exist."""
    from wam_demo.evaluate.specs.grid import GridSpec, join_policy, split_policy
    from wam_demo.policies.registry import LOOKAHEAD, require_policy
    from wam_demo.policies.remote.settings import use_server

    if options.server is not None:
        use_server(options.server)
    ahead = "" if options.lookahead is None else f"{LOOKAHEAD}{options.lookahead}"
    policies = [join_policy(options.policy + ahead, options.checkpoint)]
    policies += [join_policy(other, options.compare_checkpoint) for other in options.compare]
    if len(set(policies)) < len(policies):
        raise InvalidInputError("--compare names a policy twice: the same weights give the same episodes")
    if options.sequential is not None and len(policies) != 2:
        raise InvalidInputError("--sequential decides between two policies: name the second with --compare")
    spec = GridSpec(
        policies=tuple(policies),
        tasks=tuple(options.task),
        axes=tuple(_axes(options)),
        severities=tuple(options.severity),
        episodes=options.episodes,
        seed=options.seed,
        execute=options.execute,
        latency=options.latency,
        linger=options.linger,
        instruction=options.instruction,
        calibration=options.calibration,
        compute=_compute(options),
    ).validated()
    for policy in spec.policies:
        require_policy(*split_policy(policy))
    return spec


def _axes(options: argparse.Namespace) -> list[str]:
    """What is played: axes, and both parts of suites; the nominal scene when neither is named."""
    from wam_demo.errors import UnknownNameError
    from wam_demo.sim.suites import SUITES

    for name in options.suite or []:
        if name not in SUITES:
            raise UnknownNameError("suite", name, SUITES)
    parts = [part for name in options.suite or [] for part in SUITES[name].parts]
    return (options.axis or ([] if parts else ["none"])) + parts


def _compute(options: argparse.Namespace) -> str:
    """By what networks are computed: ``auto`` is decided once for the whole evaluation, by the first policy."""
    from wam_demo.policies.compute.variants import AUTO
    from wam_demo.policies.registry import require_policy

    if options.compute != AUTO:
        return options.compute
    return require_policy(options.policy, options.checkpoint).fastest(options.checkpoint)


def _require_fresh(options: argparse.Namespace, out: Path) -> None:
    """Old results are neither mixed with new ones nor overwritten unless that is asked for."""
    from wam_demo.evaluate.grid.journal import JOURNAL_NAME

    begun = (out / JOURNAL_NAME).exists()
    if options.resume and not (options.out and begun):
        raise InvalidInputError("--resume goes on in the folder of an evaluation that was begun: name it with --out")
    if begun and not options.resume:
        raise InvalidInputError(f"{out} holds an evaluation: --resume goes on with it, or choose another folder")


def _play(run: GridRun, alpha: float | None) -> dict[str, Any]:
    """Play a grid to its end, or until a sequential test at level ``alpha`` decides; returns where that stands."""
    from wam_demo.errors import WamDemoError
    from wam_demo.evaluate.grid.comparisons import compare_together

    def sequential(level: float) -> SequentialResult:
        first, second = run.spec.policies
        return compare_together(run.spec, run.records(), first, second, level).sequential

    with progress(run.spec.total, ", ".join(run.spec.policies), run.snapshot().done) as advance:
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
    from wam_demo.evaluate.grid.document import condition_document, grid_document
    from wam_demo.evaluate.report import tables

    spec, records = run.spec, run.records()
    if len(spec.policies) <= 2 and len({(cell.axis, cell.severity) for cell in spec.cells()}) == 1:
        content = condition_document(spec, run.weights, records)
        print(tables.evaluation_table([content, *([content["compare"]] if "compare" in content else [])]))
    else:
        content = grid_document(spec, run.weights, records)
        print(tables.grid_table(content["cells"]))
    for line in tables.comparison_lines(spec.policies, content):
        print(line)
    return content


def _pace(run: GridRun) -> dict[str, float | None]:
    """Duration of this run [s]; the rate is ``None`` if everything had been played before."""
    seconds, fresh = run.snapshot().elapsed_s, run.fresh
    return {"seconds": seconds, "episodes_per_s": fresh / seconds if fresh else None}


def _save_videos(run: GridRun, folder: Path) -> None:
    """An mp4 of the first ten episodes of each policy."""
    from shutil import copyfile

    from wam_demo.evaluate.output import prepare_output

    prepare_output(folder)
    for policy in run.spec.policies:
        mine = sorted((record for record in run.records() if record.policy == policy), key=lambda record: record.key)
        for record in mine[:SAVED_VIDEOS]:
            if record.outcome in ("success", "timeout"):  # the others have no end to show
                path = run.video(record)
                copyfile(path, folder / path.name)
