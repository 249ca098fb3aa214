"""One attempt at a task from one seed: plan, act, imagine, compare; a control step in two halves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wam_demo.diagnose.foresight import Foresight
from wam_demo.policies.receding import ChunkPlayer, PlayedStep
from wam_demo.runtime.contracts import Outcome, Planner
from wam_demo.runtime.fork import Fork, forked
from wam_demo.runtime.log import AttemptRecorder
from wam_demo.runtime.replay import HALVES, Tape
from wam_demo.types import CHUNK_STEPS, CONTROL_HZ, Event, Image, Observation, StepRecord, Vector

if TYPE_CHECKING:
    from wam_demo.sim.world import World


class Attempt:
    """One attempt, stepped in the world's thread.

    Args:
        world: Is reset here.
        planner: Where plans and imaginations come from.
        seed: Seed of the reset.
        horizon: Control steps after which the attempt has failed.
        perturbations: Applied at the reset.
        tape: A log that is played in place of the planner's plans; it brings its own disturbances.
    """

    def __init__(
        self,
        world: World,
        planner: Planner,
        seed: int,
        horizon: int,
        perturbations: Sequence[Event] = (),
        tape: Tape | None = None,
    ) -> None:
        self.world = world
        self.horizon = horizon
        self.tape = tape
        self.observation: Observation = world.reset(seed, perturbations)
        self.recorder = AttemptRecorder(world, perturbations, horizon)
        self.foresight = Foresight(planner.imagine)
        self.played: PlayedStep | None = None
        self.outcome: Outcome | None = None
        self.half = 0
        self.fork: Fork | None = None
        """Where the newest disturbance can be undone; ``None`` before the first."""
        self._player = tape or ChunkPlayer(planner.submit)
        self._applied: Vector | None = None
        self._pictures: dict[int, Mapping[str, Image]] = {}
        self._reported = 0

    @property
    def step(self) -> int:
        """Control steps done."""
        return self.world.step_count - self.half

    @property
    def wait_steps(self) -> int:
        """Control steps that the newest plan has been waited for, or took."""
        return self._player.wait_steps

    @property
    def names(self) -> Mapping[str, str]:
        """What people call the bodies that the task speaks of: colour and noun."""
        colours, nouns = self.world.assignment.colours, self.world.assignment.nouns
        return {body: f"{colours[body]} {noun}" if body in colours else noun for body, noun in nouns.items()}

    @property
    def attended(self) -> Mapping[str, Image]:
        """Pictures by camera at the step that the present prediction answers."""
        step = None if self.played is None else self.played.prediction_step
        return {} if step is None else self._pictures.get(step, {})

    def disturb(self, kind: str, parameters: Mapping[str, Any]) -> Event:
        """Disturb the world between two control steps; it is logged and can be undone in a twin."""
        assert self.half == 0, "a disturbance falls between control steps"
        fork = forked(self.fork, kind, parameters, self.world)
        event = self.world.apply_event(kind, parameters)
        self.fork = fork
        self.recorder.event(parameters, event)
        return event

    def prepare(self) -> bool:
        """Before a control step: what the tape disturbs now; returns whether it did."""
        return self.tape is not None and self.tape.disturb(self.step, self.disturb)

    def begin(self, frame: Image) -> None:
        """First half of a control step: observe, plan, imagine, start to move.

        Args:
            frame: (256, 256, 3) picture of ``front`` at this moment; the policy sees the same, smaller,
                and attention is shown on it.
        """
        step, world = self.world.step_count, self.world
        self.observation = world.observe({"front": frame})
        self._pictures[step] = {**self.observation.images, "front": frame}
        self._pictures.pop(step - 2 * CHUNK_STEPS, None)
        self.foresight.observe(step, self.observation)
        self.played = self._player.act(step, self.observation)
        self.recorder.step(self.played)
        if self.tape is not None:
            self.tape.check(step, world)
        self._applied = world.begin(self.played.action)
        world.advance(HALVES[0])
        self.half = 1

    def finish(self) -> StepRecord:
        """Second half: move on, count success, decide whether the attempt has ended."""
        assert self._applied is not None, "begin comes first"
        assert self.played is not None
        self.world.advance(HALVES[1])
        result = self.world.finish(self._applied)
        self.half = 0
        events = self.world.events[self._reported :]
        self._reported += len(events)
        ended = self.tape is not None and self.tape.finish(self.step, self.disturb, self.world)
        self.outcome = judge(self.step, self.horizon, result.success, result.fault)
        if ended and self.outcome is None:
            self.outcome = Outcome("replayed", "the log ends here")
        return StepRecord(
            step=self.step - 1,
            observation=self.observation,
            action=result.applied,
            prediction=self.played.prediction,
            prediction_step=self.played.prediction_step,
            events=events,
            success=result.success,
            fault=result.fault or self.played.fault,
        )

    def close(self) -> None:
        """Withdraw what was asked of the policy."""
        self._player.close()
        self.foresight.close()


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
