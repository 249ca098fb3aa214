"""What plays the episodes of a grid, and how they are spread over machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wam_demo.evaluate.specs.grid import GridSpec, Sweep, split_policy
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.policies.registry import policy_spec
from wam_demo.types import Policy

Load = Callable[[str, Path | None], Policy]
"""Loads a policy by name and weights."""

SECONDS_PER_EPISODE, SECONDS_PER_SEEING_EPISODE = 0.2, 0.35
"""Of policies that look at no pictures and of those that do; two simulator processes on two idle CPU cores [s]."""


class Executor(Protocol):
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
class ExecutorConfig:
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


@dataclass(frozen=True)
class Control:
    """How plans are played.

    Attributes:
        execute: Steps played from each plan.
        latency: Control steps from an observation to the first action of its plan.
    """

    execute: int
    latency: int = 0


def control_of(spec: GridSpec, policy: str) -> Control:
    """How a policy's plans are played in a grid; the expert plans anew at every step."""
    return Control(1) if policy_spec(split_policy(policy)[0]).privileged else Control(spec.execute, spec.latency)


def estimate_s(spec: GridSpec) -> float:
    """Expected duration [s] of a whole grid on two idle CPU cores, before anything has been measured."""
    seeing = [policy_spec(split_policy(cell.policy)[0]).needs_images for cell in spec.cells()]
    return spec.episodes * sum(SECONDS_PER_SEEING_EPISODE if sees else SECONDS_PER_EPISODE for sees in seeing)
