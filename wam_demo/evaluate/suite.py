"""What is evaluated, on which seeds, and the document that comes out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.evaluate.statistics import Interval, compare_paired, wilson
from wam_demo.policies.checks import validate_instruction
from wam_demo.policies.receding import EXECUTE_STEPS
from wam_demo.policies.registry import policy_spec
from wam_demo.sim import TASKS
from wam_demo.types import CHUNK_STEPS

EVALUATION_SEEDS = range(500_000, 1_000_000)
"""Seeds of evaluation scenes; nothing is trained on them (demonstrations begin above them)."""
SEEDS_PER_RUN = 10_000
"""Scenes that belong to one ``--seed``; also the most episodes of one evaluation."""
SEVERITIES = range(1, 6)
NOMINAL = "none"
"""The axis without any perturbation."""

Outcome = Literal["success", "timeout", "sim_fault", "policy_fault"]


@dataclass(frozen=True)
class EvaluationSpec:
    """One condition: a policy on one task under one perturbation axis.

    Attributes:
        policy: Policy name.
        task: Task name.
        axis: Perturbation axis, or ``none``.
        severity: 1 .. 5; 0 on axis ``none``.
        episodes: Scenes; the same ones for every policy.
        seed: Selects the set of scenes.
        instruction: Replaces the scene's instruction, if given.
        execute: Steps played from each plan.
        latency: Control steps from an observation to the first action of its plan.
        linger: Control steps to go on after the first success; shows in ``success_final``.
        checkpoint: Directory that overrides the shipped weights.
    """

    policy: str
    task: str
    axis: str = NOMINAL
    severity: int = 0
    episodes: int = 50
    seed: int = 0
    instruction: str | None = None
    execute: int = EXECUTE_STEPS
    latency: int = 0
    linger: int = 0
    checkpoint: Path | None = None

    def validated(self) -> EvaluationSpec:
        """Return the condition if it can be run, with severity 0 on the nominal axis.

        Raises:
            InvalidInputError: A value is out of range; the message says what is valid.
        """
        privileged = policy_spec(self.policy).privileged
        if self.task not in TASKS:
            raise UnknownNameError("task", self.task, TASKS)
        evaluation_seeds(self.seed, self.episodes)
        _require("execute", self.execute, 1, CHUNK_STEPS)
        _require("latency", self.latency, 0, CHUNK_STEPS - 1)
        _require("linger", self.linger, 0, 100)
        instruction = None if self.instruction is None else validate_instruction(self.instruction)
        spec = replace(self, severity=self._severity(), instruction=instruction)
        return spec._for_expert() if privileged else spec

    def _for_expert(self) -> EvaluationSpec:
        """The expert plans anew at every step, beside its world."""
        if self.latency:
            raise InvalidInputError("the expert acts without latency: leave latency at 0")
        return replace(self, execute=1)

    def _severity(self) -> int:
        if self.axis == NOMINAL:
            return 0
        from wam_demo.sim.perturb import AXES

        if self.axis not in AXES:
            raise UnknownNameError("axis", self.axis, [NOMINAL, *AXES])
        _require("severity", self.severity, SEVERITIES[0], SEVERITIES[-1])
        return self.severity

    def seeds(self) -> list[int]:
        """The scenes, in order; equal for every policy, task and axis."""
        return evaluation_seeds(self.seed, self.episodes)


@dataclass(frozen=True)
class EpisodeResult:
    """How one scene ended.

    Attributes:
        task: Task name.
        seed: Seed of the scene.
        success: The success predicate held for 0.5 s at some time.
        success_final: It held at the end.
        steps: Control steps played.
        outcome: How it ended.
        fault: One line if the simulator or the policy failed.
    """

    task: str
    seed: int
    success: bool
    success_final: bool
    steps: int
    outcome: Outcome
    fault: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it says something about the policy: a simulator fault is neither success nor failure."""
        return self.outcome != "sim_fault"


def evaluation_seeds(seed: int, episodes: int) -> list[int]:
    """The first ``episodes`` scenes of run ``seed``; runs do not share scenes.

    Raises:
        InvalidInputError: A number is out of range.
    """
    _require("episodes", episodes, 1, SEEDS_PER_RUN)
    _require("seed", seed, 0, len(EVALUATION_SEEDS) // SEEDS_PER_RUN - 1)
    first = EVALUATION_SEEDS[seed * SEEDS_PER_RUN]
    return list(range(first, first + episodes))


def _require(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidInputError(f"{what} must be in {low} .. {high}, got {value}")


def summarise(
    specs: Sequence[EvaluationSpec],
    episodes: Sequence[EpisodeResult],
    checkpoint_sha256: str | None,
) -> dict[str, Any]:
    """The result document of one policy.

    Args:
        specs: One condition per task; they differ in the task only.
        episodes: Every episode of every condition.
        checkpoint_sha256: Digest of the weights; ``None`` for scripted policies.

    Returns:
        JSON-serialisable; rates are pooled over the tasks, ``tasks`` has them one by one. ``n`` leaves
        out simulator faults, which are neither success nor failure; without any other episode
        ``rate`` and ``ci95`` are ``None``.
    """
    spec = specs[0]
    tasks = {s.task: _rates([e for e in episodes if e.task == s.task]) for s in specs}
    return {
        "policy": spec.policy,
        "checkpoint_sha256": checkpoint_sha256,
        "task": ",".join(tasks),
        "axis": spec.axis,
        "severity": spec.severity,
        "instruction": spec.instruction,
        "execute": spec.execute,
        "latency": spec.latency,
        "linger": spec.linger,
        **_rates(episodes),
        "outcomes": dict(Counter(e.outcome for e in episodes)),
        "tasks": tasks,
        "episodes": [asdict(e) for e in episodes],
    }


def _rates(episodes: Sequence[EpisodeResult]) -> dict[str, Any]:
    counted = [episode for episode in episodes if episode.counts]
    n, successes = len(counted), sum(e.success for e in counted)
    return {
        "n": n,
        "successes": successes,
        "rate": successes / n if n else None,
        "ci95": _pair(wilson(successes, n)) if n else None,
        "sim_faults": len(episodes) - n,
    }


def compare(first: Sequence[EpisodeResult], second: Sequence[EpisodeResult]) -> dict[str, Any]:
    """What the result document says about two policies on the same scenes.

    Scenes that the simulator could not finish for one of them are left out of ``pairs``.

    Raises:
        ValueError: The scenes are not the same, in the same order.
        InvalidInputError: No scene is left.
    """
    if [(e.task, e.seed) for e in first] != [(e.task, e.seed) for e in second]:
        raise ValueError("the two policies were not run on the same scenes")
    pairs = [(a.success, b.success) for a, b in zip(first, second, strict=True) if a.counts and b.counts]
    if not pairs:
        raise InvalidInputError("the simulator finished no scene for both policies: there is nothing to compare")
    result = compare_paired([a for a, _ in pairs], [b for _, b in pairs])
    return {
        "pairs": len(pairs),
        "difference": result.difference,
        "difference_ci95": _pair(result.interval),
        "mcnemar_p": result.p_value,
    }


def _pair(interval: Interval) -> list[float]:
    return [interval.low, interval.high]
