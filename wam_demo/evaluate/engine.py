"""Where the episodes of a grid are played: here, in simulator processes with one policy worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from wam_demo.errors import UnknownNameError
from wam_demo.evaluate.grid import GridSpec, Sweep, split_policy
from wam_demo.evaluate.record import EpisodeRecord
from wam_demo.evaluate.rollout import Control, PlayedEpisode, play_scenes
from wam_demo.evaluate.simulators import Simulators
from wam_demo.policies.registry import load_policy, policy_spec
from wam_demo.types import Policy

Load = Callable[[str, Path | None], Policy]
"""Loads a policy by name and weights."""

ENGINES = ("local", "ray")
SECONDS_PER_EPISODE, SECONDS_PER_SEEING_EPISODE = 0.2, 0.35
"""Of policies that look at no pictures and of those that do; two simulator processes on two idle CPU cores [s]."""


class Engine(Protocol):
    """Plays sweeps in order and reports each episode once, from the calling thread."""

    def prepare(self) -> None:
        """Load what `play` needs; optional. Raises `CheckpointError` or `InvalidInputError`."""

    def play(
        self, sweeps: Iterable[Sweep], on_episode: Callable[[EpisodeRecord], None], stop: Callable[[], bool]
    ) -> None:
        """Play until the sweeps or ``stop`` end it; what is running then is dropped."""

    def close(self) -> None:
        """End processes and connections; idempotent."""


@dataclass(frozen=True)
class EngineConfig:
    """How a grid is spread over the machine.

    Attributes:
        batch: Episodes at a time, i.e. observations in one policy call.
        processes: Simulator processes (local) or workers (Ray); 0 simulates in the caller's thread.
        address: Ray cluster; ``None`` starts one on this machine.
        nice: How far the worker and its simulators stand back for others, 0 .. 19, e.g. for live sessions
            in the same process (Linux).
    """

    batch: int = 8
    processes: int = 2
    address: str | None = None
    nice: int = 0


class LocalEngine:
    """Plays on this machine. Use it from one thread.

    Args:
        spec: The grid.
        config: Parallelism.
        load: Loads a policy; e.g. one that hands out the weights of running sessions.
    """

    def __init__(self, spec: GridSpec, config: EngineConfig | None = None, load: Load = load_policy) -> None:
        self._spec = spec
        self._config = config or EngineConfig()
        self._load = load
        self._policies: dict[str, Policy | None] = {}
        self._simulators: Simulators | None = None

    def prepare(self) -> None:
        """See `Engine`."""
        for reference in self._spec.policies:
            self.policy(reference)

    def play(
        self, sweeps: Iterable[Sweep], on_episode: Callable[[EpisodeRecord], None], stop: Callable[[], bool]
    ) -> None:
        """See `Engine`."""
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
            self._policies[reference] = None if policy_spec(name).privileged else self._load(name, checkpoint)
        return self._policies[reference]

    def close(self) -> None:
        """See `Engine`."""
        if self._simulators is not None:
            self._simulators.close()
            self._simulators = None
        for policy in self._policies.values():
            if policy is not None and self._load is load_policy:  # other loaders share what they hand out
                policy.close()
        self._policies.clear()


def _report(on_episode: Callable[[EpisodeRecord], None], policy: str, episode: PlayedEpisode) -> None:
    on_episode(EpisodeRecord.of(policy, episode))


def control_of(spec: GridSpec, policy: str) -> Control:
    """How a policy's plans are played in a grid; the expert plans anew at every step."""
    return Control(1) if policy_spec(split_policy(policy)[0]).privileged else Control(spec.execute, spec.latency)


def open_engine(name: str, spec: GridSpec, config: EngineConfig, load: Load = load_policy) -> Engine:
    """The engine ``local`` or ``ray``.

    Args:
        name: Which one.
        spec: The grid.
        config: Parallelism.
        load: Loads a policy of the local engine; Ray's workers load their own.

    Raises:
        UnknownNameError: There is no such engine.
        InvalidInputError: Ray is not installed.
    """
    if name == "local":
        return LocalEngine(spec, config, load)
    if name != "ray":
        raise UnknownNameError("engine", name, ENGINES)
    from wam_demo.evaluate.ray_engine import RayEngine

    return RayEngine(spec, config)


def estimate_s(spec: GridSpec) -> float:
    """Expected duration [s] of a whole grid on two idle CPU cores, before anything has been measured."""
    seeing = [policy_spec(split_policy(cell.policy)[0]).needs_images for cell in spec.cells()]
    return spec.episodes * sum(SECONDS_PER_SEEING_EPISODE if sees else SECONDS_PER_EPISODE for sees in seeing)
