"""What a robustness grid is: its cells, its scenes, and the order in which they are played."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import ceil
from pathlib import Path
from typing import Any, get_args

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.evaluate.specs.evaluation import NOMINAL, SEVERITIES, UNGRADED, evaluation_seeds, require_within
from wam_demo.evaluate.specs.scene import SceneSpec
from wam_demo.policies.checks import validate_instruction
from wam_demo.policies.compute.variants import EAGER, variant_named
from wam_demo.policies.receding import EXECUTE_STEPS
from wam_demo.policies.registry import policy_spec
from wam_demo.sim import TASKS
from wam_demo.types import CHUNK_STEPS, CalibrationState

MAX_EPISODES = 100_000
"""Most episodes of one grid."""
LINGER_STEPS = 10
"""Control steps played after the first success unless told otherwise, to see whether it is held."""

CALIBRATIONS = get_args(CalibrationState)


@dataclass(frozen=True, order=True)
class Cell:
    """One policy on one task under one axis and severity (0 where an axis has none).

    ``policy`` is a name, or ``NAME@FOLDER`` for other weights than the shipped ones.
    """

    policy: str
    task: str
    axis: str
    severity: int

    def key(self, seed: int) -> EpisodeKey:
        """What identifies an episode of this cell."""
        return (*self.condition, seed)

    @property
    def condition(self) -> tuple[str, str, str, int]:
        """The fields as a tuple."""
        return (self.policy, self.task, self.axis, self.severity)


EpisodeKey = tuple[str, str, str, int, int]
"""Policy, task, axis, severity, seed."""


@dataclass(frozen=True)
class Sweep:
    """Scenes of one policy that are played together."""

    policy: str
    scenes: tuple[SceneSpec, ...]


@dataclass(frozen=True)
class GridSpec:
    """A grid: every policy on every task under every axis and severity, on the same seeds.

    Attributes:
        policies: Names, or ``NAME@FOLDER`` for other weights than the shipped ones.
        tasks: Task names.
        axes: Perturbation axes; ``none`` is the nominal scene; neither it nor a part of a suite
            (`wam_demo.sim.suites`) has severities.
        severities: Each in 1 .. 5.
        episodes: Scenes in each cell; the same ones in every cell.
        seed: Selects the set of scenes.
        execute: Steps played from each plan.
        latency: Control steps from an observation to the first action of its plan.
        linger: Control steps to go on after the first success, to see whether it is held.
        instruction: Replaces the scenes' own instructions, if given.
        calibration: What policies are told of moved cameras: where they were (``stale``), or are (``followed``).
        compute: By what networks are computed; never ``auto``, so that whoever resumes it computes the same.
    """

    policies: tuple[str, ...]
    tasks: tuple[str, ...] = ("pick_place",)
    axes: tuple[str, ...] = (NOMINAL,)
    severities: tuple[int, ...] = (1, 3, 5)
    episodes: int = 10
    seed: int = 0
    execute: int = EXECUTE_STEPS
    latency: int = 0
    linger: int = LINGER_STEPS
    instruction: str | None = None
    calibration: CalibrationState = "stale"
    compute: str = EAGER

    def validated(self) -> GridSpec:
        """Return the grid, each name once, if it can be run.

        Raises:
            InvalidInputError: A value is out of range, or the grid is empty or too large.
            UnknownNameError: There is no such policy, task or axis; the closest is named.
        """
        instruction = None if self.instruction is None else validate_instruction(self.instruction)
        once = {name: tuple(dict.fromkeys(getattr(self, name))) for name in ("policies", "tasks", "axes", "severities")}
        spec = replace(self, instruction=instruction, **once)  # type: ignore[arg-type]
        for name, values in once.items():
            if not values:
                raise InvalidInputError(f"the grid has no {name}")
        spec._require_names()
        spec._require_numbers()
        return spec

    def _require_names(self) -> None:
        from wam_demo.sim.perturb import AXES

        for policy in self.policies:
            policy_spec(split_policy(policy)[0])
        if self.compute != EAGER:
            variant_named(self.compute)
        if self.calibration not in CALIBRATIONS:
            raise UnknownNameError("calibration", self.calibration, CALIBRATIONS)
        for kind, names, valid in (("task", self.tasks, TASKS), ("axis", self.axes, [*UNGRADED, *AXES])):
            for name in names:
                if name not in valid:
                    raise UnknownNameError(kind, name, valid)

    def _require_numbers(self) -> None:
        evaluation_seeds(self.seed, self.episodes)
        require_within("execute", self.execute, 1, CHUNK_STEPS)
        require_within("latency", self.latency, 0, CHUNK_STEPS - 1)
        require_within("linger", self.linger, 0, 100)
        if not set(self.axes) <= set(UNGRADED):
            for severity in self.severities:
                require_within("severity", severity, SEVERITIES[0], SEVERITIES[-1])
        if self.latency and any(policy_spec(split_policy(policy)[0]).privileged for policy in self.policies):
            raise InvalidInputError("the expert acts without latency: leave latency at 0")
        if self.total > MAX_EPISODES:
            raise InvalidInputError(f"the grid has {self.total} episodes; at most {MAX_EPISODES} are valid")

    def cells(self) -> tuple[Cell, ...]:
        """Every cell: policy by policy, task by task, axis by axis, severities ascending."""
        return tuple(
            Cell(policy, task, axis, severity)
            for policy in self.policies
            for task in self.tasks
            for axis in self.axes
            for severity in ((0,) if axis in UNGRADED else sorted(self.severities))
        )

    def seeds(self) -> list[int]:
        """The scenes of every cell."""
        return evaluation_seeds(self.seed, self.episodes)

    @property
    def total(self) -> int:
        """Episodes of the whole grid."""
        return len(self.cells()) * self.episodes

    def scene(self, cell: Cell, seed: int) -> SceneSpec:
        """One episode of a cell."""
        return SceneSpec(
            task=cell.task,
            seed=seed,
            axis=cell.axis,
            severity=cell.severity,
            instruction=self.instruction,
            horizon=TASKS[cell.task].horizon,
            linger=self.linger,
            images=policy_spec(split_policy(cell.policy)[0]).needs_images,
            calibration=self.calibration,
        )

    def sweeps(self, batch: int, done: Collection[EpisodeKey] = ()) -> Iterator[Sweep]:
        """The episodes left to play, breadth-first: every cell gains a few before any gains more.

        A sweep is deep enough to keep a batch of ``batch`` episodes busy. Policies take turns, so
        that pairs on the same scene complete together.

        Args:
            batch: Episodes that are played at a time.
            done: Episodes that are not played again.
        """
        seeds, cells = self.seeds(), self.cells()
        depth = max(1, ceil(2 * batch * len(self.policies) / len(cells)))
        for first in range(0, len(seeds), depth):
            for policy in self.policies:
                scenes = tuple(
                    self.scene(cell, seed)
                    for task in self.tasks  # a simulator changes its task seldom
                    for seed in seeds[first : first + depth]
                    for cell in cells
                    if (cell.policy, cell.task) == (policy, task) and cell.key(seed) not in done
                )
                if scenes:
                    yield Sweep(policy, scenes)

    def document(self) -> dict[str, Any]:
        """JSON-serialisable; `from_document` reads it."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> GridSpec:
        """The grid that `document` described.

        Raises:
            InvalidInputError: It describes no grid that can be run.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(document, Mapping) or not names >= set(document):
            raise InvalidInputError("this is not the description of a grid")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
        }
        try:
            return cls(**values).validated()
        except TypeError as error:
            raise InvalidInputError(f"this is not the description of a grid: {error}") from None


def split_policy(policy: str) -> tuple[str, Path | None]:
    """Name and weights of ``NAME`` or ``NAME@FOLDER``."""
    name, _, folder = policy.partition("@")
    return name, Path(folder) if folder else None


def join_policy(name: str, checkpoint: Path | None) -> str:
    """The inverse of `split_policy`."""
    return name if checkpoint is None else f"{name}@{checkpoint}"
