"""Plays the episodes of a grid here, in simulator processes with one policy worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from wam_demo.evaluate.executors.executor import ExecutorConfig, Load, control_of
from wam_demo.evaluate.executors.play import play_scenes
from wam_demo.evaluate.executors.simulators import Simulators
from wam_demo.evaluate.specs.grid import GridSpec, Sweep, split_policy
from wam_demo.evaluate.specs.record import EpisodeRecord, PlayedEpisode
from wam_demo.policies.registry import load_policy, policy_spec
from wam_demo.types import Policy


class LocalExecutor:
    """Plays on this machine. Use it from one thread.

    Args:
        spec: The grid.
        config: Parallelism.
        load: Loads a policy; e.g. one that hands out the weights of running sessions.
    """

    def __init__(self, spec: GridSpec, config: ExecutorConfig | None = None, load: Load = load_policy) -> None:
        self._spec = spec
        self._config = config or ExecutorConfig()
        self._load = load
        self._owned = load is load_policy  # other loaders share what they hand out
        self._policies: dict[str, Policy | None] = {}
        self._simulators: Simulators | None = None

    def prepare(self) -> None:
        """See `Executor`."""
        for reference in self._spec.policies:
            self.policy(reference)

    def play(
        self, sweeps: Iterable[Sweep], on_episode: Callable[[EpisodeRecord], None], stop: Callable[[], bool]
    ) -> None:
        """See `Executor`."""
        for sweep in sweeps:
            if stop():
                return
            policy = self.policy(sweep.policy)
            if self._simulators is None:
                self._simulators = Simulators(self._config.batch, self._config.processes)
            keep = partial(_report, on_episode, sweep.policy)
            play_scenes(sweep.scenes, policy, control_of(self._spec, sweep.policy), self._simulators, keep, stop)

    def policy(self, reference: str) -> Policy | None:
        """A policy of the grid, loaded on first use; ``None`` for the expert, which lives in the simulators.

        Raises:
            CheckpointError: Its weights are missing or corrupt.
        """
        if reference not in self._policies:
            name, checkpoint = split_policy(reference)
            self._policies[reference] = self._loaded(name, checkpoint)
        return self._policies[reference]

    def _loaded(self, name: str, checkpoint: Path | None) -> Policy | None:
        if policy_spec(name).privileged:
            return None
        if self._owned:
            return load_policy(name, checkpoint, compute=self._spec.compute)
        return self._load(name, checkpoint)

    def close(self) -> None:
        """See `Executor`."""
        if self._simulators is not None:
            self._simulators.close()
            self._simulators = None
        for policy in self._policies.values():
            if policy is not None and self._owned:
                policy.close()
        self._policies.clear()


def _report(on_episode: Callable[[EpisodeRecord], None], policy: str, episode: PlayedEpisode) -> None:
    on_episode(EpisodeRecord.of(policy, episode))


def play_grid(spec: GridSpec, config: ExecutorConfig | None = None, load: Load = load_policy) -> list[EpisodeRecord]:
    """Play a small grid here and now, without a journal.

    Args:
        spec: The grid, validated.
        config: Parallelism.
        load: Loads a policy.

    Returns:
        Every episode, in the order of `EpisodeRecord.key`.

    Raises:
        CheckpointError: Weights are missing or corrupt.
    """
    config = config or ExecutorConfig()
    config = replace(config, batch=min(config.batch, spec.total))  # none is filled up for nothing
    executor, records = LocalExecutor(spec, config, load), list[EpisodeRecord]()
    try:
        executor.play(spec.sweeps(config.batch), records.append, lambda: False)
    finally:
        executor.close()
    return sorted(records, key=lambda record: record.key)
