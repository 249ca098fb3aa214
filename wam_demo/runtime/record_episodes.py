"""Records episodes without a page: a source, an agent, and perhaps somebody who takes over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from wam_demo.errors import DataError, SourceFault
from wam_demo.policies.receding import ChunkPlayer
from wam_demo.robots.source import Calibrated, Judged, Source
from wam_demo.runtime.agents import LockstepAgent
from wam_demo.runtime.attempt import judge
from wam_demo.runtime.loop import Loop
from wam_demo.runtime.person import Person
from wam_demo.runtime.recorder import Recorder, Verdict
from wam_demo.runtime.scripted_person import ScriptedPerson
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.runtime.takeover import TakeoverAgent
from wam_demo.types import Event, Observation, Prediction, Vector

SeededSubmit = Callable[[Observation, int], "Future[Prediction]"]


@dataclass(frozen=True)
class Scene:
    """What one episode begins with.

    Attributes:
        seed: Of the reset, and of the policy's noise.
        events: Disturbances, each at its control step.
    """

    seed: int
    events: Sequence[Event] = ()


@dataclass(frozen=True)
class RecordedEpisode:
    """How one went: ``outcome`` as `Verdict` has it."""

    seed: int
    frames: int
    interventions: int
    success: bool
    outcome: str


def record_episodes(
    source: Source,
    submit: SeededSubmit,
    recorder: Recorder,
    scenes: Iterable[Scene],
    *,
    task: str,
    horizon: int,
    policy: str,
    source_name: str,
    intervene: Callable[[], Vector] | None = None,
    finished: Callable[[], bool] = lambda: False,
    ask: Callable[[Verdict], Verdict] = lambda verdict: verdict,
    done: Callable[[RecordedEpisode], None] = lambda episode: None,
) -> None:
    """Record one episode a scene; plans are awaited, so the same scenes give the same episodes.

    Where time runs by itself nothing is awaited, and an arm that stops by itself ends its episode.

    Args:
        source: Is reset for each.
        submit: Asks for a plan with a seed of the noise.
        recorder: Writes.
        scenes: What they begin with.
        task: Task name.
        horizon: Control steps after which an episode has failed.
        policy: Whose plans ``submit`` gives.
        source_name: What people call the source.
        intervene: (7,) action of a scripted person, who takes over when the policy gets nowhere.
        finished: Asked before each control step; whether the source has come to its end.
        ask: Asked how an episode went, with what is known.
        done: Told of every episode.

    Raises:
        DataError: An action that was applied is not known, as in a recording without actions.
    """
    poses = source.camera_poses if isinstance(source, Calibrated) else dict
    for scene in scenes:
        person = Person(lambda: 0.0)
        agent = TakeoverAgent(_player(source, submit, scene.seed), person, poses)
        listeners: list[Subscriber] = [recorder]
        if intervene is not None:
            listeners.append(ScriptedPerson(person, agent, intervene))
        loop = Loop(source, agent, listeners)
        loop.reset(scene.seed, scene.events)
        recorder.begin(task, scene.seed, source_name, policy)
        try:
            verdict = ask(_play(loop, horizon, finished))
        except SourceFault:
            recorder.end(Verdict())
            raise
        finally:
            loop.close()
        frames = recorder.frames
        recorder.end(verdict)
        done(RecordedEpisode(scene.seed, frames, agent.state.takeovers, verdict.success, verdict.outcome))


def _player(source: Source, submit: SeededSubmit, seed: int) -> LockstepAgent | ChunkPlayer:
    return LockstepAgent(submit, seed) if source.clock == "simulated" else ChunkPlayer(lambda seen: submit(seen, seed))


def _play(loop: Loop, horizon: int, finished: Callable[[], bool]) -> Verdict:
    """To the end of the source, or until it is judged."""
    judged = loop.source if isinstance(loop.source, Judged) else None
    while not finished():
        record = loop.advance()
        if not np.isfinite(record.action).all():
            raise DataError("the source does not know what was done: its actions cannot be recorded")
        outcome = judge(loop.step, horizon, record.success, judged.fault if judged else None)
        if outcome is not None:
            return Verdict(outcome.name == "success", "judge" if judged else "", outcome.name)
    return Verdict()
