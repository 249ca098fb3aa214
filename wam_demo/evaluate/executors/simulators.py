"""Simulators in processes of their own, driven round by round; a crash is repaired by replay."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Protocol

from wam_demo.errors import SimulationFault
from wam_demo.evaluate.executors.runner import EpisodeRunner
from wam_demo.evaluate.specs.scene import RoundReport, SceneSpec
from wam_demo.types import Vector

ROUND_TIMEOUT_S = 120.0
"""A simulator that has not answered for this long is taken for dead."""
RESTARTS = 3
"""Crashes in one round before the episodes of a process end as ``sim_fault``."""

Command = tuple[str, Any]
"""Method of `EpisodeRunner` and its arguments."""


class Simulators:
    """Slots that play one episode each, spread over processes.

    What an episode does depends on its scene and actions only, never on the number of processes.
    A process that dies or hangs is started again and its present episodes are replayed.

    Args:
        slots: Episodes at a time.
        processes: Simulator processes; 0 runs them in the caller's.
    """

    def __init__(self, slots: int, processes: int) -> None:
        self.slots = slots
        count = min(processes, slots)
        self._hosts: list[_Host] = [_ProcessHost() for _ in range(count)] if count else [_LocalHost()]
        self._history: dict[int, list[Command]] = {}

    def begin(self, scenes: Mapping[int, SceneSpec]) -> dict[int, RoundReport]:
        """Begin an episode in some slots."""
        for slot in scenes:
            self._history[slot] = []
        return self._round({slot: ("begin", (scene,)) for slot, scene in scenes.items()})

    def play(self, actions: Mapping[int, Vector]) -> dict[int, RoundReport]:
        """Execute (K, 7) actions in some slots."""
        return self._round({slot: ("play", (chunk,)) for slot, chunk in actions.items()})

    def play_expert(self, slots: Sequence[int]) -> dict[int, RoundReport]:
        """Let the scripted expert finish the episodes of some slots."""
        return self._round(dict.fromkeys(slots, ("play_expert", ())))

    def close(self) -> None:
        """End the processes."""
        for host in self._hosts:
            host.close()

    def __enter__(self) -> Simulators:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _round(self, commands: Mapping[int, Command]) -> dict[int, RoundReport]:
        by_host: dict[int, dict[int, list[Command]]] = {}
        for slot, command in commands.items():
            self._history[slot].append(command)
            by_host.setdefault(self._host_of(slot), {})[slot] = [command]
        for index, work in by_host.items():
            self._hosts[index].send(work)
        reports: dict[int, RoundReport] = {}
        for index, work in by_host.items():
            reports |= self._receive(index, list(work))
        for slot, report in reports.items():
            if report.done:
                del self._history[slot]
        return reports

    def _receive(self, index: int, slots: list[int]) -> dict[int, RoundReport]:
        """The reports of one host; if it dies, a new one replays all its present episodes."""
        for _ in range(RESTARTS):
            try:
                reports = self._hosts[index].receive()
                return {slot: reports[slot] for slot in slots}
            except _HostDied:
                self._hosts[index].close()
                self._hosts[index] = _ProcessHost()
                lost = {slot: commands for slot, commands in self._history.items() if self._host_of(slot) == index}
                self._hosts[index].send(lost)
        return {slot: RoundReport(None, done=True, fault="the simulator died") for slot in slots}

    def _host_of(self, slot: int) -> int:
        return slot % len(self._hosts)


class _HostDied(Exception):
    """A simulator process ended or hangs."""


class _Host(Protocol):
    """Runs commands for its slots; `receive` gives the report of each slot's last command."""

    def send(self, work: Mapping[int, Sequence[Command]]) -> None: ...

    def receive(self) -> dict[int, RoundReport]: ...

    def close(self) -> None: ...


class _LocalHost:
    """Runs everything in the calling thread."""

    def __init__(self) -> None:
        self._runners: dict[int, EpisodeRunner] = {}
        self._work: Mapping[int, Sequence[Command]] = {}

    def send(self, work: Mapping[int, Sequence[Command]]) -> None:
        self._work = work

    def receive(self) -> dict[int, RoundReport]:
        return {
            slot: _run(self._runners.setdefault(slot, EpisodeRunner()), commands)
            for slot, commands in self._work.items()
        }

    def close(self) -> None:
        for runner in self._runners.values():
            runner.close()
        self._runners = {}


def _run(runner: EpisodeRunner, commands: Sequence[Command]) -> RoundReport:
    """The report of the last command; a diverged simulation is a report, not an exception."""
    try:
        reports = [getattr(runner, method)(*arguments) for method, arguments in commands]
        return reports[-1]
    except SimulationFault as fault:
        return RoundReport(None, done=True, fault=str(fault))


class _ProcessHost:
    """Runs everything in a spawned process, so that a crash of the renderer stays there."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def send(self, work: Mapping[int, Sequence[Command]]) -> None:
        with suppress(OSError):  # a dead process is noticed by receive
            self._connection.send(work)

    def receive(self) -> dict[int, RoundReport]:
        try:
            if not self._connection.poll(ROUND_TIMEOUT_S):
                raise _HostDied
            answer = self._connection.recv()
        except (EOFError, OSError):
            raise _HostDied from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self._connection.close()
        self._process.join(timeout=2.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(connection: Connection) -> None:
    """Main of a simulator process: runs what arrives until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    host = _LocalHost()
    with suppress(EOFError, OSError):  # the other end has closed
        while True:
            host.send(connection.recv())
            try:
                answer: Any = host.receive()
            except Exception as error:
                answer = error
            connection.send(answer)
    host.close()
