"""The episodes of a grid on a Ray cluster: each worker is a whole local executor."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from wam_demo.config import ROOT
from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.evaluate.executors.executor import ExecutorConfig
from wam_demo.evaluate.executors.local import LocalExecutor
from wam_demo.evaluate.specs.grid import GridSpec, Sweep
from wam_demo.evaluate.specs.record import EpisodeRecord

POLL_S = 1.0
"""Longest time between two looks at whether the grid was cancelled [s]."""
RETRIES = 3
"""Crashes of a worker within one part before they are an error."""


class RayExecutor:
    """Plays parts of sweeps on workers of a cluster; what an episode does is the same as locally.

    The checkout, its weights included, has to lie at the same path on every machine of the cluster.

    Args:
        spec: The grid.
        config: ``processes`` is the number of workers, each with one CPU; ``batch`` counts per worker.

    Raises:
        InvalidInputError: Ray is not installed.
    """

    def __init__(self, spec: GridSpec, config: ExecutorConfig) -> None:
        try:
            import ray
        except ImportError:
            raise InvalidInputError("engine 'ray' needs the package ray: pip install 'wam-demo[ray]'") from None
        self._ray: Any = ray
        self._spec, self._config = spec, config
        self._idle: list[Any] = []
        self._connected = False

    def prepare(self) -> None:
        """Join or start the cluster and its workers; each loads its policies with its first part."""
        if self._connected:
            return
        count = max(1, self._config.processes)
        local = {"num_cpus": count, "include_dashboard": False} if self._config.address is None else {}
        # workers import this package from where it lies here
        environment = {"env_vars": {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}}
        try:
            self._ray.init(
                address=self._config.address or "local",
                runtime_env=environment,
                log_to_driver=False,
                logging_level="ERROR",
                **local,
            )
        except Exception as error:  # Ray raises plain ones, too
            raise InvalidInputError(f"no Ray cluster: {' '.join(str(error).split())[:200]}") from None
        self._connected = True
        # what a worker was doing when its process died is done again by the next one
        worker = self._ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=RETRIES)(_Worker)
        self._idle = [worker.remote(self._spec, self._config) for _ in range(count)]

    def play(
        self, sweeps: Iterable[Sweep], on_episode: Callable[[EpisodeRecord], None], stop: Callable[[], bool]
    ) -> None:
        """See `Executor`."""
        self.prepare()
        parts = _parts(sweeps, self._config.batch)
        running: dict[Any, Any] = {}
        while not stop():
            while self._idle and (part := next(parts, None)):
                worker = self._idle.pop()
                running[worker.play.remote(part)] = worker
            if not running:
                return
            for answer in self._ray.wait(list(running), timeout=POLL_S)[0]:
                self._idle.append(running.pop(answer))
                for line in self._result(answer):
                    on_episode(EpisodeRecord.from_line(line))
        self._idle += running.values()  # they finish their part; nobody reads it

    def _result(self, answer: Any) -> list[str]:
        try:
            return self._ray.get(answer)
        except self._ray.exceptions.RayActorError as error:
            raise WamDemoError(f"a Ray worker died {RETRIES} times: {str(error)[:200]}") from None
        except self._ray.exceptions.RayTaskError as error:
            raise (error.cause if isinstance(error.cause, WamDemoError) else error) from None

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        if self._connected:
            self._ray.shutdown()
            self._connected, self._idle = False, []


class _Worker:
    """Runs in the cluster."""

    def __init__(self, spec: GridSpec, config: ExecutorConfig) -> None:
        self._executor = LocalExecutor(spec, replace(config, processes=0))

    def play(self, sweep: Sweep) -> list[str]:
        """The records of all scenes of a part, as lines."""
        lines: list[str] = []
        self._executor.play([sweep], lambda record: lines.append(record.to_line()), lambda: False)
        return lines


def _parts(sweeps: Iterable[Sweep], size: int) -> Iterator[Sweep]:
    """Sweeps cut into parts of one batch."""
    for sweep in sweeps:
        for first in range(0, len(sweep.scenes), size):
            yield Sweep(sweep.policy, sweep.scenes[first : first + size])
