"""The comparison of training arms: the same start, data, seed and steps; one thing changed in each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_demo.errors import UnknownNameError, WamDemoError
from wam_demo.train.everything import Stage, run_stages

if TYPE_CHECKING:
    from wam_demo.evaluate.specs.grid import GridSpec
    from wam_demo.evaluate.specs.record import EpisodeRecord

BASELINE = "wam"
_MLP = ("agra", "--projector", "mlp")
_CONV = ("agra", "--projector", "conv")
ARMS: Mapping[str, tuple[str, ...]] = {
    BASELINE: ("wam",),
    "agra": _MLP,
    "video-pass": (*_MLP, "--align", "video"),
    "shared-pass": (*_MLP, "--align", "shared"),
    "frozen": ("wam", "--frozen"),
    "lambda-0.1": (*_MLP, "--weight", "0.1"),
    "lambda-0.5": (*_MLP, "--weight", "0.5"),
    "block-1": (*_MLP, "--blocks", "1"),
    "block-3": (*_MLP, "--blocks", "3"),
    "linear": ("agra", "--projector", "linear"),
    "conv": _CONV,
    "conv-dinov2s": (*_CONV, "--teacher", "dinov2s"),
    "conv-both": (*_CONV, "--teacher", "simsem+dinov2s"),
    "conv-untrained": (*_CONV, "--teacher", "untrained"),
    "untrained": (*_MLP, "--teacher", "untrained"),
    "hog": (*_MLP, "--teacher", "hog"),
}
"""Arguments of ``train`` by arm; the rest is the preset's (lambda 1, blocks 1, 3 and 5, ``simsem``)."""
TASKS = ("pick_place", "drawer", "button")
AXES = ("none", "camera", "robot_init", "noise", "language", "layout", "light", "background", "distractor")
SEVERITY = 3
SAME = 1e-9
"""Differences of rates that are no further apart are one."""


@dataclass(frozen=True)
class Ingredients:
    """What all arms share; paths of datasets and checkpoints as for ``train``."""

    preset: str
    data: Path
    videos: Path | None
    start: Path | None
    checkpoints: Path
    steps: int | None
    seed: int

    def arguments(self) -> tuple[str, ...]:
        """As options of ``train``."""
        given = {
            "--preset": self.preset,
            "--data": self.data,
            "--videos": self.videos,
            "--init": self.start,
            "--checkpoints": self.checkpoints,
            "--steps": self.steps,
            "--seed": self.seed,
        }
        return tuple(text for name, value in given.items() if value is not None for text in (name, str(value)))


def compare_arms(
    names: Sequence[str], shared: Ingredients, out: Path, *, episodes: int = 20, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Train every arm, as many at a time as there are cores, and evaluate them on the same scenes.

    What is done already is kept, so the same call goes on after a kill.

    Args:
        names: Some of `ARMS`; `BASELINE` comes first whether it is named or not.
        shared: What they have in common.
        out: A folder per arm, ``eval``, and ``table.md``.
        episodes: Scenes of a task under an axis.
        say: Told each command as it starts.

    Returns:
        ``arms``: a row for each, see `arm_row`.

    Raises:
        InvalidInputError: No scenes belong to the seed.
        UnknownNameError: There is no such arm.
        DataError: A training failed; its output stands above.
        WamDemoError: The evaluation failed.
    """
    from wam_demo.evaluate.grid.run import GridRun
    from wam_demo.evaluate.specs.evaluation import evaluation_seeds
    from wam_demo.evaluate.specs.grid import GridSpec

    for name in names:
        if name not in ARMS:
            raise UnknownNameError("arm", name, ARMS)
    evaluation_seeds(shared.seed, episodes)  # refuses a seed before hours of training, not after
    chosen = list(dict.fromkeys([BASELINE, *names]))
    stages = [Stage(name, ("train", *ARMS[name], *shared.arguments(), "--resume")) for name in chosen]
    cores = os.cpu_count() or 1
    run_stages([stages[first : first + cores] for first in range(0, len(stages), cores)], out, say)
    _link(shared.checkpoints / "tokenizer", out / "tokenizer")
    policies = {name: f"{ARMS[name][0]}@{out / name}" for name in chosen}
    spec = GridSpec(tuple(policies.values()), TASKS, AXES, (SEVERITY,), episodes, shared.seed).validated()
    with GridRun(spec, out / "eval") as run:
        run.start()
        run.wait()
        if (error := run.snapshot().error) is not None:
            raise WamDemoError(error)
        records = list(run.records())
    rows = [arm_row(name, policies, spec, records, out / name) for name in chosen]
    (out / "table.md").write_text(table(rows))
    return {"arms": rows}


def compare_runs(
    names: Sequence[str],
    shared: Ingredients,
    out: Path,
    *,
    runs: int,
    episodes: int = 20,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Compare the arms in several training runs, whose seeds follow one another from the shared one.

    One run says how two sets of weights differ; what an arm does takes several, and a run is the unit of the interval.

    Args:
        names: As for `compare_arms`.
        shared: What all runs have in common; its seed is the first one's.
        out: A folder per run, as `compare_arms` writes it, and ``table.md`` over them.
        runs: At least 2.
        episodes: Scenes of a task under an axis, others in each run.
        say: Told each command as it starts.

    Returns:
        ``runs``: the rows of each; ``pairs``: every two arms, see `difference_over_runs`.

    Raises:
        InvalidInputError: No scenes belong to a seed.
        UnknownNameError: There is no such arm.
        DataError: A training failed; its output stands above.
        WamDemoError: An evaluation failed.
    """
    from wam_demo.evaluate.specs.evaluation import evaluation_seeds

    seeds = range(shared.seed, shared.seed + runs)
    evaluation_seeds(seeds[-1], episodes)
    compared = [
        compare_arms(names, replace(shared, seed=seed), out / f"seed{seed}", episodes=episodes, say=say)["arms"]
        for seed in seeds
    ]
    rates = {
        rows[0]["arm"]: [row["disturbed"][0] / row["disturbed"][1] for row in rows]
        for rows in zip(*compared, strict=True)
    }
    pairs = [difference_over_runs(rates, second, first) for first, second in combinations(rates, 2)]
    (out / "table.md").write_text(table_over_runs(rates, pairs))
    return {"runs": dict(zip(map(str, seeds), compared, strict=True)), "pairs": pairs}


def difference_over_runs(rates: Mapping[str, Sequence[float]], first: str, second: str) -> dict[str, Any]:
    """How much more often one arm succeeds than another at `SEVERITY`.

    Args:
        rates: Success rate of each arm in each run, runs in the same order, two of them at least.
        first: The arm that is compared.
        second: What it is compared with.

    Returns:
        ``first``, ``second``, ``by_run``, ``difference`` (its mean), ``difference_ci95`` and ``p_value``: Student's
        over runs, None where every run differs by the same and they say nothing of the spread.
    """
    from scipy.stats import ttest_1samp

    by_run = [a - b for a, b in zip(rates[first], rates[second], strict=True)]
    found: dict[str, Any] = {"first": first, "second": second, "by_run": by_run}
    found["difference"] = sum(by_run) / len(by_run)
    if max(by_run) - min(by_run) < SAME:
        return {**found, "difference_ci95": None, "p_value": None}
    test = ttest_1samp(by_run, 0.0)
    interval = test.confidence_interval(0.95)
    return {**found, "difference_ci95": [float(interval.low), float(interval.high)], "p_value": float(test.pvalue)}


def arm_row(
    name: str, policies: Mapping[str, str], spec: GridSpec, records: Sequence[EpisodeRecord], run: Path
) -> dict[str, Any]:
    """One arm in numbers.

    Returns:
        ``nominal`` and ``disturbed`` (successes and episodes), ``difference`` of the disturbed ones to the
        baseline with ``difference_ci95`` and ``p_value`` as in `PairedComparison`, ``plan_error_cm`` (held-out frames,
        mean at +8),
        ``cosine`` to the teacher at the end, ``seconds`` of training.
    """
    from wam_demo.evaluate.grid.comparisons import paired_document
    from wam_demo.evaluate.statistics.paired import compare_paired

    ended = {record.key: record for record in records if record.counts}

    def successes(policy: str, disturbed: bool) -> dict[tuple[Any, ...], bool]:
        return {
            key[1:]: record.success
            for key, record in ended.items()
            if key[0] == policies[policy] and (key[2] != "none") == disturbed
        }

    mine, base = successes(name, True), successes(BASELINE, True)
    both = [scene for scene in mine if scene in base]
    paired = compare_paired([(scene[-1], mine[scene], base[scene]) for scene in both])
    measures = _last_measures(run)
    nominal = successes(name, False)
    return {
        "arm": name,
        "nominal": [sum(nominal.values()), len(nominal)],
        "disturbed": [sum(mine.values()), len(mine)],
        **paired_document(paired),
        "plan_error_cm": measures["mean8"],
        "cosine": -measures["agra"],
        "seconds": measures["seconds"],
    }


def _last_measures(run: Path) -> dict[str, float]:
    """The last value of each measure in a training's log, which a run that was resumed at its end has too."""
    rows = map(json.loads, (run / "log.jsonl").read_text().splitlines())
    return {name: value for row in rows for name, value in row.items()}


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown."""
    lines = [
        f"| arm | nominal | severity {SEVERITY} | difference to `{BASELINE}` | p | plan error [cm] | cosine |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        (good, n), (held, of), (low, high) = row["nominal"], row["disturbed"], row["difference_ci95"]
        change = "" if row["arm"] == BASELINE else f"{row['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"
        p = "" if row["arm"] == BASELINE else f"{row['p_value']:.2g}"
        rates = f"{good}/{n} | {held}/{of} ({held / of:.3f})"
        lines.append(
            f"| `{row['arm']}` | {rates} | {change} | {p} | {row['plan_error_cm']:.2f} | {row['cosine']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def table_over_runs(rates: Mapping[str, Sequence[float]], pairs: Sequence[Mapping[str, Any]]) -> str:
    """Markdown: the rate of each arm in each run, then every two arms."""
    lines = [f"| arm | severity {SEVERITY}, by run | mean |", "|---|---|---|"]
    for arm, of_runs in rates.items():
        each = ", ".join(f"{rate:.3f}" for rate in of_runs)
        lines.append(f"| `{arm}` | {each} | {sum(of_runs) / len(of_runs):.3f} |")
    lines += ["", "| arms | difference by run | mean, 95 % (t over runs) | p |", "|---|---|---|---|"]
    for pair in pairs:
        each, mean = ", ".join(f"{value:+.3f}" for value in pair["by_run"]), f"{pair['difference']:+.3f}"
        if (ci := pair["difference_ci95"]) is not None:
            mean += f" [{ci[0]:+.3f}, {ci[1]:+.3f}]"
        p = "" if pair["p_value"] is None else f"{pair['p_value']:.2g}"
        lines.append(f"| `{pair['first']}` - `{pair['second']}` | {each} | {mean} | {p} |")
    return "\n".join(lines) + "\n"


def _link(target: Path, link: Path) -> None:
    if not link.exists():
        link.symlink_to(target.resolve())
