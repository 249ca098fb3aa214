"""Trials on a connected arm: policies in a blinded order, each episode into the journal that simulated ones go to."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wam_demo.errors import SourceFault
from wam_demo.evaluate.grid.comparisons import compare_together
from wam_demo.evaluate.grid.journal import Journal
from wam_demo.evaluate.grid.run import weights
from wam_demo.evaluate.specs.evaluation import EpisodeResult, Outcome
from wam_demo.evaluate.specs.grid import Cell, GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord, PlayedEpisode
from wam_demo.policies.receding import ChunkPlayer
from wam_demo.robots.arm.source import ArmSource
from wam_demo.runtime.contracts import Planner
from wam_demo.runtime.loop import Loop
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.sim import TASKS
from wam_demo.types import ACTION_DIM, StepRecord

NOTES = "trials.csv"
"""What was noted, beside the journal: order, policy, seed, success, note."""


@dataclass(frozen=True)
class Trial:
    """One attempt: its place in the order, from 1, which policy acts, and the seed of its scene."""

    number: int
    policy: str
    seed: int


@dataclass(frozen=True)
class Verdict:
    """How a trial went, as a person or a simulated task says, and what was noted."""

    success: bool
    note: str = ""


class _Applied(Subscriber):
    """Keeps what was applied and how far the task was."""

    def __init__(self) -> None:
        self.actions: list[np.ndarray] = []
        self.distances: list[float] = []

    def on_step(self, record: StepRecord) -> None:
        self.actions.append(record.action)
        if record.goal_distance is not None:
            self.distances.append(record.goal_distance)


class Trials:
    """Plays the trials of a comparison; what an earlier run finished is not played again. A context manager.

    Args:
        source: The arm; stays open.
        spec: One task, axis ``none``; every policy does every seed.
        out: Folder of the journal.
        open_planner: Gives the planner of a policy.

    Raises:
        InvalidInputError: The folder holds another comparison, or cannot be written.
    """

    def __init__(
        self, source: ArmSource, spec: GridSpec, out: Path, open_planner: Callable[[str, ArmSource], Planner]
    ) -> None:
        self.spec, self.out = spec, out
        self._source, self._open_planner = source, open_planner
        self._journal = Journal(out, spec, weights(spec))
        self.records: list[EpisodeRecord] = list(self._journal.records)

    def order(self) -> Iterator[Trial]:
        """What is left, seed by seed, the policies of each seed in an order that the seed draws."""
        done = {(record.policy, record.seed) for record in self.records}
        number = 0
        for seed in self.spec.seeds():
            for index in np.random.default_rng([self.spec.seed, seed]).permutation(len(self.spec.policies)):
                number += 1
                policy = self.spec.policies[index]
                if (policy, seed) not in done:
                    yield Trial(number, policy, seed)

    def play(
        self,
        trial: Trial,
        judge: Callable[[bool], Verdict],
        interrupt: Callable[[], bool] = lambda: False,
        subscribers: tuple[Subscriber, ...] = (),
    ) -> EpisodeRecord:
        """One trial, written to the journal before it returns.

        Args:
            trial: From `order`.
            judge: Asked at the end, with what a simulated task says of itself.
            interrupt: Asked at every control step whether a person ends the trial.
            subscribers: Also told of every step.

        Raises:
            SourceFault: The arm cannot begin: nothing is written.
        """
        task = self.spec.tasks[0]
        applied = _Applied()
        planner = self._open_planner(trial.policy, self._source)
        loop = Loop(self._source, ChunkPlayer(planner.submit, self.spec.execute), [applied, *subscribers])
        loop.reset(trial.seed)
        fault, done = None, False
        try:
            while not done and len(applied.actions) < TASKS[task].horizon:
                done = loop.advance().success or interrupt()
        except SourceFault as error:
            fault = str(error)
        finally:
            loop.close()
            with suppress(SourceFault):
                self._source.client.ask("hold")
        verdict = Verdict(False, fault) if fault else judge(self._source.success)
        outcome: Outcome = "sim_fault" if fault else "success" if verdict.success else "timeout"
        result = EpisodeResult(task, trial.seed, verdict.success, verdict.success, len(applied.actions), outcome, fault)
        actions = np.array(applied.actions, np.float32).reshape(-1, ACTION_DIM)
        distances = tuple(round(distance, 4) for distance in applied.distances[::10])
        episode = PlayedEpisode(self.spec.scene(self._cell(trial), trial.seed), result, actions, distances)
        record = EpisodeRecord.of(trial.policy, episode)
        self._journal.append(record)
        self.records.append(record)
        self._note(trial, verdict)
        return record

    def decided(self, alpha: float) -> bool:
        """Whether two policies differ by the any-time test at this level; never with one policy."""
        if len(self.spec.policies) != 2:
            return False
        found = compare_together(self.spec, self.records, *self.spec.policies, alpha)
        return found.sequential.decided_after is not None

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()

    def __enter__(self) -> Trials:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _cell(self, trial: Trial) -> Cell:
        return next(cell for cell in self.spec.cells() if cell.policy == trial.policy)

    def _note(self, trial: Trial, verdict: Verdict) -> None:
        path = self.out / NOTES
        fresh = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(["number", "policy", "seed", "success", "note"])
            writer.writerow([trial.number, trial.policy, trial.seed, int(verdict.success), verdict.note])
