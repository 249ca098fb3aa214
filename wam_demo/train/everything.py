"""Everything from nothing: demonstrations, tokenizer, teacher, both world action models, their figures."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wam_demo.errors import DataError

TASKS = "pick_place:2,stack:2,push,drawer,button,reach"
"""Tasks in which the instruction chooses among objects and a grasp must succeed get more episodes."""


@dataclass(frozen=True)
class Amounts:
    """How much of what a preset takes, beyond the recipes' own steps.

    Attributes:
        demonstrations: Episodes over all tasks.
        recordings: Episodes in random rooms, without labels.
        evaluations: Episodes a task, per policy.
        imaginations: Episodes for the imagination's figures.
    """

    demonstrations: int
    recordings: int
    evaluations: int
    imaginations: int


AMOUNTS = {
    "debug": Amounts(12, 6, 1, 1),
    "small": Amounts(6400, 1800, 50, 8),
    "base": Amounts(16_000, 6400, 100, 8),
}


@dataclass(frozen=True)
class Stage:
    """One command whose ``results.json`` says that it is done.

    Attributes:
        name: Its folder.
        arguments: Of ``wam_demo``, without ``--out``.
    """

    name: str
    arguments: tuple[str, ...]


def stages(preset: str, seed: int, out: Path, processes: int) -> list[list[Stage]]:
    """Stages in order; those of an inner list run side by side."""
    amounts, data, rooms, checkpoints = AMOUNTS[preset], str(out / "demos"), str(out / "rooms"), str(out)
    shared = ("--preset", preset, "--seed", str(seed), "--checkpoints", checkpoints, "--resume")
    names = TASKS.replace(":2", "")

    def train(kind: str, *more: str) -> Stage:
        return Stage(kind, ("train", kind, "--data", data, *more, *shared))

    def imagination(policy: str) -> Stage:
        stage = train("imagination", "--videos", rooms, "--init", str(out / policy))
        return replace(stage, name=f"{policy}/imagination")

    def evaluate(policy: str) -> list[Stage]:
        weights = ("--policy", policy, "--checkpoint", str(out / policy))
        episodes, imaginations = str(amounts.evaluations), str(amounts.imaginations)
        halves = ("--processes", str(max(1, processes // 2)))
        return [
            Stage(f"eval-{policy}", ("eval", *weights, "--task", names, "--episodes", episodes, *halves)),
            Stage(f"imagine-{policy}", ("imagine", *weights, "--task", "pick_place", "--episodes", imaginations)),
        ]

    def demos(name: str, episodes: int, seed: int, *more: str) -> Stage:
        amount = ("--episodes", str(episodes), "--every", "4", "--seed", str(seed), "--processes", str(processes))
        return Stage(name, ("demos", "--task", TASKS, *amount, *more))

    return [
        [demos("demos", amounts.demonstrations, seed + 1)],
        [demos("rooms", amounts.recordings, seed + 2, "--rooms")],
        [train("tokenizer"), train("teacher")],
        [train("wam", "--videos", rooms), train("agra", "--videos", rooms)],
        [imagination("wam"), imagination("agra")],
        [*evaluate("wam"), *evaluate("agra")],
    ]


def train_everything(
    preset: str, out: Path, *, seed: int = 0, processes: int | None = None, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Run every stage that is not done yet; the same call resumes after a kill.

    Args:
        preset: See `recipes.run`.
        out: A folder per stage; the checkpoints are ``out/tokenizer``, ``teacher``, ``wam`` and ``agra``.
        seed: Seeds everything.
        processes: Simulators at a time; one per core by default.
        say: Told each command as it starts.

    Returns:
        ``seconds`` in all, and ``stages``: seconds of each one that this call ran.

    Raises:
        DataError: A stage failed; its output stands above.
    """
    began = time.monotonic()
    took = run_stages(stages(preset, seed, out, processes or os.cpu_count() or 1), out, say)
    return {"seconds": round(time.monotonic() - began, 1), "stages": took}


def run_stages(groups: Sequence[Sequence[Stage]], out: Path, say: Callable[[str], None] = print) -> dict[str, float]:
    """Run groups one after the other, the stages of each side by side; what has its results is left out.

    Returns:
        Seconds by stage.

    Raises:
        DataError: A stage failed.
    """
    took: dict[str, float] = {}
    for group in groups:
        waiting = [stage for stage in group if not (out / stage.name / "results.json").is_file()]
        took |= _run(waiting, out, len(group), say)
    return took


def _run(waiting: Sequence[Stage], out: Path, beside: int, say: Callable[[str], None]) -> dict[str, float]:
    """Run stages side by side, on shares of the cores; seconds by stage."""
    threads = str(max(1, (os.cpu_count() or 1) // beside))
    environment = {**os.environ, "OMP_NUM_THREADS": threads}
    began = time.monotonic()
    running: dict[str, subprocess.Popen[bytes]] = {}
    took: dict[str, float] = {}
    try:
        for stage in waiting:
            command = ["-m", "wam_demo", *stage.arguments, "--out", str(out / stage.name)]
            say("python " + " ".join(command))
            running[stage.name] = subprocess.Popen([sys.executable, *command], env=environment)
        for name, process in running.items():
            if process.wait() != 0:
                raise DataError(f"{name} failed with exit code {process.returncode}")
            took[name] = round(time.monotonic() - began, 1)
    finally:
        for process in running.values():
            if process.poll() is None:
                process.terminate()
                process.wait()
    return took
