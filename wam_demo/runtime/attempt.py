"""One attempt at a task from one seed: a loop with its log, its imagination and an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wam_demo.errors import InvalidInputError
from wam_demo.policies.receding import ChunkPlayer, PlayedStep
from wam_demo.robots.source import (
    Calibrated,
    Disturbable,
    Forkable,
    Guarded,
    Instructable,
    Judged,
    Source,
    Suggestion,
    Watchable,
)
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
from wam_demo.types import (
    CHUNK_STEPS,
    CONTROL_HZ,
    OPENING_INDEX,
    CameraPose,
    Event,
    Image,
    Observation,
    Prediction,
    StepRecord,
)


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
        InvalidInputError: A disturbance of the reset cannot be applied, or a log is to be played where time is real.
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
        if replay is not None and source.clock == "real":
            raise InvalidInputError("a log is replayed in a simulator, not on an arm")
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
        self._player = ChunkPlayer(planner.submit)
        if self.replay is None and person is not None:
            poses = source.camera_poses if isinstance(source, Calibrated) else dict
            self.takeover = TakeoverAgent(self._player, person, poses)
        self.resistance = Resistance()
        listening = [self.recorder, self.monitor, self.resistance, *subscribers]
        self.loop = Loop(source, self.replay or self.takeover or self._player, listening)
        self._first: Prediction | None = None
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
    def unscored(self) -> str:
        """Why what the words ask for cannot be judged; empty when it can."""
        return self.source.unscored if isinstance(self.source, Judged) else ""

    @property
    def suggestions(self) -> Sequence[Suggestion]:
        """What can be asked for."""
        return self.source.suggestions if isinstance(self.source, Instructable) else ()

    @property
    def played(self) -> PlayedStep | None:
        """What the arm does at this step; before it moves, what it is going to do."""
        if self.loop.played is not None or self._first is None:
            return self.loop.played
        return PlayedStep(self._first.chunk.actions[0], self._first, 0, 0)

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
        step = None if self.played is None else self.played.prediction_step
        return {} if step is None else self._pictures.get(step, {})

    def picture(self) -> Image:
        """(H, W, 3) view of ``front`` now, (256, 256, 3) where the source can be looked at."""
        return self.source.picture() if isinstance(self.source, Watchable) else self.loop.observation.images["front"]

    def camera_pose(self) -> CameraPose | None:
        """Where ``front`` stands now; ``None`` where nobody calibrated it."""
        return self.source.camera_poses().get("front") if isinstance(self.source, Calibrated) else None

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb the source between two control steps; it is logged and can be undone in a twin."""
        fork = self.fork
        if isinstance(self.source, Forkable):
            fork = forked(fork, Event(self.step, kind, dict(parameters)), self.source)
        event = self.loop.disturb(kind, parameters)
        self.fork = fork
        self._prepare_anew()
        return event

    def instruct(self, text: str) -> None:
        """Begin with a visitor's words; in a twin they are said to both."""
        self.loop.disturb("language", instruction_event(self.source, text))

    def prepare(self) -> bool:
        """Ask for the first plan and for what it leads to, before anything moves; returns whether both are there."""
        moved = self.step or self.loop.halfway or self.outcome is not None
        driven = self.replay is not None or (self.takeover is not None and self.takeover.state.person)
        if moved or driven or self.source.clock == "real":
            return True
        observation = self.source.observe()
        plan = self._player.prepare(0, observation)
        if not plan.done():
            return False
        if plan.cancelled() or plan.exception() is not None:
            return True  # the step says why
        if self._first is None:
            self._first = plan.result()
            self._keep_pictures(observation, self._front())
        return self.monitor.prepare(observation, self._first)

    def _prepare_anew(self) -> None:
        """What was planned for the scene as it was is not what begins."""
        if not self.step and self._first is not None:
            self._first = None
            self._player.close()
            self.monitor.on_reset(self.loop.observation)

    def collect(self) -> bool:
        """Take in answers while nothing moves; returns whether there is something new to show."""
        before = (self._first, self.monitor.latest, self.monitor.fault)
        self.prepare()
        self.monitor.collect()
        return before != (self._first, self.monitor.latest, self.monitor.fault)

    def _front(self) -> Mapping[str, Image]:
        """``front`` as people see it now, where the source can be looked at."""
        return {"front": self.source.picture()} if isinstance(self.source, Watchable) else {}

    def _keep_pictures(self, observation: Observation, front: Mapping[str, Image]) -> None:
        """Keep the pictures of this step, for the attention that is paid to them."""
        self._pictures[self.step] = {**observation.images, **front}
        self._pictures.pop(self.step - 2 * CHUNK_STEPS, None)

    def begin(self, parts: int = 2) -> None:
        """First of the parts of a control step: observe, plan, imagine, start to move; or the end of a log."""
        if self.replay is not None and not self.replay.disturb(self.step, self.disturb):
            self._end_of_log(self.replay)
            return
        front = self._front()
        self.loop.begin(parts)
        self._keep_pictures(self.loop.observation, front)

    def resume(self) -> None:
        """Let a guarded source move again from where it stands, with a new plan; others never halt by themselves.

        Raises:
            SourceFault: It does not.
        """
        if isinstance(self.source, Guarded):
            self.loop.halfway = False  # a step that its gate broke off
            self.source.resume()
            (self.takeover or self._player).replan(float(self.loop.observation.state[OPENING_INDEX]))

    def finish(self) -> StepRecord:
        """The rest of a control step: move on, count success, decide whether the attempt has ended."""
        record = self.loop.finish()
        self.horizon += record.person_weight == 1  # a person takes the time they need
        fault = self.source.fault if isinstance(self.source, Judged) else None
        self.goal_distance = record.goal_distance
        self.outcome = judge(self.step, self.horizon, record.success, fault, self.unscored)
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


def instruction_event(source: Source, text: str) -> Mapping[str, Any]:
    """Parameters of the ``language`` event that says a person's words, with what they ask for where that is known."""
    return source.understand(text) if isinstance(source, Instructable) else {"text": text}


def judge(step: int, horizon: int, success: bool, fault: str | None, unscored: str = "") -> Outcome | None:
    """How an attempt ends after ``step`` control steps, if it does; ``unscored`` says why nobody can tell success."""
    seconds = step / CONTROL_HZ
    if fault is not None:
        return Outcome("sim_fault", fault)
    if success:
        return Outcome("success", f"after {seconds:.1f} s")
    if step >= horizon and unscored:
        return Outcome("unscored", unscored)
    if step >= horizon:
        return Outcome("timeout", f"not done after {seconds:.0f} s")
    return None
