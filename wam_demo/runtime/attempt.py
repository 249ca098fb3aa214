"""One attempt at a task from one seed: a loop with its log, its imagination and an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wam_demo.policies.receding import ChunkPlayer
from wam_demo.robots.source import Calibrated, Disturbable, Forkable, Judged, Source, Watchable
from wam_demo.runtime.contracts import Outcome, Planner
from wam_demo.runtime.fork import Fork, forked
from wam_demo.runtime.log import AttemptLog, LogRecorder
from wam_demo.runtime.loop import Loop
from wam_demo.runtime.monitor import PredictionMonitor
from wam_demo.runtime.person import Person
from wam_demo.runtime.replay import ReplayAgent
from wam_demo.runtime.resistance import Resistance
from wam_demo.runtime.subscriber import Subscriber
from wam_demo.runtime.takeover import TakeoverAgent
from wam_demo.types import CHUNK_STEPS, CONTROL_HZ, CameraPose, Event, Image, StepRecord


class Attempt:
    """One attempt, stepped in the source's thread.

    Args:
        source: Is reset here.
        planner: Where plans and imaginations come from.
        task: Task name.
        seed: Seed of the reset.
        horizon: Control steps after which the attempt has failed.
        perturbations: Disturbances that it is reset with.
        replay: A log that is played in place of the planner's plans, which are only shown; it brings its own
            disturbances.
        subscribers: Told of the reset and of every step.
        person: May take the arm from the policy; nobody can when ``None``.

    Raises:
        InvalidInputError: A disturbance of the reset cannot be applied.
    """

    def __init__(
        self,
        source: Source,
        planner: Planner,
        task: str,
        seed: int,
        horizon: int,
        perturbations: Sequence[Event] = (),
        replay: AttemptLog | None = None,
        subscribers: Sequence[Subscriber] = (),
        person: Person | None = None,
    ) -> None:
        self.source = source
        self.seed = seed
        self.horizon = horizon
        self.replay = None if replay is None else ReplayAgent(replay, source, planner.submit)
        self.recorder = LogRecorder(source, task, seed, horizon, perturbations)
        self.monitor = PredictionMonitor(planner.imagine)
        self.outcome: Outcome | None = None
        self.goal_distance: float | None = None
        self.fork: Fork | None = None
        """Where the newest disturbance can be undone; ``None`` before the first."""
        self.takeover: TakeoverAgent | None = None
        player = ChunkPlayer(planner.submit)
        if self.replay is None and person is not None:
            poses = source.camera_poses if isinstance(source, Calibrated) else dict
            self.takeover = TakeoverAgent(player, person, poses)
        self.resistance = Resistance()
        listening = [self.recorder, self.monitor, self.resistance, *subscribers]
        self.loop = Loop(source, self.replay or self.takeover or player, listening)
        self._pictures: dict[int, Mapping[str, Image]] = {}
        if self.replay is None:
            self.loop.reset(seed, perturbations)
        else:
            with self.replay.at_reset():
                self.loop.reset(seed, self.replay.perturbations)

    @property
    def step(self) -> int:
        """Control steps done."""
        return self.loop.step

    @property
    def instruction(self) -> str:
        """Words that a policy sees."""
        return self.source.instruction if isinstance(self.source, Disturbable) else self.loop.observation.instruction

    @property
    def names(self) -> Mapping[str, str]:
        """What people call the bodies that the task speaks of."""
        return self.source.names if isinstance(self.source, Disturbable) else {}

    @property
    def events(self) -> Sequence[Event]:
        """What has disturbed it."""
        return self.source.events if isinstance(self.source, Disturbable) else ()

    @property
    def attended(self) -> Mapping[str, Image]:
        """Pictures by camera at the step that the present prediction answers; ``front`` as people see it."""
        step = None if self.loop.played is None else self.loop.played.prediction_step
        return {} if step is None else self._pictures.get(step, {})

    def picture(self) -> Image:
        """(H, W, 3) view of ``front`` now, (256, 256, 3) where the source can be looked at."""
        return self.source.picture() if isinstance(self.source, Watchable) else self.loop.observation.images["front"]

    def camera_pose(self) -> CameraPose | None:
        """Where ``front`` stands now; ``None`` where nobody calibrated it."""
        return self.source.camera_poses()["front"] if isinstance(self.source, Calibrated) else None

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb the source between two control steps; it is logged and can be undone in a twin."""
        fork = self.fork
        if isinstance(self.source, Forkable):
            fork = forked(fork, Event(self.step, kind, dict(parameters)), self.source)
        event = self.loop.disturb(kind, parameters)
        self.fork = fork
        return event

    def begin(self) -> None:
        """First half of a control step: observe, plan, imagine, start to move; or the end of a log."""
        if self.replay is not None and not self.replay.disturb(self.step, self.disturb):
            self._end_of_log(self.replay)
            return
        front = self.source.picture() if isinstance(self.source, Watchable) else None
        self.loop.begin()
        images = self.loop.observation.images
        self._pictures[self.step] = images if front is None else {**images, "front": front}
        self._pictures.pop(self.step - 2 * CHUNK_STEPS, None)

    def finish(self) -> StepRecord:
        """Second half: move on, count success, decide whether the attempt has ended."""
        record = self.loop.finish()
        self.horizon += record.person_weight == 1  # a person takes the time they need
        fault = self.source.fault if isinstance(self.source, Judged) else None
        self.goal_distance = record.goal_distance
        self.outcome = judge(self.step, self.horizon, record.success, fault)
        if self.replay is not None and self.replay.is_over(self.step):
            self.replay.disturb(self.step, self.disturb)
            self._end_of_log(self.replay)
        return record

    def _end_of_log(self, replay: ReplayAgent) -> None:
        detail = "the log ends here" if replay.failed is None else "the log could not be applied"
        self.outcome = self.outcome or Outcome("replayed", detail)

    def close(self) -> None:
        """Withdraw what was asked of the policy."""
        self.loop.close()


def judge(step: int, horizon: int, success: bool, fault: str | None) -> Outcome | None:
    """How an attempt ends after ``step`` control steps, if it does."""
    seconds = step / CONTROL_HZ
    if fault is not None:
        return Outcome("sim_fault", fault)
    if success:
        return Outcome("success", f"after {seconds:.1f} s")
    if step >= horizon:
        return Outcome("timeout", f"not done after {seconds:.0f} s")
    return None
