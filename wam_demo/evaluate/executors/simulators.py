"""Simulators in processes of their own, driven round by round; a crash is repaired by replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from wam_demo.errors import SimulationFault
from wam_demo.evaluate.executors.runner import EpisodeRunner
from wam_demo.evaluate.specs.scene import RoundReport, SceneSpec
from wam_demo.processes import ProcessDied, Report, SupervisedProcess
from wam_demo.types import Vector

ROUND_TIMEOUT_S = 120.0
"""A simulator that has not answered for this long is taken for dead."""
CRASHES = 3
"""Crashes in one round with which the episodes that a process plays in it end as ``sim_fault``."""
_CLOSING_S = 2.0

Command = tuple[str, Any]
"""Method of `EpisodeRunner` and its arguments."""
Episodes = Mapping[int, Sequence[Command]]
"""By slot, the commands since its episode began; the last one is what is to be done now."""
MakeRunner = Callable[[], EpisodeRunner]


class Simulators:
    """Slots that play one episode each, spread over processes.

    What an episode does depends on its scene and actions only, never on the number of processes.
    A process that dies or hangs is started again and the episodes that it played are replayed.

    Args:
        slots: Episodes at a time.
        processes: Simulator processes; 0 runs them in the caller's.
        make_runner: Makes what plays the episodes of a slot, in its process; picklable.
    """

    def __init__(self, slots: int, processes: int, make_runner: MakeRunner = EpisodeRunner) -> None:
        self.slots = slots
        count = min(processes, slots)
        make = partial(_Runners, make_runner)
        self._hosts = [_ProcessHost(make) for _ in range(count)] if count else [_LocalHost(make)]
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
            by_host.setdefault(slot % len(self._hosts), {})[slot] = self._history[slot]
        for index, episodes in by_host.items():
            self._hosts[index].send(episodes)
        reports: dict[int, RoundReport] = {}
        for index, episodes in by_host.items():
            reports |= self._hosts[index].receive(episodes)
        for slot, report in reports.items():
            if report.done:
                del self._history[slot]
        return reports


class _Runners:
    """Runs commands of some slots; the answer to a request holds the report of each slot's last command."""

    def __init__(self, make_runner: MakeRunner) -> None:
        self._make_runner = make_runner
        self._runners: dict[int, EpisodeRunner] = {}

    def __call__(self, work: Episodes, report: Report = lambda progress: None) -> dict[int, RoundReport]:
        return {slot: self._run(slot, commands) for slot, commands in work.items()}

    def _run(self, slot: int, commands: Sequence[Command]) -> RoundReport:
        """The report of the last command; a diverged simulation is a report, not an exception."""
        if slot not in self._runners:
            self._runners[slot] = self._make_runner()
        try:
            return [getattr(self._runners[slot], method)(*arguments) for method, arguments in commands][-1]
        except SimulationFault as fault:
            return RoundReport(None, done=True, fault=str(fault))

    def close(self) -> None:
        """Free the worlds."""
        for runner in self._runners.values():
            runner.close()


class _LocalHost:
    """Plays episodes in the calling thread."""

    def __init__(self, make: Callable[[], _Runners]) -> None:
        self._runners = make()

    def send(self, episodes: Episodes) -> None:
        """Nothing: `receive` does the work."""

    def receive(self, episodes: Episodes) -> dict[int, RoundReport]:
        """Do what is to be done now; the report of each slot."""
        return self._runners({slot: commands[-1:] for slot, commands in episodes.items()})

    def close(self) -> None:
        """Free the worlds."""
        self._runners.close()


class _ProcessHost:
    """Plays episodes in a process, so that a crash of the renderer stays there."""

    def __init__(self, make: Callable[[], _Runners]) -> None:
        self._make = make
        self._start()

    def _start(self) -> None:
        self._process = SupervisedProcess(self._make, ROUND_TIMEOUT_S)
        self._held: set[int] = set()  # slots whose episode so far is in the process

    def send(self, episodes: Episodes) -> None:
        """Begin what is to be done now; episodes that were lost with a process are replayed first."""
        self._process.send({slot: past[-1:] if slot in self._held else past for slot, past in episodes.items()})
        self._held |= episodes.keys()

    def receive(self, episodes: Episodes) -> dict[int, RoundReport]:
        """Wait for the report of each slot; leaves a process that does not know of episodes that it gave up."""
        for crash in range(1, CRASHES + 1):
            try:
                return self._process.receive()
            except ProcessDied:
                self._process.close()
                self._start()
                if crash < CRASHES:
                    self.send(episodes)
        return dict.fromkeys(episodes, RoundReport(None, done=True, fault="the simulator died"))

    def close(self) -> None:
        """Free the worlds and end the process."""
        self._process.send({slot: [("close", ())] for slot in self._held})
        self._process.close(_CLOSING_S)
